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
/// acknowledged after the commit; when the commit fails, none is. ``CommitPace`` says how long a batch may wait for
/// others, if the executor can wait.
final class GroupCommitWriter: Sendable {
    private struct Job: Sendable {
        let body: @Sendable (SQLiteUnit) throws -> any Sendable
        let continuation: CheckedContinuation<any Sendable, any Error>
        /// Zero for one in a hurry.
        let patience: Duration
        /// When it has to be committed.
        var due = Tick.distantPast
    }

    private typealias Outcome = Result<any Sendable, any Error>

    private struct State {
        var pending: [Job] = []
        var isDraining = false
        /// Whether all that the write-ahead log seems to hold is on the disk: nothing is appended to it otherwise.
        var isLogSound: Bool
        /// When the next drain is arranged for; nil when none is.
        var arranged: Tick?
        var pace: CommitPace
        var statistics = WriterStatistics()

        /// When the first of those that wait has to be committed.
        var due: Tick { self.pending.reduce(.distantFuture) { min($0, $1.due) } }
    }

    private let state: Mutex<State>
    private let queue: DatabaseQueue
    private let source: EventSource
    private let configuration: SQLiteStore.Configuration
    private let executor: any BlockingExecutor
    private let commits: CommitSignal
    private let time: TimeSource

    init(
        queue: DatabaseQueue, source: EventSource, configuration: SQLiteStore.Configuration,
        executor: any BlockingExecutor, commits: CommitSignal, isLogSound: Bool = true, time: TimeSource = .system,
    ) {
        self.state = Mutex(State(isLogSound: isLogSound, pace: CommitPace(gather: configuration.gatherDelay)))
        self.queue = queue
        self.source = source
        self.configuration = configuration
        self.executor = executor
        self.commits = commits
        self.time = time
    }

    var statistics: WriterStatistics {
        self.state.withLock { state in
            var statistics = state.statistics
            statistics.waiting = state.pending.count
            return statistics
        }
    }

    func run(_ body: @escaping @Sendable (SQLiteUnit) throws -> any Sendable) async throws -> any Sendable {
        let patience = CommitPatience.current
        return try await withCheckedThrowingContinuation { continuation in
            self.enqueue(Job(body: body, continuation: continuation, patience: patience))
        }
    }

    private enum Admission {
        case drain(at: Tick)
        case queued
        case full
    }

    private func enqueue(_ job: Job) {
        let now = self.time.now
        let admission: Admission = self.state.withLock { state in
            guard state.pending.count < self.configuration.maximumPending else { return .full }
            var job = job
            job.due = state.pace.arrived(patience: job.patience, at: now)
            // A full batch waits for nobody.
            if state.pending.count + 1 >= self.configuration.maximumBatch { job.due = now }
            state.pending.append(job)
            if state.isDraining { return .queued }
            if let arranged = state.arranged, arranged <= job.due { return .queued }
            state.arranged = job.due
            return .drain(at: job.due)
        }
        switch admission {
        case .queued: break
        case .drain(let due): self.executor.submit(after: due - now) { self.drain(arrangedFor: due) }
        case .full:
            job.continuation.resume(
                throwing: EventStoreError(
                    .unavailable,
                    "\(self.configuration.maximumPending) transactions already wait for \(self.queue.file); try again"))
        }
    }

    /// Commits what waits, and what comes meanwhile as far as it is due.
    private func drain(arrangedFor moment: Tick) {
        let isMine = self.state.withLock { state in
            // Another was arranged for an earlier moment, or a drain is under way and sees to everything.
            guard state.arranged == moment, !state.isDraining else { return false }
            state.arranged = nil
            state.isDraining = true
            return true
        }
        guard isMine else { return }
        var next = self.nextBatch(isFirst: true)
        while case .commit(let batch) = next {
            self.commit(batch)
            next = self.nextBatch(isFirst: false)
        }
        guard case .wait(let due) = next else { return }
        self.executor.submit(after: due - self.time.now) { self.drain(arrangedFor: due) }
    }

    private enum Next {
        case commit([Job])
        case wait(until: Tick)
        case rest
    }

    /// - Parameter isFirst: whether this is what the drain was arranged for: then it is due whatever the clock says,
    ///   because not every executor can wait.
    private func nextBatch(isFirst: Bool) -> Next {
        let now = self.time.now
        return self.state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isDraining = false
                return .rest
            }
            let due = state.due
            guard isFirst || due <= now else {
                state.isDraining = false
                state.arranged = due
                return .wait(until: due)
            }
            let batch = Array(state.pending.prefix(self.configuration.maximumBatch))
            state.pending.removeFirst(batch.count)
            return .commit(batch)
        }
    }

    private func commit(_ batch: [Job]) {
        var jobs = batch
        var outcomes: [Outcome] = []
        var head: Position?
        do {
            let committed = try self.queue.writeWithoutTransaction { database in
                try self.requireSoundLog(database)
                return try self.transact(&jobs, in: database)
            }
            outcomes = committed.outcomes
            let kept = outcomes.count { if case .success = $0 { true } else { false } }
            if kept > 0 { head = committed.head }
            self.state.withLock { state in
                state.statistics.commits += kept > 0 ? 1 : 0
                state.statistics.transactions += kept
            }
        } catch {
            outcomes = jobs.map { _ in .failure(self.explained(error)) }
        }
        let now = self.time.now
        let hurried = jobs.count { $0.patience <= .zero }
        self.state.withLock { $0.pace.answered(hurried, at: now) }
        if let head { self.commits.committed(upTo: head) }
        for (job, outcome) in zip(jobs, outcomes) { job.continuation.resume(with: outcome) }
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

    /// One transaction of SQLite for the whole batch, and for those who come while it runs. When it throws, nothing of
    /// the batch is kept.
    private func transact(
        _ batch: inout [Job], in database: Database,
    ) throws -> (outcomes: [Outcome], head: Position) {
        try database.beginTransaction(.immediate)
        do {
            var head = try SQLiteUnit(database, source: self.source, mode: .write).head()
            var outcomes: [Outcome] = []
            while outcomes.count < batch.count {
                outcomes.append(try self.perform(batch[outcomes.count], in: database, head: &head))
                if outcomes.count == batch.count { batch += self.latecomers(taken: batch.count) }
            }
            do {
                try database.commit()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
                #if PlantedFaults
                    if PlantedFault.acknowledgeFailedCommit.isPlanted {
                        if database.isInsideTransaction { try database.rollback() }
                        return (outcomes, head)
                    }
                #endif
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

    /// Takes those who have come since the batch was taken, as long as it is not full.
    private func latecomers(taken: Int) -> [Job] {
        self.state.withLock { state in
            let late = Array(state.pending.prefix(max(0, self.configuration.maximumBatch - taken)))
            state.pending.removeFirst(late.count)
            return late
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
            #if PlantedFaults
                if !PlantedFault.keepFailedTransaction.isPlanted { try database.run("ROLLBACK TO job") }
            #else
                try database.run("ROLLBACK TO job")
            #endif
            try database.run("RELEASE job")
            return .failure(self.explained(error))
        }
    }

    private func explained(_ error: any Error) -> any Error {
        (error as? DatabaseError).map { EventStoreError($0, path: self.queue.file) } ?? error
    }
}
