import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import StorageSQLite
import Synchronization
import Testing

@Suite struct `A person` {
    /// A mail that may go out once, whose first answer is lost.
    private func mail(_ world: World) -> CheckoutSaga {
        CheckoutSaga(
            "mail",
            steps: [
                .idempotent("reserve") { state, context in
                    try world.stock.act(context.key)
                    return state
                } compensate: { state, context in
                    world.stock.compensate(context.actionKey)
                    return state
                },
                .atMostOnce("mail") { state, context in
                    if context.attempt == 1 { throw Lost() }
                    try world.bank.act(context.key)
                    return state
                } compensate: { state, context in
                    world.bank.compensate(context.actionKey)
                    return state
                },
            ])
    }

    @Test(arguments: Backend.allCases)
    func `sees why a saga is parked and retries it`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = self.mail(world)
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        let parked = try await engine.list(status: .parked)
        #expect(parked.map(\.id) == [world.id])
        #expect(parked.first?.state == .parked(.outcomeUnknown(step: "mail", message: "Lost()")))
        #expect(parked.first?.due == nil && parked.first?.owner == nil)
        try await engine.retry(world.id)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .completed)
        #expect(world.bank.calls(world.key("mail")) == 1)
        await #expect(throws: SagaError.self) { try await engine.retry(world.id) }
        await #expect(throws: SagaError.self) { try await engine.compensate(world.id) }
    }

    @Test(arguments: Backend.allCases)
    func `turns a parked saga round`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = self.mail(world)
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        try await engine.compensate(world.id, reason: "the customer called")
        try await engine.runToRest(world.clock)
        let view = try await engine.view(world.id)
        #expect(view.state == .compensated)
        #expect(view.failure == SagaFailure(.requested, step: nil, message: "the customer called"))
        #expect(world.stock.standing == 0)
        // The lost mail is compensated too, although nobody knows whether it went out.
        #expect(world.bank.compensations.tombstones == 1)
    }

    @Test func `decides about a compensation that a participant refuses`() async throws {
        let world = try World(.inMemory)
        let isStubborn = Mutex(true)
        let saga = CheckoutSaga(
            "refused",
            steps: [
                .idempotent("reserve") { state, _ in
                    state
                } compensate: { state, _ in
                    if isStubborn.withLock({ $0 }) { throw SagaRejection(code: "shipped", message: "it has left") }
                    return state
                },
                .transactional("fail") { _, _, _ in throw SagaRejection(code: "no", message: "no") },
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        let rejection = SagaRejection(code: "shipped", message: "it has left")
        #expect(
            try await engine.view(world.id).state
                == .parked(.compensationRefused(step: "reserve", rejection: rejection)))
        isStubborn.withLock { $0 = false }
        try await engine.retry(world.id)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .compensated)
    }

    @Test func `spares a saga the rest of its back-off`() async throws {
        let world = try World(.inMemory)
        let saga = CheckoutSaga(
            "patient",
            steps: [
                .idempotent("call", policy: StepPolicy(initialDelay: .seconds(20))) { state, context in
                    if context.attempt == 1 { throw Lost() }
                    return state
                }
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runUntilIdle()
        #expect(try await world.status() == .waiting)
        try await engine.retry(world.id)
        try await engine.runUntilIdle()
        #expect(try await world.status() == .completed)
        #expect(world.clock.now.offset == .zero)
    }

    @Test func `pages through sagas by id`() async throws {
        let world = try World(.sqlite)
        let saga = CheckoutSaga("only", steps: [.transactional("only", run: { _, _, _ in })])
        let engine = world.engine([saga])
        for number in 1...5 as ClosedRange<UInt64> {
            try await engine.start(
                saga, id: UniqueID(high: 1, low: number), state: Checkout(), metadata: world.metadata)
        }
        let first = try await engine.list(limit: 3)
        let second = try await engine.list(after: first.last?.id, limit: 3)
        #expect((first + second).map(\.id.low) == [1, 2, 3, 4, 5])
        await #expect(throws: SagaError.self) { try await engine.view(UniqueID(high: 9, low: 9)) }
    }
}

@Suite struct `A changed definition` {
    private func version(_ steps: [String]) -> CheckoutSaga {
        CheckoutSaga(
            "evolving",
            steps: steps.map { name in
                name == "pause"
                    ? .sleep(name, for: .seconds(10))
                    : .idempotent(name) { state, context in state.adding(context.step) }
            })
    }

    @Test(arguments: Backend.allCases)
    func `leaves old instances to the rules they began with`(_ backend: Backend) async throws {
        let world = try World(backend)
        let old = self.version(["a", "pause", "b"])
        let new = self.version(["a", "pause", "c"])
        #expect(old.plan.hash != new.plan.hash)
        try await world.start(old, on: world.engine([old]))
        try await world.engine([old]).runUntilIdle()
        let engine = world.engine([new, old])
        let second = UniqueID(high: 8, low: 8)
        try await engine.start(new, id: second, state: Checkout(), metadata: world.metadata)
        try await engine.runToRest(world.clock)
        func done(_ id: UniqueID) async throws -> [String] {
            try EventCoding.decode(Checkout.self, from: try await engine.view(id).data).done
        }
        #expect(try await done(world.id) == ["a", "b"])
        #expect(try await done(second) == ["a", "c"])
    }

    @Test(arguments: Backend.allCases)
    func `parks instances whose definition is gone until it is back`(_ backend: Backend) async throws {
        let world = try World(backend)
        let old = self.version(["a", "pause", "b"])
        let new = self.version(["a", "b"])
        try await world.start(old, on: world.engine([old]))
        try await world.engine([old]).runUntilIdle()
        let upgraded = world.engine([new])
        try await upgraded.runToRest(world.clock)
        let view = try await upgraded.view(world.id)
        #expect(view.state == .parked(.definitionMissing(hash: old.plan.hash)))
        #expect(view.steps.map(\.name) == ["a", "pause", "b"])
        try await world.engine([new, old]).runToRest(world.clock)
        #expect(try await world.status() == .completed)
    }

    @Test func `parks instances whose state it cannot read`() async throws {
        let world = try World(.inMemory)
        let old = self.version(["a", "pause", "b"])
        try await world.start(old, on: world.engine([old]))
        try await world.engine([old]).runUntilIdle()
        let incompatible = SagaDefinition<Int, any SagaUnit>(
            "evolving",
            steps: [
                .idempotent("a", run: { state, _ in state }), .sleep("pause", for: .seconds(1)),
                .idempotent("b", run: { state, _ in state }),
            ])
        #expect(incompatible.plan.hash == old.plan.hash)
        try await world.engine([incompatible]).runToRest(world.clock)
        #expect(try await world.status() == .parked)
    }

    @Test func `never keeps the engine from other sagas`() async throws {
        let store = try SQLiteStore(
            path: ":memory:", service: "orders", migrations: [SagaTables.sqlite], ids: .seeded(1),
            writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
        let world = World(store.transactor.map { $0 as any SagaUnit })
        let saga = self.version(["a"])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        _ = try await store.transactor.write { try $0.execute("UPDATE saga_entries SET fact = '{\"future\":{}}'") }
        let healthy = UniqueID(high: 8, low: 8)
        try await engine.start(saga, id: healthy, state: Checkout(), metadata: world.metadata)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .parked)
        #expect(try await world.status(healthy) == .completed)
    }

    @Test func `is told by its hash, which is the same in every process`() {
        #expect(self.version(["a", "b"]).plan.hash == "6c69156788259b351e0ab4402bf3874f")
        #expect(self.version(["a", "b"]).plan.hash != self.version(["b", "a"]).plan.hash)
        let key = StepContext.key(saga: UniqueID(high: 1, low: 2), step: "a", direction: .action)
        #expect(key.description == "77f6b0d4-f13a-8317-b5b1-03f449e1c8d7")
        #expect(key.version == 8)
        #expect(key != StepContext.key(saga: UniqueID(high: 1, low: 2), step: "a", direction: .compensation))
    }
}
