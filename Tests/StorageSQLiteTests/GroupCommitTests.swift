import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import GRDB
import Synchronization
import Testing

@testable import StorageSQLite

/// Runs what it is given only when it is told to, so that a test decides which transactions share a commit.
private final class HeldExecutor: BlockingExecutor {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let later = Mutex<[@Sendable () -> Void]>([])

    func submit(_ job: @escaping @Sendable () -> Void) { self.jobs.withLock { $0.append(job) } }

    func submit(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        if delay > .zero { self.later.withLock { $0.append(job) } } else { self.submit(job) }
    }

    /// Lets the time of everything come that was to wait.
    func letTimePass() {
        let late = self.later.withLock { later in
            defer { later = [] }
            return later
        }
        for job in late { job() }
    }

    func runAll() {
        let jobs = self.jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in jobs { job() }
    }
}

private struct Refused: Error {}

@Suite(.timeLimit(.minutes(10)))
struct GroupCommitTests {
    private let directory: TestDirectory
    private let executor = HeldExecutor()
    private let store: SQLiteStore

    init() throws {
        self.directory = try TestDirectory()
        var configuration = SQLiteStore.Configuration()
        configuration.maximumBatch = 40
        configuration.maximumPending = 100
        self.store = try SQLiteStore(
            path: self.directory.path(), service: "test", configuration: configuration,
            writeExecutor: self.executor, readExecutor: InlineExecutor())
    }

