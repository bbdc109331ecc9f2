public import Essentials
import Synchronization

/// One life of a node, and everything that a service in it may touch. Dead for good after a crash: none of its jobs, timers
/// or answers ever comes back.
public final class SimulatedProcess: Sendable {
    /// The name of its node.
    public let nodeName: String
    /// 1 for the node's first life.
    public let number: Int
    /// Elapsed time. Its ticks have an origin of their own in each life, as on a real machine, and the node's drift.
    public let time: TimeSource
    /// The date as this node sees it.
    public let wallClock: WallClock
    /// Identifiers from the node's date and this life's own chance.
    public let ids: IDSource
    /// A stream of this life alone.
    public let chance: Chance
    let incarnation: Incarnation
    private let clock: NodeClock
    private let birth: Int64
    private let origin: Int64
    /// What is to happen when the process ends, in the order in which it was asked for.
    private let endings = Mutex<[UInt64: @Sendable (Crash) -> Void]>([:])

    init(nodeName: String, number: Int, incarnation: Incarnation, clock: NodeClock, birth: Int64, origin: Int64) {
        let scheduler = incarnation.scheduler
        self.nodeName = nodeName
        self.number = number
        self.incarnation = incarnation
        self.clock = clock
        self.birth = birth
        self.origin = origin
        self.time = TimeSource(
            now: { Tick(nanoseconds: origin + clock.counted(scheduler.now - birth)) },
            sleepUntil: { tick in
                let due = Self.trueTime(of: tick, clock: clock, birth: birth, origin: origin)
                try await scheduler.sleep(until: due, of: incarnation)
            })
        self.wallClock = WallClock { clock.date(at: scheduler.now) }
        self.chance = Chance(seed: StreamSeed.named("process/\(nodeName)/\(number)", seed: scheduler.seed))
        self.ids = IDSource(
            wallClock: self.wallClock,
            chance: Chance(seed: StreamSeed.named("ids/\(nodeName)/\(number)", seed: scheduler.seed)))
    }

    /// `NODE/NUMBER`.
    public var label: String { self.incarnation.label }

    /// Whether the process has neither crashed nor ended.
    public var isAlive: Bool { self.incarnation.isAlive }

    /// For `withTaskExecutorPreference`; everything that starts in the process is on it already.
    public var taskExecutor: any TaskExecutor { self.incarnation }

    /// For an actor's `unownedExecutor`.
    public func serialExecutor() -> any SerialExecutor { IncarnationSerialExecutor(self.incarnation) }

    /// A stream of this life that follows from the run's seed, the node, the life and this name.
    public func chance(_ name: String) -> Chance {
        Chance(seed: StreamSeed.named("process/\(self.nodeName)/\(self.number)/\(name)", seed: self.scheduler.seed))
    }

    /// Starts a task that belongs to the process itself. What it throws fails the run, except `CancellationError`.
    public func spawn(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.scheduler.spawn(name, on: self.incarnation) {
            await self.runToEnd(name, failing: true, body)
        }
    }

    /// Suspends as long as the process lives: the last line of a program that only answers.
    public func idle() async throws { try await self.time.sleep(until: .distantFuture) }

    /// Runs jobs that would block a thread one after another, each as a step of its own: a crash can come before and after.
    /// - Parameters:
    ///   - latency: how long each waits for its turn, at least.
    ///   - busy: asked after each job how much longer the next has to wait: what a disk says that its work took.
    public func blockingExecutor(
        _ name: String, latency: Latency = .none, busy: @escaping @Sendable () -> Duration = { .zero },
    ) -> any BlockingExecutor {
        SimulatedBlockingExecutor(self, name: name, latency: latency, busy: busy)
    }

    /// Runs `body` when the process ends, in the middle of the step that ends it, unless it is forgotten before.
    func whenEnded(_ body: @escaping @Sendable (Crash) -> Void) -> UInt64 {
        let ticket = self.scheduler.state.withLock { $0.takeID() }
        self.endings.withLock { $0[ticket] = body }
        return ticket
    }

    func forget(_ ticket: UInt64) { self.endings.withLock { $0[ticket] = nil } }

    func end(_ crash: Crash) {
        self.scheduler.bury(self.incarnation)
        let endings = self.endings.withLock { endings in
            defer { endings = [:] }
            return endings.sorted { $0.key < $1.key }.map(\.value)
        }
        for ending in endings { ending(crash) }
    }

    /// Runs `body`; an error, but for cancellation, fails the run if `failing`. Returns the error.
    @discardableResult
    func runToEnd(
        _ name: String, failing: Bool, _ body: @Sendable () async throws -> Void,
    ) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch is CancellationError {
            return nil
        } catch {
            if failing {
                self.scheduler.state.withLock { $0.fail(.error, "\(self.label): \(name) failed", "\(error)") }
            }
            return error
        }
    }

    var scheduler: Scheduler { self.incarnation.scheduler }

    /// When, in true time, this tick has come.
    func trueTime(of tick: Tick) -> Int64 {
        Self.trueTime(of: tick, clock: self.clock, birth: self.birth, origin: self.origin)
    }

    private static func trueTime(of tick: Tick, clock: NodeClock, birth: Int64, origin: Int64) -> Int64 {
        guard tick.nanoseconds > origin else { return birth }
        let (count, overflow) = tick.nanoseconds.subtractingReportingOverflow(origin)
        // A century from now is never.
        guard !overflow, count < 3_000_000_000_000_000_000 else { return .max }
        return birth + clock.span(counting: count)
    }
}
