#if PostgreSQL
    import Essentials
    import EventSourcing
    import Synchronization

    /// A bounded number of connections, each lent for one transaction.
    final class ConnectionPool: Sendable {
        private struct State {
            var machine: PoolMachine
            var nextID: UInt64 = 0
            var waiters: [UInt64: Waiter] = [:]
            var isSaturated = false
            var refused = 0
        }

        /// Somebody who waits for a slot, and the alarm that ends the waiting.
        private final class Waiter: Alarm {
            let id: UInt64
            let pool: ConnectionPool
            let continuation: CheckedContinuation<Int, any Error>
            let alarm = Mutex<AlarmID?>(nil)

            init(_ id: UInt64, _ pool: ConnectionPool, _ continuation: CheckedContinuation<Int, any Error>) {
                self.id = id
                self.pool = pool
                self.continuation = continuation
            }

            func ring() { self.pool.waitedTooLong(self.id) }
        }

        private let name: String
        private let slots: [ConnectionSlot]
        private let configuration: PostgreSQLDatabase.Configuration
        private let time: TimeSource
        private let state: Mutex<State>

        init(
            _ name: String, size: Int, _ options: PostgreSQLConnection.Options,
            _ configuration: PostgreSQLDatabase.Configuration, time: TimeSource,
        ) {
            self.name = name
            self.configuration = configuration
            self.time = time
            self.slots = (0..<size).map { _ in
                ConnectionSlot(options, maximumAge: configuration.maximumAge, time: time)
            }
            let machine = PoolMachine(
                limit: size, maximumWaiting: configuration.maximumWaiting, idleTime: configuration.idleTime)
            self.state = Mutex(State(machine: machine))
        }

        /// Lends a connection to `body`, which runs on a thread of the pool.
        /// - Throws: ``EventStoreError`` `unavailable` when none came free in time or too many wait.
        func lend<Value: Sendable>(
            _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value,
        ) async throws -> Value {
            let slot = try await self.slot()
            defer { self.release(slot) }
            return try await self.slots[slot].run(body)
        }

        var statistics: PoolStatistics {
            let opened = self.slots.reduce(0) { $0 + $1.openedCount }
            return self.state.withLock { state in
                PoolStatistics(
                    limit: state.machine.limit, inUse: state.machine.inUse, waiting: state.machine.waiting.count,
                    opened: opened, refused: state.refused)
            }
        }

        private func slot() async throws -> Int {
            try await withCheckedThrowingContinuation { continuation in
                let (admission, id) = self.state.withLock { state in
                    state.nextID += 1
                    let id = state.nextID
                    let admission = state.machine.ask(id)
                    if case .wait = admission { state.waiters[id] = Waiter(id, self, continuation) }
                    if case .refuse = admission { state.refused += 1 }
                    return (admission, id)
                }
                switch admission {
                case .use(let slot): continuation.resume(returning: slot)
                case .wait: self.setAlarm(for: id)
                case .refuse:
                    continuation.resume(
                        throwing: EventStoreError(
                            .unavailable,
                            "\(self.configuration.maximumWaiting) wait for the \(self.name) connections already; try again"
                        ))
                }
                self.observeSaturation()
            }
        }

        private func setAlarm(for id: UInt64) {
            guard let waiter = self.state.withLock({ $0.waiters[id] }) else { return }
            let alarm = self.time.set(waiter, at: self.time.now + self.configuration.waitLimit)
            waiter.alarm.withLock { $0 = alarm }
            // It may have been served while the alarm was being set.
            if self.state.withLock({ $0.waiters[id] == nil }) { self.time.clear(alarm) }
        }

        private func waitedTooLong(_ id: UInt64) {
            let waiter = self.state.withLock { state -> Waiter? in
                guard state.machine.giveUp(id) else { return nil }
                state.refused += 1
                return state.waiters.removeValue(forKey: id)
            }
            waiter?.continuation.resume(
                throwing: EventStoreError(
                    .unavailable, "no \(self.name) connection came free within \(self.configuration.waitLimit)"))
        }

        private func release(_ slot: Int) {
            let now = self.time.now
            let (action, waiter) = self.state.withLock { state -> (PoolMachine.Release, Waiter?) in
                let action = state.machine.release(slot, at: now)
                guard case .handOver(_, let id) = action else { return (action, nil) }
                return (action, state.waiters.removeValue(forKey: id))
            }
            switch action {
            case .rest(let idle): for slot in idle { self.slots[slot].close() }
            case .handOver(let slot, _):
                if let alarm = waiter?.alarm.withLock({ $0 }) { self.time.clear(alarm) }
                waiter?.continuation.resume(returning: slot)
            }
            self.observeSaturation()
        }

        /// Tells when the pool reaches the share of its limit that calls for attention, and when it leaves it.
        private func observeSaturation() {
            let report = self.state.withLock { state -> PoolReport? in
                let share = Double(state.machine.inUse) / Double(state.machine.limit)
                let isSaturated = share >= self.configuration.saturationAlert
                guard isSaturated != state.isSaturated else { return nil }
                state.isSaturated = isSaturated
                return isSaturated
                    ? .saturated(pool: self.name, inUse: state.machine.inUse, limit: state.machine.limit)
                    : .relaxed(pool: self.name)
            }
            if let report { self.configuration.observe(report) }
        }
    }
#endif
