import Essentials
import EssentialsTesting
import EventSourcing
import Testing

@Suite(.timeLimit(.minutes(10)))
struct RepositoryTests {
    private let bank = Bank()
    private var id: UniqueID { UniqueID(high: 1, low: 1) }

    @Test func `replaying the transaction of the guides gives 1000, 900, 1000, 1000`() async throws {
        for command in [Account.Command.open(1000), .move(-100), .move(100), .complete] {
            try await self.bank.run(command, on: self.id)
        }
        let log = try await self.bank.log()
        #expect(log.map(\.type) == ["AccountOpened", "AccountDebited", "AccountCredited", "TransactionCompleted"])
        var account = Account()
        var balances: [Int64] = []
        for event in log {
            account.evolve(try Account.Fact.catalog.decode(event.event))
            balances.append(account.balance)
        }
        #expect(balances == [1000, 900, 1000, 1000])
        #expect(try await self.bank.load(self.id).root == account)
    }

    @Test func `a repeated command id gives the first result and one event`() async throws {
        try await self.bank.run(.open(1000), on: self.id)
        let command = self.bank.ids.next()
        let first = try await self.bank.run(.move(-100), on: self.id, as: command)
        let second = try await self.bank.run(.move(-100), on: self.id, as: command)
        #expect(!first.isRepetition && second.isRepetition)
        #expect(second.events == first.events)
        #expect(second.root == first.root && second.version == first.version)
        try await self.bank.run(.move(-900), on: self.id)
        let third = try await self.bank.run(.move(-100), on: self.id, as: command)
        #expect(third.isRepetition && third.events == first.events)
        #expect(try await self.bank.log().count == 3)
    }

    @Test func `a repeated command id is known even when a snapshot covers its events`() async throws {
        try await self.bank.run(.open(0), on: self.id)
        let command = self.bank.ids.next()
        try await self.bank.run(.move(5), on: self.id, as: command)
        try await self.bank.run(.moveMany(30), on: self.id)
        let stream = StreamID(category: "account", aggregateID: self.id)
        #expect(try await self.bank.transactor.read { try $0.snapshot(of: stream)?.version } == StreamVersion(32))
        let again = try await self.bank.run(.move(5), on: self.id, as: command)
        #expect(again.isRepetition && again.events == [.credited(AccountCredited(amount: 5))])
        #expect(again.root.balance == 35)
        #expect(try await self.bank.log().count == 32)
    }

    @Test func `fifty parallel repetitions of one command append one event`() async throws {
        try await self.bank.run(.open(1000), on: self.id)
        let command = self.bank.ids.next()
        let repetitions = try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { try await self.bank.run(.move(-1), on: self.id, as: command).isRepetition }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(repetitions == 49)
        #expect(try await self.bank.load(self.id).root.balance == 999)
    }

    @Test func `a refused command throws its reason and leaves state and log untouched`() async throws {
        try await self.bank.run(.open(10), on: self.id)
        let log = try await self.bank.log()
        await #expect(throws: Account.Overdrawn(balance: 10)) { try await self.bank.run(.move(-11), on: self.id) }
        #expect(try await self.bank.log() == log)
        #expect(try await self.bank.load(self.id).root.balance == 10)
    }

    @Test func `a refused command leaves the unit usable`() async throws {
        let bank = self.bank
        let (id, metadata) = (self.id, [bank.metadata(), bank.metadata(), bank.metadata()])
        let outcome = try await bank.transactor.write { unit in
            _ = try bank.accounts.execute(.open(10), on: id, metadata: metadata[0], in: unit)
            #expect(throws: Account.Overdrawn.self) {
                try bank.accounts.execute(.move(-11), on: id, metadata: metadata[1], in: unit)
            }
            return try bank.accounts.execute(.move(-10), on: id, metadata: metadata[2], in: unit)
        }
        #expect(outcome.root.balance == 0 && outcome.version == StreamVersion(2))
    }

    @Test func `a command that changes nothing appends nothing`() async throws {
        let outcome = try await self.bank.run(.nothing, on: self.id)
        #expect(outcome.events.isEmpty && outcome.version == .zero && !outcome.isRepetition)
        #expect(try await self.bank.log().isEmpty)
        #expect(try await !self.bank.load(self.id).exists)
    }

    @Test(arguments: [511, 512, 513, 1024, 1500])
    func `long streams are folded whole`(count: Int) async throws {
        try await self.bank.run(.moveMany(count), on: self.id)
        let stream = StreamID(category: "account", aggregateID: self.id)
        // Another schema's snapshot makes the stream be read from its start.
        try await self.bank.transactor.write {
            try $0.saveSnapshot(
                Snapshot(version: StreamVersion(1), schemaVersion: 99, data: Array("{}".utf8)), of: stream)
        }
        let loaded = try await self.bank.load(self.id)
        #expect(loaded.root.balance == Int64(count) && loaded.version == StreamVersion(Int64(count)))
    }

    @Test func `a snapshot is used when it fits`() async throws {
        try await self.bank.run(.moveMany(12), on: self.id)
        try await self.replaceSnapshot(schemaVersion: 1, data: #"{"balance":700,"completed":0}"#)
        #expect(try await self.bank.load(self.id).root.balance == 702)
    }

    @Test(arguments: [(2, #"{"balance":700,"completed":0}"#), (1, #"{"balance":"many"}"#), (1, "no JSON")])
    func `a snapshot of another schema, or one that cannot be read, is ignored`(
        schemaVersion: Int, data: String
    ) async throws {
        try await self.bank.run(.moveMany(12), on: self.id)
        try await self.replaceSnapshot(schemaVersion: schemaVersion, data: data)
        #expect(try await self.bank.load(self.id).root.balance == 12)
    }

    private func replaceSnapshot(schemaVersion: Int, data: String) async throws {
        let stream = StreamID(category: "account", aggregateID: self.id)
        try await self.bank.transactor.write { unit in
            #expect(try unit.snapshot(of: stream)?.version == StreamVersion(12))
            try unit.saveSnapshot(
                Snapshot(version: StreamVersion(10), schemaVersion: schemaVersion, data: Array(data.utf8)), of: stream)
        }
    }

    @Test func `with snapshots or without, a state is the fold of its events`() async throws {
        for seed in UInt64(1)...5 {
            let bank = Bank()
            try await bank.trade(seed: seed, commands: 120)
            let log = try await bank.log()
            for id in Set(log.map(\.aggregateID)) {
                let events = try log.filter { $0.aggregateID == id }.map { try Account.Fact.catalog.decode($0.event) }
                #expect(try await bank.load(id).root == Account(replaying: events), "seed \(seed)")
            }
        }
    }
}
