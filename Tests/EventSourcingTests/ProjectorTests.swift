import Essentials
import EssentialsTesting
import EventSourcing
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ProjectorTests {
    private let bank = Bank()

    private func projector(_ projections: BalanceProjection...) -> Projector<InMemoryUnit> {
        Projector(projections) { $0 }
    }

    private func table(_ name: String = "balances") async throws -> [UniqueID: Int64] {
        try await self.bank.store.transactor.read { BalanceProjection.table(name, in: $0) }
    }

    private func checkpoint(_ name: String = "balances") async throws -> Int64 {
        try await self.bank.transactor.read { try $0.checkpoint("projection/\(name)").value }
    }

    @Test func `a read model advances in the transaction of the command`() async throws {
        let projector = self.projector(BalanceProjection())
        let (id, metadata, bank) = (self.bank.ids.next(), self.bank.metadata(), self.bank)
        let seen = try await bank.store.transactor.write { unit in
            _ = try bank.accounts.execute(.open(7), on: id, metadata: metadata, in: unit)
            try projector.advance(in: unit)
            return BalanceProjection.table("balances", in: unit)
        }
        #expect(seen == [id: 7])
        #expect(try await self.table() == [id: 7])
        #expect(try await self.checkpoint() == 1)
    }

    @Test func `a projection that fails takes its events and its checkpoint with it`() async throws {
        let id = self.bank.ids.next()
        try await self.bank.run(.open(7), on: id)
        let failing = self.projector(BalanceProjection(failing: Position(2)))
        try await failing.catchUp(using: self.bank.store.transactor)
        let (metadata, bank) = (self.bank.metadata(), self.bank)
        await #expect(throws: BalanceProjection.Broken.self) {
            try await bank.store.transactor.write { unit in
                _ = try bank.accounts.execute(.move(1), on: id, metadata: metadata, in: unit)
                try failing.advance(in: unit)
            }
        }
        #expect(try await self.bank.log().count == 1)
        #expect(try await self.table() == [id: 7])
        #expect(try await self.checkpoint() == 1)
    }

    @Test(arguments: UInt64(1)...6)
    func `rebuilt equals live`(seed: UInt64) async throws {
        let projector = self.projector(BalanceProjection())
        let store = self.bank.store.transactor
        for round in 0..<4 {
            try await self.bank.trade(seed: seed &* 31 &+ UInt64(round), commands: 20)
            _ = try await store.write { try projector.advance(in: $0, limit: 7) }
        }
        try await projector.catchUp(using: store)
        let live = try await self.table()
        #expect(try await projector.rebuild("balances", using: store))
        #expect(try await self.table() == live)
        for (id, balance) in live { #expect(try await self.bank.load(id).root.balance == balance) }
    }

    @Test func `events come in batches of at most the limit, and advance tells when it is done`() async throws {
        try await self.bank.run(.moveMany(10), on: self.bank.ids.next())
        let projector = self.projector(BalanceProjection())
        var checkpoints: [Int64] = []
        var isDone = false
        while !isDone {
            isDone = try await self.bank.store.transactor.write { try projector.advance(in: $0, limit: 4) }
            checkpoints.append(try await self.checkpoint())
        }
        #expect(checkpoints == [4, 8, 10])
        #expect(try await self.bank.store.transactor.write { try projector.advance(in: $0) })
    }

    @Test func `read models at different places each get what they lack`() async throws {
        let first = BalanceProjection()
        let id = self.bank.ids.next()
        try await self.bank.run(.moveMany(5), on: id)
        try await self.projector(first).catchUp(using: self.bank.store.transactor)
        try await self.bank.run(.moveMany(5), on: id)
        let both = self.projector(first, BalanceProjection(name: "second"), BalanceProjection(name: "third"))
        try await both.catchUp(using: self.bank.store.transactor)
        for name in both.names { #expect(try await self.table(name) == [id: 10]) }
    }

    @Test func `a changed version rebuilds the read model, the same does not`() async throws {
        let id = self.bank.ids.next()
        try await self.bank.run(.open(100), on: id)
        try await self.bank.run(.move(-10), on: id)
        let store = self.bank.store.transactor
        try await self.projector(BalanceProjection()).catchUp(using: store)
        try await self.projector(BalanceProjection(fee: 1)).catchUp(using: store)
        #expect(try await self.table() == [id: 90])
        try await self.projector(BalanceProjection(version: 2, fee: 1)).catchUp(using: store)
        #expect(try await self.table() == [id: 89])
    }

    @Test func `rebuilding what nobody knows is answered with no`() async throws {
        #expect(try await !self.projector(BalanceProjection()).rebuild("nobody", using: self.bank.store.transactor))
    }

    @Test func `what if: other logic over the same log gives other balances and changes nothing`() async throws {
        let id = self.bank.ids.next()
        for command in [Account.Command.open(1000), .move(-100), .move(100), .complete] {
            try await self.bank.run(command, on: id)
        }
        let store = self.bank.store.transactor
        try await self.projector(BalanceProjection()).catchUp(using: store)
        try await self.projector(BalanceProjection(name: "what-if", fee: 3)).catchUp(using: store)
        #expect(try await self.table() == [id: 1000])
        #expect(try await self.table("what-if") == [id: 997])
        let log = try await self.bank.log()
        for pageSize in [1, 3, 4, 1000] {
            let moved = try await self.bank.transactor.replay(into: Int64(0), pageSize: pageSize) { sum, event in
                switch try Account.Fact.catalog.decode(event.event) {
                case .opened, .completed: break
                case .debited(let fact): sum += fact.amount
                case .credited(let fact): sum += fact.amount
                }
            }
            #expect(moved == 200)
        }
        #expect(try await self.bank.log() == log)
    }
}
