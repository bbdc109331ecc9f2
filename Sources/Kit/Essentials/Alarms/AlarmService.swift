import Synchronization

/// Rings the alarms of one ``TimeSource``, with one sleeping task for all of them.
///
/// The task exists while alarms are set, and a little longer: clearing the last alarm does not wake it, it ends when
/// the tick that it sleeps for has come. So a call that is over before its limit costs two short visits to a heap.
final class AlarmService: AlarmClock {
    private struct State {
        var queue = AlarmQueue()
        /// What the sleeper waits for; nil when there is none.
        var sleepsUntil: Tick?
        /// Counts the sleepers, so that one that has been replaced knows it.
        var sleeperNumber: UInt64 = 0
        var sleeper: Task<Void, Never>?
    }

    private let now: @Sendable () -> Tick
    private let sleepUntil: @Sendable (Tick) async throws -> Void
    private let state = Mutex(State())

    init(now: @escaping @Sendable () -> Tick, sleepUntil: @escaping @Sendable (Tick) async throws -> Void) {
        self.now = now
        self.sleepUntil = sleepUntil
    }

    func set(_ alarm: any Alarm, at tick: Tick) -> AlarmID {
        let (id, sleeper) = self.state.withLock { state -> (AlarmID, UInt64?) in
            let id = state.queue.insert(alarm, at: tick)
            if let current = state.sleepsUntil, current <= tick { return (id, nil) }
            state.sleepsUntil = tick
            state.sleeperNumber += 1
            return (id, state.sleeperNumber)
        }
        if let sleeper { self.startSleeper(sleeper) }
        return id
    }

    func clear(_ id: AlarmID) {
        // The alarm's last reference may go here: outside the lock.
        _ = self.state.withLock { $0.queue.remove(id) }
    }

    /// In a task of its own, which belongs to no caller: it serves all of them, and takes nothing from the one who
    /// happens to come first but the executor, so that a simulated process keeps its alarms on the simulated executor.
    private func startSleeper(_ number: UInt64) {
        let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
        let task = Task.immediateDetached(executorPreference: executor) { await self.sleep(number) }
        let replaced = self.state.withLock { state -> Task<Void, Never>? in
            guard state.sleeperNumber == number, state.sleepsUntil != nil else { return task }
            defer { state.sleeper = task }
            return state.sleeper
        }
        replaced?.cancel()
    }

    private func sleep(_ number: UInt64) async {
        while let until = self.state.withLock({ $0.sleeperNumber == number ? $0.sleepsUntil : nil }) {
            do {
                try await self.sleepUntil(until)
            } catch {
                // Cancelled, because another sleeper with an earlier tick is in its place.
                return
            }
            for alarm in self.takeDue(number) { alarm.ring() }
        }
    }

    private func takeDue(_ number: UInt64) -> [any Alarm] {
        let now = self.now()
        return self.state.withLock { state in
            guard state.sleeperNumber == number else { return [] }
            let due = state.queue.takeDue(at: now)
            state.sleepsUntil = state.queue.earliest
            if state.sleepsUntil == nil { state.sleeper = nil }
            return due
        }
    }
}
