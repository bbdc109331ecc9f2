/// The moment by which an answer is worth having. It travels with a request: as a task-local in a process, as a header
/// between processes.
public struct Deadline: Hashable, Comparable, Sendable {
    /// The tick, of the process's ``TimeSource``, at which waiting ends.
    public var tick: Tick

    public init(at tick: Tick) {
        self.tick = tick
    }

    /// The deadline of the request that this task works for, if it has one.
    @TaskLocal public static var current: Deadline?

    /// How long is left; zero when the deadline has passed.
    public func remaining(at now: Tick) -> Duration { max(.zero, self.tick - now) }

    public func hasPassed(at now: Tick) -> Bool { now >= self.tick }

    /// The earlier of the task's own deadline and `duration` from now.
    public static func within(_ duration: Duration, of now: Tick) -> Deadline {
        let own = Deadline(at: now + duration)
        guard let current else { return own }
        return min(current, own)
    }

    public static func < (left: Deadline, right: Deadline) -> Bool { left.tick < right.tick }
}
