public import Essentials
import Synchronization

/// A clock that stands still until a test moves it, and that knows who sleeps on it.
///
/// ```swift
/// let clock = TestClock()
/// async let outcome = retry(time: TimeSource(clock))
/// await clock.waitForSleepers()
/// clock.advance(by: .milliseconds(100))
/// ```
public final class TestClock: Clock {
    public struct Instant: InstantProtocol {
        public var offset: Duration

        public init(offset: Duration) {
            self.offset = offset
        }

        public func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        public func duration(to other: Instant) -> Duration { other.offset - self.offset }
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private enum Wake {
        case sleeper(CheckedContinuation<Void, any Error>)
        case alarm(any Alarm)

        func callAsDue() {
            switch self {
            case .sleeper(let continuation): continuation.resume()
            case .alarm(let alarm): alarm.ring()
            }
        }
    }

    private struct Sleeper {
        var id: UInt64
        var until: Instant
        var wake: Wake
    }

    private struct Watcher {
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var watchers: [Watcher] = []

        mutating func satisfiedWatchers() -> [CheckedContinuation<Void, Never>] {
            let reached = self.watchers.filter { $0.count <= self.sleepers.count }
            self.watchers.removeAll { $0.count <= self.sleepers.count }
            return reached.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    public init() {}

    public var now: Instant { self.state.withLock(\.now) }
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// How many tasks sleep on this clock, and how many alarms are set.
    public var sleeperCount: Int { self.state.withLock(\.sleepers.count) }

    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A cancellation that comes when the sleeper has been woken already leaves a note that nobody else would take.
        defer { self.state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { self.enter(id: id, until: deadline, $0) }
        } onCancel: {
            self.cancel(id: id)
        }
    }

    /// Moves time and wakes, in the order of their deadlines, the sleepers whose time has come.
    public func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.until <= state.now }
                .sorted { ($0.until, $0.id) < ($1.until, $1.id) }
            state.sleepers.removeAll { $0.until <= state.now }
            return due
        }
        for sleeper in due { sleeper.wake.callAsDue() }
    }

    /// Moves time to the next sleeper's deadline, if anyone sleeps. Returns how far it moved.
    @discardableResult
    public func advanceToNextSleeper() -> Duration {
        let step = self.state.withLock { state in
            state.sleepers.map(\.until).min().map { max(.zero, state.now.duration(to: $0)) }
        }
        guard let step else { return .zero }
        self.advance(by: step)
        return step
    }

    /// Returns when at least `count` tasks sleep, or alarms are set, on this clock.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let reached = self.state.withLock { state in
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return state.satisfiedWatchers()
            }
            for watcher in reached { watcher.resume() }
        }
    }

    private enum Entry {
        case sleeping(watchers: [CheckedContinuation<Void, Never>])
        case due
        case cancelled
    }

    private func enter(id: UInt64, until: Instant, _ continuation: CheckedContinuation<Void, any Error>) {
        let entry: Entry = self.state.withLock { state in
            if state.cancelled.remove(id) != nil { return .cancelled }
            if until <= state.now { return .due }
            state.sleepers.append(Sleeper(id: id, until: until, wake: .sleeper(continuation)))
            return .sleeping(watchers: state.satisfiedWatchers())
        }
        switch entry {
        case .sleeping(let watchers): for watcher in watchers { watcher.resume() }
        case .due: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
    }

    private func cancel(id: UInt64) {
        let sleeper: Sleeper? = self.state.withLock { state in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        if case .sleeper(let continuation) = sleeper?.wake { continuation.resume(throwing: CancellationError()) }
    }
}

extension TestClock: AlarmClock {
    /// Ticks count from the clock's own start, as in ``TimeSource/test(_:)``.
    public func set(_ alarm: any Alarm, at tick: Tick) -> AlarmID {
        let until = Instant(offset: .nanoseconds(tick.nanoseconds))
        let (id, isDue, watchers) = self.state.withLock { state in
            state.nextID += 1
            let isDue = until <= state.now
            if !isDue { state.sleepers.append(Sleeper(id: state.nextID, until: until, wake: .alarm(alarm))) }
            return (state.nextID, isDue, state.satisfiedWatchers())
        }
        for watcher in watchers { watcher.resume() }
        if isDue { alarm.ring() }
        return AlarmID(rawValue: id)
    }

    public func clear(_ id: AlarmID) {
        let cleared = self.state.withLock { state in
            state.sleepers.firstIndex { $0.id == id.rawValue }.map { state.sleepers.remove(at: $0) }
        }
        // The alarm's last reference goes here, outside the lock.
        _ = cleared
    }
}

extension TimeSource {
    /// The time of a test clock. All sources of one clock read the same ticks, counted from the clock's own start, so
    /// deadlines can pass from one to another.
    public static func test(_ clock: TestClock) -> TimeSource {
        TimeSource(
            now: { Tick(nanoseconds: clock.now.offset.nanoseconds) },
            sleepUntil: {
                try await clock.sleep(until: .init(offset: .nanoseconds($0.nanoseconds)), tolerance: nil)
            }, alarms: clock)
    }
}
