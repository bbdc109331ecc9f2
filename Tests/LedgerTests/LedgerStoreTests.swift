import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import Ledger
import LedgerTesting
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(10)))
struct LedgerStoreTests {
    @Test(arguments: LedgerConformance.allCases)
    func `the in-memory ledger keeps the rule`(_ rule: LedgerConformance) async throws {
        try await rule.check {
            let source = EventSource(service: "test", epoch: IDSource.seeded(1).next())
            return InMemoryStore(source: source).transactor.map { $0 }
        }
    }

    @Test(arguments: LedgerConformance.allCases)
    func `the SQLite ledger keeps the rule`(_ rule: LedgerConformance) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ledger-\(IDSource.system.next())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await rule.check {
            try SQLiteStore(
                path: directory.appending(path: "\(IDSource.system.next()).sqlite").path, service: "test",
                migrations: [SQLiteLedger.migration]
            ).transactor.map { $0 }
        }
    }

    @Test func `what the ledger acknowledged is there when the file is opened again`() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ledger-\(IDSource.system.next()).sqlite")
            .path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let ids = IDSource.seeded(7)
        let (world, customer, transfer) = (ids.next(), ids.next(), ids.next())
        for round in 0..<2 {
            let store = try SQLiteStore(path: path, service: "test", migrations: [SQLiteLedger.migration])
            let balance = try await store.transactor.write { unit in
                let book = LedgerBook(in: unit, at: Timestamp(milliseconds: Int64(round)))
                try book.open(LedgerAccount(id: world, ledger: "EUR", code: "world"))
                try book.open(LedgerAccount(id: customer, ledger: "EUR", code: "customer"))
                try book.transfer(.posted(transfer, debit: world, credit: customer, amount: 5))
                return try book.balance(of: customer)
            }
            #expect(balance == 5)
        }
    }
}
