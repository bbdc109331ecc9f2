import Crypto
import Essentials
import EventSourcing
import Foundation
import Ledger
import StorageSQLite

/// What a check of one service's database found.
struct LogReport {
    var events = 0
    /// SHA-256 over all events in their order, first 16 digits.
    var logDigest = ""
    /// SHA-256 over the service's own tables, rows in the order of their text.
    var tableDigest = ""
    /// `EUR ok, stock/… ok`, or how many balance.
    var ledgers = "-"
    var problems: [String] = []

    init(_ unit: SQLiteUnit) throws {
        try self.readLog(unit)
        try self.readTables(unit)
        try self.readLedgers(unit)
    }

    private mutating func readLog(_ unit: SQLiteUnit) throws {
        var hash = SHA256()
        var position = Position.start
        var versions: [StreamID: Int64] = [:]
        while case let page = try unit.readAll(after: position, limit: 1_000), !page.isEmpty {
            for event in page {
                if event.position.value != position.value + 1 {
                    self.problems.append("the log has a gap behind position \(position)")
                }
                if event.version.value != (versions[event.stream] ?? 0) + 1 {
                    self.problems.append("the stream \(event.stream) has a gap before version \(event.version)")
                }
                versions[event.stream] = event.version.value
                hash.update(data: event.id.bytes + Array(event.type.utf8) + event.event.data)
                position = event.position
                self.events += 1
            }
        }
        self.logDigest = Self.text(hash)
    }

    private mutating func readTables(_ unit: SQLiteUnit) throws {
        let kit: Set<String> = ["events", "checkpoints", "snapshots", "mainstay", "migrations"]
        let tables = try unit.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .map { try $0.text("name") }
            .filter { !kit.contains($0) && !$0.hasPrefix("sqlite_") && !$0.contains("search") }
        var hash = SHA256()
        for table in tables {
            let rows = try unit.query("SELECT * FROM \"\(table)\"").map { "\($0)" }.sorted()
            hash.update(data: Array(table.utf8))
            for row in rows { hash.update(data: Array(row.utf8)) }
        }
        self.tableDigest = Self.text(hash)
    }

    private mutating func readLedgers(_ unit: SQLiteUnit) throws {
        let names = try unit.query("SELECT DISTINCT ledger FROM ledger_accounts ORDER BY ledger")
            .map { try $0.text("ledger") }
        guard !names.isEmpty else { return }
        var balanced = 0
        let book = LedgerBook(in: unit, at: Timestamp(microseconds: 0))
        for name in names {
            if try book.trialBalance(of: name).isBalanced {
                balanced += 1
            } else {
                self.problems.append("the ledger \(name) does not balance")
            }
        }
        self.ledgers = "\(balanced) of \(names.count) balance"
    }

    private static func text(_ hash: SHA256) -> String {
        hash.finalize().prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
