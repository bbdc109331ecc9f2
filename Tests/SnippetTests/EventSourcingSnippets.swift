import Essentials
import EventSourcing
import EventSourcingTesting
import StorageSQLite
import Testing

// snippet Docs/EventSourcing.md
struct Account: Aggregate {
    static let category = "account"
    var balance: Int64 = 0

    func decide(_ command: Command) throws -> [Fact] {
        switch command {
        case .debit(let amount) where amount > self.balance: throw Overdrawn(balance: self.balance)
        case .debit(let amount): [.debited(AccountDebited(amount: amount))]
        }
    }

    mutating func evolve(_ event: Fact) {
        switch event {
        case .debited(let fact): self.balance -= fact.amount
        }
    }
}
// end

extension Account {
    enum Command: Sendable {
        case debit(Int64)
    }

    enum Fact: EventSum {
        case debited(AccountDebited)

        var payload: any EventPayload {
            switch self {
            case .debited(let fact): fact
            }
        }

        static let catalog = EventCatalog<Fact>([.fact(AccountDebited.self, Fact.debited)])
    }
}

struct AccountDebited: EventPayload {
    static let eventType = "AccountDebited"
    var amount: Int64
}

struct Overdrawn: Error {
    var balance: Int64
}

struct BalanceProjection: Projection {
    let name = "balances"
    let version = 1

    func reset(in unit: SQLiteUnit) throws { try unit.execute("DELETE FROM balances", []) }
    func apply(_ event: RecordedEvent, in unit: SQLiteUnit) throws {}
}

enum BalanceTables {
    static let migration = Migration("bank/001-balances", ["CREATE TABLE balances (id BLOB PRIMARY KEY) STRICT"])
}

func executeCommand(on id: UniqueID, metadata: EventMetadata) async throws -> StreamVersion {
    // snippet Docs/EventSourcing.md
    let store = try SQLiteStore(path: "bank.sqlite", service: "bank", migrations: [BalanceTables.migration])
    let accounts = Repository<Account>(ids: .system, wallClock: .system)
    let projector = Projector([BalanceProjection()]) { (unit: SQLiteUnit) in unit }
    try await projector.catchUp(using: store.transactor)

    let outcome = try await store.transactor.write { unit in
        let outcome = try accounts.execute(.debit(100), on: id, metadata: metadata, in: unit)
        try projector.advance(in: unit)
        return outcome
    }
    // end
    return outcome.version
}

func countDebits(in log: Transactor<any UnitOfWork>) async throws -> Int {
    // snippet Docs/EventSourcing.md
    let debits = try await log.replay(into: 0) { count, event in
        if event.type == "AccountDebited" { count += 1 }
    }
    // end
    return debits
}

struct EventStoreSnippets {
    private func freshStore() throws -> InMemoryStore { .fresh() }

    // snippet Docs/EventSourcing.md
    @Test(arguments: EventStoreConformance.allCases)
    func `the store keeps the rule`(_ rule: EventStoreConformance) async throws {
        try await rule.check { try freshStore().transactor.map { $0 } }
    }
    // end
}

extension InMemoryStore {
    /// An empty one.
    static func fresh() -> InMemoryStore {
        InMemoryStore(source: EventSource(service: "test", epoch: IDSource.system.next()))
    }
}

typealias MyStore = InMemoryStore