    /// Writes transactions that are made to wait until all are there; gives their outcomes in order.
    private func together(
        _ bodies: [@Sendable (SQLiteUnit) throws -> Position],
    ) async -> [Result<Position, any Error>] {
        await withTaskGroup { group in
            for (index, body) in bodies.enumerated() {
                // One after another, so that they wait in this order.
                group.addTask {
                    do {
                        let end = try await self.store.transactor.write(body)
                        return (index, Result<Position, any Error>.success(end))
                    } catch {
                        return (index, Result<Position, any Error>.failure(error))
                    }
                }
                while self.store.statistics.waiting <= index { await Task.yield() }
            }
            self.executor.runAll()
            var outcomes: [(Int, Result<Position, any Error>)] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func append(_ number: Int) -> @Sendable (SQLiteUnit) throws -> Position {
        let sample = SampleEvents(seed: UInt64(number) + 1)
        let (stream, event) = (sample.stream(), sample.event(number))
        return { try $0.append([event], to: stream, expecting: .exactly(.zero)).position }
    }

    @Test func `transactions that wait together share a commit`() async throws {
        let outcomes = await self.together((0..<40).map(Self.append))
        #expect(outcomes.map { try? $0.get().value } == Array(1...40))
        #expect(self.store.statistics == WriterStatistics(transactions: 40, commits: 1, waiting: 0))
        #expect(try await self.store.log().count == 40)
    }

    @Test func `a batch has a bound`() async throws {
        _ = await self.together((0..<100).map(Self.append))
        #expect(self.store.statistics == WriterStatistics(transactions: 100, commits: 3, waiting: 0))
        #expect(LogHistory().anomalies(in: try await self.store.log()) == [])
    }

    @Test func `a failing transaction does not harm the others of its batch`() async throws {
        let bodies: [@Sendable (SQLiteUnit) throws -> Position] = (0..<9).map { number in
            let append = Self.append(number)
            switch number % 3 {
            case 1:
                return { unit in
                    _ = try append(unit)
                    throw Refused()
                }
            case 2 where number == 5:
                return { unit in
                    _ = try append(unit)
                    try unit.execute("INSERT INTO nowhere VALUES (1)")
                    return .start
                }
            default: return append
            }
        }
        let outcomes = await self.together(bodies)
        #expect(outcomes.map { try? $0.get().value } == [1, nil, 2, 3, nil, nil, 4, nil, 5])
        #expect(throws: Refused.self) { try outcomes[1].get() }
        #expect(throws: EventStoreError.self) { try outcomes[5].get() }
        #expect(self.store.statistics == WriterStatistics(transactions: 5, commits: 1, waiting: 0))
        #expect(try await self.store.log().map { $0.timestamp.milliseconds } == [0, 2, 3, 6, 8])
        #expect(self.store.transactor.commits.head == Position(5))
    }

    @Test func `a transaction that leaves a deferred key violated fails alone`() async throws {
        let setUp = await self.together([
            { unit in
                try unit.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
                try unit.execute(
                    "CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)")
                return .start
            }
        ])
        #expect(throws: Never.self) { try setUp[0].get() }
        let outcomes = await self.together([
            Self.append(0),
            { unit in
                try unit.execute("INSERT INTO children VALUES (7)")
                return .start
            },
            Self.append(1),
        ])
        #expect(outcomes.map { try? $0.get().value } == [1, nil, 2])
        #expect(try await self.store.log().count == 2)
    }

    @Test func `a disk that fills up keeps nothing of the batch, says so, and the store goes on`() async throws {
        _ = await self.together([Self.append(100)])
        let outcomes = await self.together([
            Self.append(0),
            { unit in
                let pages = try unit.query("PRAGMA page_count")[0].integer("page_count")
                _ = try unit.query("PRAGMA max_page_count = \(pages + 1)")
                let stream = SampleEvents(seed: 50).stream()
                var event = SampleEvents(seed: 51).event()
                event.data = Array(#"{"text":"\#(String(repeating: "x", count: 100_000))"}"#.utf8)
                do {
                    _ = try unit.append([event], to: stream, expecting: .any)
                } catch {
                    // A closure that goes on after the error must not be able to commit anything behind it.
                    #expect(throws: (any Error).self) { try unit.setCheckpoint("sneaky", to: Position(1)) }
                }
                return .start
            },
            Self.append(1),
        ])
        for outcome in outcomes {
            let error = #expect(throws: EventStoreError.self) { try outcome.get() }
            #expect(error?.code == .diskFull)
            #expect(error?.message.contains(self.directory.path()) == true)
        }
        #expect(try await self.store.log().count == 1)
        #expect(try await self.store.transactor.read { try $0.checkpoint("sneaky") } == .start)
        let after = await self.together([
            { unit in
                _ = try unit.query("PRAGMA max_page_count = 1000000")
                return .start
            }, Self.append(2), Self.append(3),
        ])
        #expect(after.map { try? $0.get().value } == [0, 2, 3])
        #expect(try await self.store.log().map { $0.timestamp.milliseconds } == [100, 2, 3])
    }

    @Test func `a commit that fails acknowledges nothing and keeps nothing`() async throws {
        final class Saboteur: TransactionObserver {
            struct Failed: Error {}
            func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
            func databaseDidChange(with event: DatabaseEvent) {}
            func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_FULL) }
            func databaseDidCommit(_ db: Database) {}
            func databaseDidRollback(_ db: Database) {}
        }
        _ = await self.together([Self.append(0)])
        let queue = try DatabaseQueue(path: self.directory.path())
        let saboteur = Saboteur()
        queue.add(transactionObserver: saboteur)
        let executor = HeldExecutor()
        let signal = CommitSignal()
        let writer = GroupCommitWriter(
            queue: queue, source: self.store.source, configuration: SQLiteStore.Configuration(), executor: executor,
            commits: signal)
        async let first = Self.outcome(writer, Self.append(1))
        async let second = Self.outcome(writer, Self.append(2))
        while writer.statistics.waiting < 2 { await Task.yield() }
        executor.runAll()
        #expect(await [first, second] == [.diskFull, .diskFull])
        #expect(signal.head == .start)
        #expect(writer.statistics == WriterStatistics())
        #expect(try await self.store.log().count == 1)
        queue.remove(transactionObserver: saboteur)
        async let third = Self.outcome(writer, Self.append(3))
        while writer.statistics.waiting < 1 { await Task.yield() }
        executor.runAll()
        #expect(await third == nil)
        #expect(try await self.store.log().map { $0.timestamp.milliseconds } == [0, 3])
    }

    @Test func `a patient transaction shares the commit of a hurried one, or comes when its patience ends`()
        async throws
    {
        let executor = HeldExecutor()
        let writer = GroupCommitWriter(
            queue: try DatabaseQueue(path: self.directory.path()), source: self.store.source,
            configuration: SQLiteStore.Configuration(), executor: executor, commits: CommitSignal())
        func patient(_ number: Int) async -> EventStoreError.Code? {
            await CommitPatience.$current.withValue(.seconds(3_600)) {
                await Self.outcome(writer, Self.append(number))
            }
        }
        async let first = patient(1)
        while writer.statistics.waiting < 1 { await Task.yield() }
        executor.runAll()
        #expect(writer.statistics.waiting == 1)
        async let second = Self.outcome(writer, Self.append(2))
        while writer.statistics.waiting < 2 { await Task.yield() }
        executor.runAll()
        #expect(await [first, second] == [nil, nil])
        #expect(writer.statistics == WriterStatistics(transactions: 2, commits: 1, waiting: 0))

        async let third = patient(3)
        while writer.statistics.waiting < 1 { await Task.yield() }
        executor.runAll()
        #expect(writer.statistics.commits == 1)
        executor.letTimePass()
        #expect(await third == nil)
        #expect(writer.statistics == WriterStatistics(transactions: 3, commits: 2, waiting: 0))
    }

    private static func outcome(
        _ writer: GroupCommitWriter, _ body: @escaping @Sendable (SQLiteUnit) throws -> Position,
    ) async -> EventStoreError.Code? {
        do {
            _ = try await writer.run { try body($0) }
            return nil
        } catch {
            return (error as? EventStoreError)?.code ?? .corrupt
        }
    }

    @Test func `more than may wait are refused at once and can try again`() async throws {
        let outcomes = await self.together((0..<100).map(Self.append))
        #expect(outcomes.count == 100)
        let bodies = (100..<200).map(Self.append)
        await withTaskGroup { group in
            for body in bodies { group.addTask { _ = try? await self.store.transactor.write(body) } }
            while self.store.statistics.waiting < 100 { await Task.yield() }
            let error = await #expect(throws: EventStoreError.self) {
                try await self.store.transactor.write(Self.append(200))
            }
            #expect(error?.code == .unavailable)
            self.executor.runAll()
        }
        #expect(try await self.store.log().count == 200)
    }

    @Test func `writers on many tasks share commits`() async throws {
        let store = try SQLiteStore(path: self.directory.path("busy.sqlite"), service: "test")
        try await withThrowingTaskGroup { group in
            for number in 0..<300 { group.addTask { _ = try await store.transactor.write(Self.append(number)) } }
            try await group.waitForAll()
        }
        #expect(store.statistics.transactions == 300)
        #expect(store.statistics.commits <= 300)
        #expect(LogHistory().anomalies(in: try await store.log()) == [])
    }
}
