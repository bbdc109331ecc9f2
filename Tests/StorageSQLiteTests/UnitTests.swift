import Essentials
import EventSourcing
import EventSourcingTesting
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(10)))
struct UnitTests {
    private let store: SQLiteStore

    init() throws { self.store = try SQLiteStore.open(":memory:") }

    @Test(arguments: [
        "UPDATE events SET type = 'Lie'", "DELETE FROM events", "REPLACE INTO events SELECT * FROM events",
    ])
    func `the log refuses to be changed`(sql: String) async throws {
        let sample = SampleEvents()
        let (stream, events) = (sample.stream(), sample.events(2))
        try await self.store.transactor.write { _ = try $0.append(events, to: stream, expecting: .any) }
        await #expect(throws: EventStoreError.self) { try await self.store.transactor.write { try $0.execute(sql) } }
        #expect(try await self.store.log().map(\.event) == events)
    }

    @Test(arguments: ["COMMIT", "ROLLBACK", "SAVEPOINT mine", "RELEASE job", "BEGIN", "ROLLBACK TO job"])
    func `a unit cannot end its own transaction`(sql: String) async throws {
        let sample = SampleEvents()
        let (stream, events) = (sample.stream(), sample.events(2))
        await #expect(throws: EventStoreError.self) {
            try await self.store.transactor.write { unit in
                try unit.append(events, to: stream, expecting: .any)
                try unit.execute(sql)
            }
        }
        await #expect(throws: EventStoreError.self) {
            try await self.store.transactor.write { unit in
                try unit.append(events, to: stream, expecting: .any)
                _ = try unit.query(sql)
            }
        }
        #expect(try await self.store.log().isEmpty)
    }

    @Test func `every kind of value goes in and comes out`() async throws {
        let values: [SQLValue] = [
            .null, .integer(.min), .integer(.max), .real(-0.5), .real(.infinity), .text(""), .text("é\u{0}🦀"),
            .blob([]), .blob([0, 255, 0]),
        ]
        let found = try await self.store.transactor.write { unit in
            try unit.execute("CREATE TABLE anything (number INTEGER PRIMARY KEY, value)")
            for value in values { try unit.execute("INSERT INTO anything (value) VALUES (?)", [value]) }
            return try unit.query("SELECT value FROM anything ORDER BY number").map { $0["value"] }
        }
        #expect(found == values)
    }

    @Test func `the wrong number of values is refused`() async throws {
        for values in [[], [.integer(1), .integer(2)]] as [[SQLValue]] {
            await #expect(throws: EventStoreError.self) {
                try await self.store.transactor.read { try $0.query("SELECT ? AS one", values) }
            }
        }
        #expect(try await self.store.transactor.read { try $0.query("SELECT ? AS one", [.integer(1)]).count } == 1)
    }

    @Test func `execute tells how many rows it changed`() async throws {
        let changed = try await self.store.transactor.write { unit in
            try unit.execute("CREATE TABLE numbers (number INTEGER)")
            for number in 1...5 { try unit.execute("INSERT INTO numbers VALUES (?)", [.integer(Int64(number))]) }
            return [
                try unit.execute("UPDATE numbers SET number = number WHERE number > 2"),
                try unit.execute("DELETE FROM numbers WHERE number > 99"),
            ]
        }
        #expect(changed == [3, 0])
    }

    @Test func `data that is no text is refused, not changed`() async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        var (good, bad) = (sample.event(1), sample.event(2))
        bad.data = [0x7B, 0xFF, 0x7D]
        good.data = Array(#"{"é":"🦀"}"#.utf8)
        let events = [good, bad]
        let error = await #expect(throws: EventStoreError.self) {
            try await self.store.transactor.write { _ = try $0.append(events, to: stream, expecting: .any) }
        }
        #expect(error?.code == .corrupt)
        #expect(try await self.store.log().isEmpty)
    }

    @Test func `an append that fails half-way takes its transaction with it, even when the error is caught`()
        async throws
    {
        let sample = SampleEvents()
        let (stream, events) = (sample.stream(), sample.events(4))
        await #expect(throws: EventStoreError.self) {
            try await self.store.transactor.write { unit in
                try unit.execute(
                    """
                    CREATE TRIGGER third_fails BEFORE INSERT ON events WHEN new.version = 3
                    BEGIN SELECT raise(ABORT, 'not the third'); END
                    """)
                do { try unit.append(events, to: stream, expecting: .any) } catch { return }
            }
        }
        #expect(try await self.store.log().isEmpty)
    }

    @Test func `a constraint that fails in one statement leaves the unit usable`() async throws {
        let rows = try await self.store.transactor.write { unit in
            try unit.execute("CREATE TABLE few (id INTEGER PRIMARY KEY)")
            try unit.execute("INSERT INTO few VALUES (1)")
            #expect(throws: (any Error).self) { try unit.execute("INSERT INTO few VALUES (1)") }
            try unit.execute("INSERT INTO few VALUES (2)")
            return try unit.query("SELECT id FROM few").count
        }
        #expect(rows == 2)
    }

    @Test(arguments: [
        ("SELECT * FROM events WHERE aggregate = ? AND version > ? AND category = ? ORDER BY version LIMIT ?", "INDEX"),
        ("SELECT version FROM events WHERE aggregate = ? AND category = ? ORDER BY version DESC LIMIT 1", "COVERING"),
        ("SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?", "PRIMARY KEY"),
        ("SELECT * FROM events WHERE aggregate = ? AND category = ? AND causation = ? ORDER BY version", "INDEX"),
    ])
    func `the log is read through an index, without sorting`(sql: String, wanted: String) async throws {
        let values = [SQLValue](repeating: .null, count: sql.count { $0 == "?" })
        let plan = try await self.store.transactor.read {
            try $0.query("EXPLAIN QUERY PLAN \(sql)", values).map { try $0.text("detail") }.joined(separator: "; ")
        }
        #expect(plan.contains("SEARCH") && plan.contains(wanted) && !plan.contains("TEMP B-TREE"), "\(plan)")
    }
}
