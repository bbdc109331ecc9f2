#if PostgreSQL
    import Essentials
    import EventSourcing
    import Synchronization

    /// Runs writing transactions one after another, those that wait together, under the lock of the log.
    ///
    /// The lock makes positions dense: who holds it knows the end of the log, and nobody appends before it has committed. Each
    /// transaction is a savepoint of a shared one, so that many share a flush of the server's log. There is no thread or task of
    /// its own: one of those who wait *leads*, carries out its own work and that of all others, and passes the lead on.
    final class PostgreSQLWriter: Sendable {
        typealias Outcome = Result<any Sendable, any Error>

        struct Job: Sendable {
            /// Streams whose version is asked for together, before any job runs.
            var streams: [StreamID] = []
            var body: @Sendable (PostgreSQLUnit) throws -> any Sendable
        }

        /// What somebody who waits is told.
        private enum Turn: Sendable {
            case lead
            case done(Outcome)
        }

        private struct Waiting: Sendable {
            var job: Job
            var continuation: CheckedContinuation<Turn, Never>
        }

        private struct State {
            var waiting: [Waiting] = []
            var isLed = false
            var statistics = WriterStatistics()
        }

        private let pool: ConnectionPool
        private let log: PostgreSQLLog
        private let configuration: PostgreSQLStore.Configuration
        private let committed: @Sendable (Position) -> Void
        private let state = Mutex(State())

        init(
            pool: ConnectionPool, log: PostgreSQLLog, configuration: PostgreSQLStore.Configuration,
            committed: @escaping @Sendable (Position) -> Void,
        ) {
            self.pool = pool
            self.log = log
            self.configuration = configuration
            self.committed = committed
        }

        var statistics: WriterStatistics {
            self.state.withLock { state in
                var statistics = state.statistics
                statistics.waiting = state.waiting.count
                return statistics
            }
        }

        func run(_ job: Job) async throws -> any Sendable {
            let turn = try await self.turn(of: job)
            switch turn {
            case .done(let outcome): return try outcome.get()
            case .lead: return try await self.lead(with: job).get()
            }
        }

        private func turn(of job: Job) async throws -> Turn {
            let isFirst = try self.state.withLock { state in
                guard state.waiting.count < self.configuration.maximumPending else {
                    throw EventStoreError(
                        .unavailable,
                        "\(self.configuration.maximumPending) transactions already wait for \(self.log.name); try again"
                    )
                }
                defer { state.isLed = true }
                return !state.isLed
            }
            if isFirst { return .lead }
            return await withCheckedContinuation { continuation in
                let leads = self.state.withLock { state in
                    guard state.isLed else {
                        state.isLed = true
                        return true
                    }
                    state.waiting.append(Waiting(job: job, continuation: continuation))
                    return false
                }
                if leads { continuation.resume(returning: .lead) }
            }
        }

        /// Carries out `job` and what waits, and passes the lead on.
        private func lead(with job: Job) async -> Outcome {
            let batch: Batch
            do {
                batch = try await self.pool.lend { self.commit(job, on: $0) }
            } catch {
                // There is no connection, so there is none for those who wait either.
                let waiting = self.takeWaiting(.max)
                let failure = Outcome.failure(self.log.explained(error))
                batch = Batch(
                    followers: waiting.map(\.continuation), outcomes: waiting.map { _ in failure } + [failure],
                    head: nil)
            }
            self.passOn(kept: batch.outcomes.count { if case .success = $0 { true } else { false } })
            if let head = batch.head { self.committed(head) }
            for (follower, outcome) in zip(batch.followers, batch.outcomes.dropFirst()) {
                follower.resume(returning: .done(outcome))
            }
            return batch.outcomes[0]
        }

        private func passOn(kept: Int) {
            let next = self.state.withLock { state -> Waiting? in
                state.statistics.transactions += kept
                state.statistics.commits += kept > 0 ? 1 : 0
                guard !state.waiting.isEmpty else {
                    state.isLed = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.continuation.resume(returning: .lead)
        }

        private func takeWaiting(_ limit: Int) -> [Waiting] {
            self.state.withLock { state in
                let taken = Array(state.waiting.prefix(limit))
                state.waiting.removeFirst(taken.count)
                return taken
            }
        }

        // MARK: On the connection's thread

        /// What became of the leader's job, first, and of its followers'.
        private struct Batch: Sendable {
            var followers: [CheckedContinuation<Turn, Never>]
            var outcomes: [Outcome]
            /// The end of the log, when something was committed.
            var head: Position?
        }

        private func commit(_ job: Job, on connection: PostgreSQLConnection) -> Batch {
            let followers = self.takeWaiting(self.configuration.maximumBatch - 1)
            let jobs = [job] + followers.map(\.job)
            var batch = Batch(followers: followers.map(\.continuation), outcomes: [], head: nil)
            do {
                let tail = try self.log.begin(connection, knowing: jobs.flatMap(\.streams))
                for job in jobs { batch.outcomes.append(try self.perform(job, on: connection, tail: tail)) }
                try self.log.commit(connection, tail)
                batch.head = tail.head
            } catch {
                self.log.rollBack(connection)
                batch.outcomes = jobs.map { _ in .failure(self.log.explained(error)) }
            }
            return batch
        }

        /// Throws only what dooms the whole batch.
        private func perform(_ job: Job, on connection: PostgreSQLConnection, tail: LogTail) throws -> Outcome {
            let unit = PostgreSQLUnit(connection, source: self.log.source, tail: tail)
            do {
                let value = try job.body(unit)
                if let doom = unit.doom { throw doom }
                try unit.release()
                return .success(value)
            } catch {
                guard !connection.isBroken else { throw unit.doom ?? error }
                try unit.rollBack()
                return .failure(self.log.explained(error))
            }
        }
    }
#endif
