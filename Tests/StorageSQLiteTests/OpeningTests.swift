import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Foundation
import GRDB
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(10)))
struct OpeningTests {
    private let directory: TestDirectory
    private static let extra = Migration("test/001-extra", ["CREATE TABLE extra (id INTEGER)"])

    init() throws { self.directory = try TestDirectory() }

    private func refusal(
        _ name: String = "log.sqlite", service: String = "test", migrations: [Migration] = [], isReadOnly: Bool = false,
    ) -> EventStoreError? {
        let path = self.directory.path(name)
        let error = #expect(throws: EventStoreError.self) {
            try SQLiteStore.open(path, service: service, migrations: migrations, isReadOnly: isReadOnly)
        }
        #expect(error?.message.contains(path) == true, "\(String(describing: error)) does not name the file")
        return error
    }

    private func fill(_ name: String = "log.sqlite", events: Int = 3, migrations: [Migration] = []) async throws {
        let store = try SQLiteStore.open(self.directory.path(name), migrations: migrations)
        let sample = SampleEvents()
        let (stream, batch) = (sample.stream(), sample.events(events))
        try await store.transactor.write { _ = try $0.append(batch, to: stream, expecting: .any) }
    }

    @Test func `what was acknowledged is there when the file is opened again, in the same epoch`() async throws {
        try await self.fill()
        let first = try SQLiteStore.open(self.directory.path()).source
        let store = try SQLiteStore.open(self.directory.path())
        #expect(store.source == first)
        #expect(try await store.log().count == 3)
        #expect(store.transactor.commits.head == Position(3))
        #expect(try SQLiteStore.open(self.directory.path("other.sqlite")).source.epoch != first.epoch)
    }

    @Test(arguments: [SQLiteStore.Configuration.Durability.full, .normal])
    func `the durability that was asked for is in force`(durability: SQLiteStore.Configuration.Durability) async throws
    {
        let store = try SQLiteStore.open(self.directory.path()) { $0.durability = durability }
        let (journal, synchronous, keys) = try await store.transactor.write { unit in
            (
                try unit.query("PRAGMA journal_mode")[0].text("journal_mode"),
                try unit.query("PRAGMA synchronous")[0].integer("synchronous"),
                try unit.query("PRAGMA foreign_keys")[0].integer("foreign_keys")
            )
        }
        #expect(journal == "wal")
        #expect(synchronous == (durability == .full ? 2 : 1))
        #expect(keys == 1)
    }

    @Test func `the safe durability is the default`() {
        #expect(SQLiteStore.Configuration().durability == .full)
    }

    @Test func `a migration runs once, and a new one is added to an old file`() async throws {
        try await self.fill()
        for _ in 0..<2 {
            let store = try SQLiteStore.open(self.directory.path(), migrations: [Self.extra])
            try await store.transactor.write { unit in
                _ = try unit.execute("INSERT INTO extra VALUES (1)")
            }
        }
        let store = try SQLiteStore.open(self.directory.path(), migrations: [Self.extra])
        #expect(try await store.log().count == 3)
        #expect(try await store.transactor.read { try $0.query("SELECT id FROM extra").count } == 2)
    }

    @Test func `a migration that fails leaves the file as it was`() async throws {
        try await self.fill()
        let broken = Migration("test/002-broken", ["CREATE TABLE half (id INTEGER)", "CREATE NONSENSE"])
        #expect(self.refusal(migrations: [Self.extra, broken]) != nil)
        let store = try SQLiteStore.open(self.directory.path())
        let tables = try await store.transactor.read {
            try $0.query("SELECT name FROM sqlite_master WHERE name IN ('half', 'extra')").count
        }
        #expect(tables == 0)
        #expect(try await store.log().count == 3)
    }

    @Test func `a file of a newer version is refused and says what it has`() async throws {
        try await self.fill(migrations: [Self.extra])
        for isReadOnly in [false, true] {
            let error = self.refusal(isReadOnly: isReadOnly)
            #expect(error?.code == .newerSchema)
            #expect(error?.message.contains("test/001-extra") == true)
        }
    }

    @Test func `a file of another service is refused before anything is changed in it`() async throws {
        try await self.fill()
        let before = try self.directory.read("log.sqlite")
        for isReadOnly in [false, true] {
            let error = self.refusal(service: "another", migrations: [Self.extra], isReadOnly: isReadOnly)
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("'test'") == true && error?.message.contains("'another'") == true)
        }
        #expect(try self.directory.read("log.sqlite") == before)
        #expect(try await SQLiteStore.open(self.directory.path()).log().count == 3)
    }

    @Test func `a database that is none of ours is refused before anything is changed in it`() throws {
        let queue = try DatabaseQueue(path: self.directory.path())
        try queue.write { try $0.execute(sql: "CREATE TABLE photos (id INTEGER)") }
        #expect(self.refusal()?.code == .corrupt)
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") } == 1)
    }

    @Test(arguments: [50, 100, 5_000])
    func `a file of garbage is refused`(size: Int) throws {
        try self.directory.write(Data(Chance(seed: 1).bytes(size)), to: "log.sqlite")
        let error = self.refusal()
        #expect(error?.code == .corrupt)
        #expect(self.refusal(isReadOnly: true)?.code == .corrupt)
    }

    @Test(arguments: [99, 100, 4_095, 4_096, 8_192, 20_000])
    func `a file that was cut off is refused`(size: Int) async throws {
        try await self.fill(events: 200)
        let whole = try self.directory.read("log.sqlite")
        #expect(whole.count > 20_000)
        #expect(try self.directory.read("log.sqlite-wal").isEmpty)
        try self.directory.write(whole.prefix(size), to: "log.sqlite")
        #expect(self.refusal()?.code == .corrupt)
    }

    @Test func `a missing file is not made by a reader`() {
        #expect(self.refusal("missing.sqlite", isReadOnly: true)?.code == .unavailable)
        #expect(!FileManager.default.fileExists(atPath: self.directory.path("missing.sqlite")))
    }

    @Test func `an empty or an older file is refused by a reader with what to do`() async throws {
        try self.directory.write(Data(), to: "empty.sqlite")
        #expect(self.refusal("empty.sqlite", isReadOnly: true)?.code == .corrupt)
        try await self.fill()
        let error = self.refusal(migrations: [Self.extra], isReadOnly: true)
        #expect(error?.code == .readOnly)
        #expect(error?.message.contains("test/001-extra") == true)
    }

    @Test func `a directory that is missing, a file, or not writable is refused`() throws {
        #expect(self.refusal("nowhere/log.sqlite")?.code == .unavailable)
        try self.directory.write(Data("a file".utf8), to: "file")
        #expect(self.refusal("file/log.sqlite")?.code == .unavailable)
        try FileManager.default.createDirectory(
            atPath: self.directory.path("locked"), withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o500])
        // Root may write everywhere.
        if geteuid() != 0 { #expect(self.refusal("locked/log.sqlite")?.code == .unavailable) }
    }

    @Test func `a reader sees the log and writes nothing`() async throws {
        try await self.fill()
        let store = try SQLiteStore.open(self.directory.path(), isReadOnly: true)
        #expect(try await store.log().count == 3)
        let stream = SampleEvents(seed: 9).stream()
        let error = await #expect(throws: EventStoreError.self) {
            try await store.transactor.write { _ = try $0.append([], to: stream, expecting: .any) }
        }
        #expect(error?.code == .readOnly)
    }

    @Test func `a file that another connection holds is locked, and free afterwards`() async throws {
        try await self.fill()
        let store = try SQLiteStore.open(self.directory.path())
        var unscoped = GRDB.Configuration()
        unscoped.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: self.directory.path(), configuration: unscoped)
        let sample = SampleEvents(seed: 9)
        let (stream, event) = (sample.stream(), sample.event())
        try other.inDatabase { try $0.beginTransaction(.immediate) }
        let error = await #expect(throws: EventStoreError.self) {
            try await store.transactor.write { _ = try $0.append([event], to: stream, expecting: .any) }
        }
        #expect(error?.code == .locked)
        #expect(try await store.log().count == 3)
        #expect(self.refusal()?.code == .locked)
        try other.inDatabase { try $0.rollback() }
        try await store.transactor.write { _ = try $0.append([event], to: stream, expecting: .any) }
        #expect(try await store.log().count == 4)
    }

    @Test func `two stores on one file write one dense log`() async throws {
        let stores = try (0..<2).map { _ in
            try SQLiteStore.open(self.directory.path()) { $0.busyTimeout = .seconds(30) }
        }
        for round in 0..<10 {
            let sample = SampleEvents(seed: UInt64(round))
            let (stream, events) = (sample.stream(), sample.events(2))
            try await stores[round % 2].transactor.write { _ = try $0.append(events, to: stream, expecting: .any) }
        }
        for store in stores {
            #expect(LogHistory().anomalies(in: try await store.log()) == [])
            #expect(try await store.log().count == 20)
        }
    }
}
