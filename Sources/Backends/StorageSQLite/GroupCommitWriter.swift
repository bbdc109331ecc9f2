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
    /// Transactions that wait for their turn now.
    public var waiting = 0
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

    private typealias Outcome = Result<any Sendable, any Error>

    private struct State {
        var pending: [Job] = []
        var isDraining = false
        /// Whether all that the write-ahead log seems to hold is on the disk: nothing is appended to it otherwise.
        var isLogSound: Bool
        var statistics = WriterStatistics()
    }

    private let state: Mutex<State>
    private let queue: DatabaseQueue
    private let source: EventSource
    private let configuration: SQLiteStore.Configuration
    private let executor: any BlockingExecutor
    private let commits: CommitSignal

    init(
        queue: DatabaseQueue, source: EventSource, configuration: SQLiteStore.Configuration,
        executor: any BlockingExecutor, commits: CommitSignal, isLogSound: Bool = true,
    ) {
        self.state = Mutex(State(isLogSound: isLogSound))
        self.queue = queue
        self.source = source
        self.configuration = configuration
        self.executor = executor
        self.commits = commits
    }

    var statistics: WriterStatistics {
        self.state.withLock { state in
            var statistics = state.statistics
            statistics.waiting = state.pending.count
            return statistics
        }
    }

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
                    "\(self.configuration.maximumPending) transactions already wait for \(self.queue.file); try again"))
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
        var outcomes: [Outcome] = []
        var head: Position?
        do {
            let committed = try self.queue.writeWithoutTransaction { database in
                try self.requireSoundLog(database)
                return try self.transact(batch, in: database)
            }
            outcomes = committed.outcomes
            let kept = outcomes.count { if case .success = $0 { true } else { false } }
            if kept > 0 { head = committed.head }
            self.state.withLock { state in
                state.statistics.commits += kept > 0 ? 1 : 0
                state.statistics.transactions += kept
            }
        } catch {
            outcomes = batch.map { _ in .failure(self.explained(error)) }
        }
        if let head { self.commits.committed(upTo: head) }
        for (job, outcome) in zip(batch, outcomes) { job.continuation.resume(with: outcome) }
    }

    private func requireSoundLog(_ database: Database) throws {
        guard !self.state.withLock(\.isLogSound) else { return }
        guard try database.foldLog() else {
            throw EventStoreError(
                .unavailable,
                "\(self.queue.file): the log cannot begin again after an error of the disk, because it is being read")
        }
        self.state.withLock { $0.isLogSound = true }
    }

    /// One transaction of SQLite for the whole batch. When it throws, nothing of the batch is kept.
    private func transact(
        _ batch: [Job], in database: Database,
    ) throws -> (outcomes: [Outcome], head: Position) {
        try database.beginTransaction(.immediate)
        do {
            var head = try SQLiteUnit(database, source: self.source, mode: .write).head()
            let outcomes = try batch.map { try self.perform($0, in: database, head: &head) }
            do {
                try database.commit()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
                self.state.withLock { $0.isLogSound = false }
                throw EventStoreError(
                    .unavailable,
                    "\(self.queue.file): \(error.message ?? "the disk failed") during a commit; "
                        + "whether its transactions were kept shows when the file is opened again")
            }
            return (outcomes, head)
        } catch {
            if database.isInsideTransaction { try database.rollback() }
            throw error
        }
    }

    /// Runs one job in a savepoint. Throws only what dooms the whole batch.
    /// - Parameter head: the end of the log, which the job may move.
    private func perform(_ job: Job, in database: Database, head: inout Position) throws -> Outcome {
        let unit = SQLiteUnit(database, source: self.source, mode: .write, head: head)
        try database.run("SAVEPOINT job")
        do {
            let value = try job.body(unit)
            if let doom = unit.doom { throw doom }
            guard !database.violatesDeferredKeys else {
                throw DatabaseError(resultCode: .SQLITE_CONSTRAINT_FOREIGNKEY, message: "a foreign key leads nowhere")
            }
            try database.run("RELEASE job")
            head = try unit.head()
            return .success(value)
        } catch {
            // A full disk or an I/O error makes SQLite give up the whole transaction, not this savepoint alone.
            guard database.isInsideTransaction else { throw unit.doom ?? error }
            try database.run("ROLLBACK TO job")
            try database.run("RELEASE job")
            return .failure(self.explained(error))
        }
    }

    private func explained(_ error: any Error) -> any Error {
        (error as? DatabaseError).map { EventStoreError($0, path: self.queue.file) } ?? error
    }
}
