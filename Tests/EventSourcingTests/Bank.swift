import Essentials
import EssentialsTesting
import EventSourcing
import Synchronization

/// The bank account of the guides: 1000 → 900 → 1000.
struct Account: SnapshottingAggregate, Hashable {
    static let category = "account"
    static let snapshotInterval: Int64? = 10
    static let snapshotSchemaVersion = 1

    var balance: Int64 = 0
    var completed = 0

    init() {}

    enum Command: Sendable {
        case open(Int64)
        case move(Int64)
        case complete
        case nothing
        case moveMany(Int)
    }

    struct Overdrawn: Error, Hashable {
        var balance: Int64
    }

    func decide(_ command: Command) throws -> [Fact] {
        switch command {
        case .open(let amount): [.opened(AccountOpened(balance: amount))]
        case .move(let amount) where self.balance + amount < 0: throw Overdrawn(balance: self.balance)
        case .move(let amount) where amount < 0: [.debited(AccountDebited(amount: -amount))]
        case .move(let amount): [.credited(AccountCredited(amount: amount))]
        case .complete: [.completed(TransactionCompleted())]
        case .nothing: []
        case .moveMany(let count): (0..<count).map { _ in .credited(AccountCredited(amount: 1)) }
        }
    }

    mutating func evolve(_ event: Fact) {
        switch event {
        case .opened(let fact): self.balance = fact.balance
        case .debited(let fact): self.balance -= fact.amount
        case .credited(let fact): self.balance += fact.amount
        case .completed: self.completed += 1
        }
    }

    enum Fact: EventSum {
        case opened(AccountOpened)
        case debited(AccountDebited)
        case credited(AccountCredited)
        case completed(TransactionCompleted)

        var payload: any EventPayload {
            switch self {
            case .opened(let fact): fact
            case .debited(let fact): fact
            case .credited(let fact): fact
            case .completed(let fact): fact
            }
        }

        static let catalog = EventCatalog<Fact>([
            .fact(AccountOpened.self, Fact.opened),
            .fact(AccountDebited.self, Fact.debited),
            .fact(AccountCredited.self, Fact.credited),
            .fact(TransactionCompleted.self, Fact.completed),
        ])
    }
}

struct AccountOpened: EventPayload {
    static let eventType = "AccountOpened"
    var balance: Int64
}

struct AccountDebited: EventPayload {
    static let eventType = "AccountDebited"
    var amount: Int64
}

struct AccountCredited: EventPayload {
    static let eventType = "AccountCredited"
    var amount: Int64
}

struct TransactionCompleted: EventPayload {
    static let eventType = "TransactionCompleted"
}

/// A store, a repository and commands for it.
struct Bank: Sendable {
    let store: InMemoryStore
    let ids = IDSource.seeded(3)
    let accounts = Repository<Account>(ids: .seeded(4), wallClock: ManualWallClock().wallClock)

    init() {
        self.store = InMemoryStore(source: EventSource(service: "bank", epoch: IDSource.seeded(2).next()))
    }

    var transactor: Transactor<any UnitOfWork> { self.store.transactor.map { $0 } }

    func metadata(_ command: UniqueID? = nil) -> EventMetadata {
        EventMetadata(correlationID: self.ids.next(), causationID: command ?? self.ids.next())
    }

    @discardableResult
    func run(
        _ command: Account.Command, on id: UniqueID, as commandID: UniqueID? = nil
    ) async throws -> Outcome<Account> {
        let metadata = self.metadata(commandID)
        return try await self.transactor.write {
            try self.accounts.execute(command, on: id, metadata: metadata, in: $0)
        }
    }

    func load(_ id: UniqueID) async throws -> Loaded<Account> {
        try await self.transactor.read { try self.accounts.load(id, in: $0) }
    }

    func log() async throws -> [RecordedEvent] {
        try await self.transactor.read { try $0.readAll(after: .start, limit: .max) }
    }

    /// A command on each of three accounts, many times over, some of them refused.
    func trade(seed: UInt64, commands: Int) async throws {
        var chance = Chance(seed: seed)
        let accounts = (0..<3).map { _ in self.ids.next() }
        for account in accounts { try await self.run(.open(100), on: account) }
        for _ in 0..<commands {
            let amount = Int64.random(in: -60...50, using: &chance)
            do {
                try await self.run(.move(amount), on: accounts[chance.below(3)])
            } catch is Account.Overdrawn {
                continue
            }
        }
    }
}

/// The unit of these tests: the log, and tables of balances by the name of the read model.
struct Balances: Sendable, Hashable {
    var tables: [String: [UniqueID: Int64]] = [:]
}

/// Balances of all accounts, as a read model.
struct BalanceProjection: Projection {
    var name = "balances"
    var version = 1
    /// What a debit counts: other logic over the same log.
    var fee: Int64 = 0
    var failing: Position?

    struct Broken: Error {}

    static func table(_ name: String, in unit: InMemoryUnit) -> [UniqueID: Int64] {
        unit.facet(Balances.self, initially: Balances()).tables[name] ?? [:]
    }

    func reset(in unit: InMemoryUnit) throws {
        var balances = unit.facet(Balances.self, initially: Balances())
        balances.tables[self.name] = [:]
        try unit.setFacet(balances)
    }

    func apply(_ event: RecordedEvent, in unit: InMemoryUnit) throws {
        if event.position == self.failing { throw Broken() }
        var balances = unit.facet(Balances.self, initially: Balances())
        switch try Account.Fact.catalog.decode(event.event) {
        case .opened(let fact): balances.tables[self.name, default: [:]][event.aggregateID] = fact.balance
        case .debited(let fact):
            balances.tables[self.name, default: [:]][event.aggregateID, default: 0] -= fact.amount + self.fee
        case .credited(let fact):
            balances.tables[self.name, default: [:]][event.aggregateID, default: 0] += fact.amount
        case .completed: break
        }
        try unit.setFacet(balances)
    }
}
