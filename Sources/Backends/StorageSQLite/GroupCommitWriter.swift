import Essentials
import EventSourcing
import GRDB
import Synchronization

/// What a writer has done since the start.
public struct WriterStatistics: Hashable, Sendable {
    /// Transactions that were kept.
    public var transactions = 0
    /// Commits, each one flush of the write-ahead log, that they shared.
    public var commits = 0
}

/// Runs writing transactions one after another and commits those that wait together with one flush.
///
/// Each transaction is a savepoint: when its closure throws, it alone is undone. All others of the batch are
/// acknowledged after the commit; when the commit fails, none is.
final class GroupCommitWriter: Sendable {
    private struct Job: Sendable {
        let body: @Sendable (SQLiteUnit) throws -> any Sendable
        let continuation: CheckedContinuation<any Sendable, any Error>
    }

    private struct State {
        var pending: [Job] = []
        var isDraining = false
        var statistics = WriterStatistics()
    }

    private let state = Mutex(State())
    private let queue: DatabaseQueue
    private let source: EventSource
    private let configuration: SQLiteStore.Configuration
    private let executor: any BlockingExecutor
    private let commits: CommitSignal

    init(
        queue: DatabaseQueue, source: EventSource, configuration: SQLiteStore.Configuration,
        executor: any BlockingExecutor, commits: CommitSignal,
    ) {
        self.queue = queue
        self.source = source
        self.configuration = configuration
        self.executor = executor
        self.commits = commits
    }

    var statistics: WriterStatistics { self.state.withLock(\.statistics) }

    func run(_ body: @escaping @Sendable (SQLiteUnit) throws -> any Sendable) async throws -> any Sendable {
        try await withCheckedThrowingContinuation { continuation in
            self.enqueue(Job(body: body, continuation: continuation))
        }
    }

    private enum Admission {
        case startDraining
        case queued
        case full
    }

    private func enqueue(_ job: Job) {
        let admission: Admission = self.state.withLock { state in
            guard state.pending.count < self.configuration.maximumPending else { return .full }
            state.pending.append(job)
            if state.isDraining { return .queued }
            state.isDraining = true
            return .startDraining
        }
        switch admission {
        case .queued: break
        case .startDraining: self.executor.submit { self.drain() }
        case .full:
            job.continuation.resume(
                throwing: EventStoreError(
                    .unavailable,
                    "\(self.configuration.maximumPending) transactions already wait for \(self.queue.path); try again"))
        }
    }

    private func drain() {
        while let batch = self.nextBatch() { self.commit(batch) }
    }

    private func nextBatch() -> [Job]? {
        self.state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.pending.prefix(self.configuration.maximumBatch))
            state.pending.removeFirst(batch.count)
            return batch
        }
    }

    private func commit(_ batch: [Job]) {
        var outcomes: [Result<any Sendable, any Error>] = []
        var head = Position.start
        do {
            head = try self.queue.writeWithoutTransaction { database in
                try database.beginTransaction(.immediate)
                do {
                    outcomes = try self.perform(batch, in: database)
                    let head = try Int64.fetchOne(database, sql: "SELECT max(position) FROM events") ?? 0
                    try database.commit()
                    return Position(head)
                } catch {
                    if database.isInsideTransaction { try database.rollback() }
                    throw error
                }
            }
            let kept = outcomes.count { if case .success = $0 { true } else { false } }
            self.state.withLock { state in
                state.statistics.commits += 1
                state.statistics.transactions += kept
            }
        } catch {
            let failure = (error as? DatabaseError).map { EventStoreError($0, path: self.queue.path) } ?? error
            outcomes = batch.map { _ in .failure(failure) }
        }
        if head > .start { self.commits.committed(upTo: head) }
        for (job, outcome) in zip(batch, outcomes) { job.continuation.resume(with: outcome) }
    }

    /// Runs each job in a savepoint. Throws only what dooms the whole batch.
    private func perform(_ batch: [Job], in database: Database) throws -> [Result<any Sendable, any Error>] {
        var outcomes: [Result<any Sendable, any Error>] = []
        for job in batch {
            try database.execute(sql: "SAVEPOINT job")
            do {
                let value = try job.body(SQLiteUnit(database, source: self.source, mode: .write))
                try database.execute(sql: "RELEASE job")
                outcomes.append(.success(value))
            } catch {
                // A full disk or an I/O error makes SQLite give up the whole transaction, not this savepoint alone.
                guard database.isInsideTransaction else { throw error }
                try database.execute(sql: "ROLLBACK TO job")
                try database.execute(sql: "RELEASE job")
                let failure = (error as? DatabaseError).map { EventStoreError($0, path: self.queue.path) } ?? error
                outcomes.append(.failure(failure))
            }
        }
        return outcomes
    }
}
