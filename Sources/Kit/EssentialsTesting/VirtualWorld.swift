package import Essentials
import Synchronization

/// Runs tasks one at a time in an order that follows from the program alone, under a clock that jumps from one sleeper to
/// the next. The same seed gives the same run, to the nanosecond.
///
/// Tasks are opened with `spawn` and stay on this executor with all their children. Nothing else may resume them.
package final class VirtualWorld: TaskExecutor {
    fileprivate struct Sleeper {
        var until: Tick
        var id: UInt64
    }

    private enum Waker {
        case sleeper(CheckedContinuation<Void, any Error>)
        case alarm(any Alarm)
    }

    private struct State {
        var now = Tick(nanoseconds: 0)
        var ready: [UnownedJob] = []
        var next = 0
        var lastID: UInt64 = 0
        /// A binary heap by time, then id. Who was cancelled is still in it, but not in `waiting`.
        var heap: [Sleeper] = []
        var waiting: [UInt64: Waker] = [:]
        var cancelled: Set<UInt64> = []

        mutating func popReady() -> UnownedJob? {
            guard self.next < self.ready.count else {
                self.ready.removeAll(keepingCapacity: true)
                self.next = 0
                return nil
            }
            defer { self.next += 1 }
            return self.ready[self.next]
        }
    }

    private let state = Mutex(State())

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.state.withLock { $0.ready.append(job) }
    }

    package var now: Tick { self.state.withLock(\.now) }

    /// The time of this world.
    package var time: TimeSource {
        TimeSource(now: { self.now }, sleepUntil: { try await self.sleep(until: $0) }, alarms: self)
    }

    /// Opens a task in this world.
    package func spawn(_ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: self) { await body() }
    }

    /// Runs until nobody is ready and the next sleeper lies beyond `end`.
    package func run(until end: Tick) {
        while true {
            while let job = self.state.withLock({ $0.popReady() }) {
                job.runSynchronously(on: self.asUnownedTaskExecutor())
            }
            guard let sleeper = self.state.withLock({ self.wake(&$0, before: end) }) else { return }
            switch sleeper {
            case .sleeper(let continuation): continuation.resume()
            case .alarm(let alarm): alarm.ring()
            }
        }
    }

    private func wake(_ state: inout State, before end: Tick) -> Waker? {
        while let first = state.heap.first, first.until <= end {
            state.heap.popFirst()
            guard let waker = state.waiting.removeValue(forKey: first.id) else { continue }
            state.now = max(state.now, first.until)
            return waker
        }
        return nil
    }

    private func sleep(until tick: Tick) async throws {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        defer { self.state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = self.state.withLock { state in
                    if state.cancelled.contains(id) { return true }
                    state.heap.push(Sleeper(until: max(tick, state.now), id: id))
                    state.waiting[id] = .sleeper(continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let continuation = self.state.withLock { state in
                state.cancelled.insert(id)
                return state.waiting.removeValue(forKey: id)
            }
            if case .sleeper(let continuation) = continuation { continuation.resume(throwing: CancellationError()) }
        }
    }
}

extension VirtualWorld: AlarmClock {
    package func set(_ alarm: any Alarm, at tick: Tick) -> AlarmID {
        self.state.withLock { state in
            state.lastID += 1
            state.heap.push(Sleeper(until: max(tick, state.now), id: state.lastID))
            state.waiting[state.lastID] = .alarm(alarm)
            return AlarmID(rawValue: state.lastID)
        }
    }

    package func clear(_ id: AlarmID) {
        // The alarm's last reference goes here, outside the lock.
        _ = self.state.withLock { $0.waiting.removeValue(forKey: id.rawValue) }
    }
}

extension [VirtualWorld.Sleeper] {
    fileprivate func isBefore(_ left: Int, _ right: Int) -> Bool {
        (self[left].until, self[left].id) < (self[right].until, self[right].id)
    }

    fileprivate mutating func push(_ sleeper: VirtualWorld.Sleeper) {
        self.append(sleeper)
        var child = self.count - 1
        while child > 0, self.isBefore(child, (child - 1) / 2) {
            self.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    fileprivate mutating func popFirst() {
        self.swapAt(0, self.count - 1)
        self.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.count && self.isBefore(child, least) {
                least = child
            }
            guard least != parent else { return }
            self.swapAt(parent, least)
            parent = least
        }
    }
}
