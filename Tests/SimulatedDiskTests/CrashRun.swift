import Essentials
import EssentialsTesting
import EventSourcing
import Ledger
import Messaging
import StorageSQLite
import StorageSQLiteTesting
import Synchronization

/// What a disk must not do to a store. The names are those of the field (Maelstrom, Jepsen).
enum Anomaly: Hashable, Sendable, CustomStringConvertible {
    /// Acknowledged, and not there, or not where it was.
    case lostWrite(Int)
    /// A part of a transaction is there and a part is not.
    case tornWrite(Int, String)
    /// There, though it was undone on purpose or never asked for.
    case dirtyWrite(Int)
    /// The positions of the log are not 1, 2, 3, …
    case skip(after: Int)
    /// The file does not open, or SQLite finds fault with it.
    case corrupt(String)

    var description: String {
        switch self {
        case .lostWrite(let number): "lost write \(number)"
        case .tornWrite(let number, let what): "torn write \(number): \(what)"
        case .dirtyWrite(let number): "dirty write \(number)"
        case .skip(let position): "skip after \(position)"
        case .corrupt(let reason): "corrupt: \(reason)"
        }
    }
}

/// Transactions on one database of a disk, each with events, a row, a watermark and money, and a check of what became
/// of them.
struct CrashRun: Sendable {
    static let table = Migration(
        "test/001-tally", ["CREATE TABLE tally (number INTEGER PRIMARY KEY, events INTEGER NOT NULL) STRICT"])
    static let migrations = SQLiteStore.kitMigrations + [Self.table]

    let disk: SimulatedDisk
    private let seed: UInt64
    private let largest: Int
    private let change: @Sendable (inout SQLiteStore.Configuration) -> Void
    private(set) var attempted = 0
    /// The end of the log behind each transaction that was acknowledged.
    private(set) var acknowledged: [Int: Position] = [:]
    /// Transactions that ended with an error, and with which.
    private(set) var refused: [Int: EventStoreError.Code] = [:]

    /// - Parameter largest: bytes of the largest event.
    init(
        on disk: SimulatedDisk, seed: UInt64 = 1, largest: Int = 2_000,
        _ change: @escaping @Sendable (inout SQLiteStore.Configuration) -> Void = { _ in },
    ) {
        self.disk = disk
        self.seed = seed
        self.largest = largest
        self.change = change
    }

    func open(on disk: SimulatedDisk? = nil) throws -> SQLiteStore {
        try (disk ?? self.disk).open(migrations: Self.migrations, self.change)
    }

    /// Opens the database in spite of errors that pass, the last time without them.
    func openAtLast() throws -> SQLiteStore {
        for _ in 1..<20 { if let store = try? self.open() { return store } }
        self.disk.setFaults(.none)
        self.disk.crash(beforeChange: nil)
        defer { self.disk.setFaults(self.disk.configuration.faults) }
        return try self.open()
    }

    // MARK: Writing

    struct Abort: Error {}

    /// Every fifth transaction ends with an error of its own.
    private static func aborts(_ number: Int) -> Bool { number % 5 == 4 }

