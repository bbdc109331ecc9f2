/// A reading of a monotonic clock, in nanoseconds since an origin that only its own ``TimeSource`` knows.
///
/// Ticks of different sources must not be compared.
public struct Tick: Hashable, Comparable, Sendable {
    /// Nanoseconds since the origin of the source.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The tick that lies `duration` later; saturates at the largest tick.
    public func advanced(by duration: Duration) -> Tick {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Tick(nanoseconds: sum) }
        return duration < .zero ? .distantPast : .distantFuture
    }

    public static let distantPast = Tick(nanoseconds: .min)
    public static let distantFuture = Tick(nanoseconds: .max)

    public static func < (left: Tick, right: Tick) -> Bool { left.nanoseconds < right.nanoseconds }
    public static func + (tick: Tick, duration: Duration) -> Tick { tick.advanced(by: duration) }
    public static func - (left: Tick, right: Tick) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        guard overflow else { return .nanoseconds(difference) }
        return .nanoseconds(left < right ? Int64.min : Int64.max)
    }
}

/// Where elapsed time, sleeping and alarms come from. Every component takes one; nothing reads a clock of its own.
///
/// In production it is ``system``; tests wrap a `TestClock`, the simulator its virtual clock.
public struct TimeSource: Sendable {
    private let read: @Sendable () -> Tick
    private let wait: @Sendable (Tick) async throws -> Void
    private let alarms: any AlarmClock

    /// - Parameters:
    ///   - now: reads the clock; must never go backwards.
    ///   - sleepUntil: returns at or after the tick, or throws `CancellationError` when the task is cancelled.
    ///   - alarms: rings alarms by the same clock. Default: one task that sleeps with `sleepUntil` for all alarms.
    public init(
        now: @escaping @Sendable () -> Tick, sleepUntil: @escaping @Sendable (Tick) async throws -> Void,
        alarms: (any AlarmClock)? = nil
    ) {
        self.read = now
        self.wait = sleepUntil
        self.alarms = alarms ?? AlarmService(now: now, sleepUntil: sleepUntil)
    }

    /// Wraps a clock; its reading at this moment is the origin of the ticks.
    public init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let origin = clock.now
        self.init(
            now: { Tick(nanoseconds: origin.duration(to: clock.now).nanoseconds) },
            sleepUntil: {
                try await clock.sleep(until: origin.advanced(by: .nanoseconds($0.nanoseconds)), tolerance: nil)
            })
    }

    /// The operating system's monotonic clock, which also counts while the machine sleeps.
    public static let system = TimeSource.operatingSystem

    public var now: Tick { self.read() }

    /// Suspends until the tick has come.
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public func sleep(until tick: Tick) async throws { try await self.wait(tick) }

    /// Suspends for at least `duration`.
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public func sleep(for duration: Duration) async throws { try await self.wait(self.now + duration) }

    /// Rings `alarm` at or after `tick`; at once, perhaps before this returns, when that has passed.
    public func set(_ alarm: any Alarm, at tick: Tick) -> AlarmID { self.alarms.set(alarm, at: tick) }

    /// Forgets the alarm, if it has not rung.
    public func clear(_ alarm: AlarmID) { self.alarms.clear(alarm) }
}

extension Duration {
    /// This duration in whole nanoseconds, saturated at what 64 bits hold (about 292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !carried else { return seconds < 0 ? .min : .max }
        return sum
    }

    /// This duration in whole milliseconds, rounded down.
    public var milliseconds: Int64 { self.nanoseconds.floorDivided(by: 1_000_000) }

    /// This duration in seconds, as a fraction.
    public var fractionalSeconds: Double { Double(self.nanoseconds) / 1e9 }
}