    private func events(of number: Int) -> [NewEvent] {
        var chance = SeededGenerator(seed: self.seed ^ UInt64(number) << 20)
        let ids = IDSource.seeded(self.seed ^ UInt64(number))
        let count = Int.random(in: 1...4, using: &chance)
        return (0..<count).map { index in
            let length = Int.random(in: 0...self.largest, using: &chance)
            let text = String(repeating: "\(number).", count: length / 4)
            return NewEvent(
                id: ids.next(), type: "Counted", schemaVersion: 1, timestamp: Timestamp(milliseconds: Int64(number)),
                metadata: EventMetadata(correlationID: ids.next()), data: Array(#"{"text":"\#(text)"}"#.utf8))
        }
    }

    private static func stream(_ number: Int) -> StreamID {
        StreamID(category: "count", aggregateID: UniqueID(high: 3, low: UInt64(number % 7)))
    }

    private static let world = UniqueID(high: 1, low: 1)
    private static let customer = UniqueID(high: 1, low: 2)
    private static let partition = Partition.whole

    private static func body(_ number: Int, _ events: [NewEvent]) -> @Sendable (SQLiteUnit) throws -> Position {
        { unit in
            var end = Position.start
            for (index, event) in events.enumerated() {
                end = try unit.append([event], to: Self.stream(number + index), expecting: .any).position
            }
            let book = LedgerBook(in: unit, at: Timestamp(milliseconds: Int64(number)))
            try book.open(LedgerAccount(id: Self.world, ledger: "EUR", code: "world"))
            try book.open(LedgerAccount(id: Self.customer, ledger: "EUR", code: "customer"))
            try book.transfer(
                .posted(
                    UniqueID(high: 2, low: UInt64(number)), debit: Self.world, credit: Self.customer,
                    amount: Int64(number)))
            try unit.setWatermark(
                Watermark(
                    consumer: "test", source: unit.source, partition: Self.partition,
                    position: Position(Int64(number))))
            try unit.execute(
                "INSERT INTO tally VALUES (?, ?)", [.integer(Int64(number)), .integer(Int64(events.count))])
            if Self.aborts(number) { throw Abort() }
            return end
        }
    }

    /// Tries the next transaction, and notes what it was told.
    mutating func step(_ store: SQLiteStore) async throws {
        self.attempted += 1
        let number = self.attempted
        do {
            self.acknowledged[number] = try await store.transactor.write(Self.body(number, self.events(of: number)))
        } catch let error as EventStoreError {
            self.refused[number] = error.code
        } catch is Abort {
            // As it should be: the check finds out whether anything of it stayed.
            self.refused[number] = .staleVersion
        }
    }

    // MARK: Checking

    /// What is wrong with what would be found now. The disk stays as it is.
    func anomalies() async -> [Anomaly] {
        do {
            let store = try self.open(on: self.disk.fork())
            return try await store.transactor.read { unit in
                try self.integrity(unit) + self.log(unit) + self.sums(unit)
            }
        } catch {
            return [.corrupt("\(error)")]
        }
    }

    private func integrity(_ unit: SQLiteUnit) throws -> [Anomaly] {
        let rows = try unit.query("PRAGMA integrity_check").map { try $0.text("integrity_check") }
        return rows == ["ok"] ? [] : [.corrupt(rows.joined(separator: "; "))]
    }

    private static func tally(_ unit: SQLiteUnit) throws -> [(number: Int, events: Int)] {
        try unit.query("SELECT number, events FROM tally ORDER BY number").map {
            (Int(try $0.integer("number")), Int(try $0.integer("events")))
        }
    }

    private func log(_ unit: SQLiteUnit) throws -> [Anomaly] {
        var found: [Anomaly] = []
        let log = try unit.readAll(after: .start, limit: .max)
        for (index, event) in log.enumerated() where event.position.value != Int64(index + 1) {
            found.append(.skip(after: index))
        }
        var ends: [Int: Position] = [:]
        var rest = log[...]
        for (number, count) in try Self.tally(unit) {
            let own = rest.prefix(count)
            rest = rest.dropFirst(count)
            if own.map(\.event) != self.events(of: number) { found.append(.tornWrite(number, "its events differ")) }
            if number > self.attempted || Self.aborts(number) { found.append(.dirtyWrite(number)) }
            ends[number] = own.last?.position
        }
        if !rest.isEmpty { found.append(.tornWrite(self.attempted, "\(rest.count) events belong to no transaction")) }
        for (number, end) in self.acknowledged.sorted(by: { $0.key < $1.key }) where ends[number] != end {
            found.append(.lostWrite(number))
        }
        return found
    }

    private func sums(_ unit: SQLiteUnit) throws -> [Anomaly] {
        let present = try Self.tally(unit).map(\.number)
        let book = LedgerBook(in: unit, at: Timestamp(milliseconds: 0))
        guard let last = present.last else { return [] }
        var found: [Anomaly] = []
        if try book.balance(of: Self.customer) != Int64(present.reduce(0, +)) {
            found.append(.tornWrite(last, "its money differs"))
        }
        if try !book.trialBalance(of: "EUR").isBalanced { found.append(.tornWrite(last, "the ledger is not balanced")) }
        let watermarks = try unit.watermarks(of: "test", service: "test").map(\.position.value)
        if watermarks != [Int64(last)] { found.append(.tornWrite(last, "the watermark is \(watermarks)")) }
        return found
    }
}
