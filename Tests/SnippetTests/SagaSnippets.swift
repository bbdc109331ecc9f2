import Chassis
import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import Synchronization
import Testing

private struct Checkout: Codable, Sendable {
    var order: UniqueID
    var lines: [String] = []
    var total = 0
    var payment: String?
}

private protocol Inventory: Sendable {
    func hold(_ lines: [String], key: UniqueID) async throws
    func release(_ key: UniqueID) async throws
}

private protocol Payments: Sendable {
    func authorise(_ total: Int, key: UniqueID) async throws -> String
    func outcome(of key: UniqueID) async throws -> StepInquiry<Checkout>
    func void(_ key: UniqueID) async throws
}

private protocol Orders: Sendable {
    func confirm(_ order: UniqueID, metadata: EventMetadata, in unit: any ServiceUnit) throws
}

private func checkOut(
    _ inventory: any Inventory, _ payments: any Payments, _ orders: any Orders,
    _ transactor: Transactor<any ServiceUnit>, order: StreamID, orderID: UniqueID, placed: NewEvent,
    metadata: EventMetadata,
) async throws {
    // snippet Docs/Sagas.md
    let checkout = SagaDefinition<Checkout, any ServiceUnit>(
        "checkout",
        steps: [
            .idempotent("reserve stock") { state, context in
                try await inventory.hold(state.lines, key: context.key)
                return state
            } compensate: { state, context in
                try await inventory.release(context.actionKey)
                return state
            },
            .inquirable("authorise payment") { state, context in
                var state = state
                state.payment = try await payments.authorise(state.total, key: context.key)
                return state
            } inquire: { state, context in
                try await payments.outcome(of: context.actionKey)
            } compensate: { state, context in
                try await payments.void(context.actionKey)
                return state
            },
            .transactional("confirm order") { state, unit, context in
                try orders.confirm(state.order, metadata: context.metadata, in: unit)
            },
        ])

    let engine = SagaEngine(named: "orders-1", transactor: transactor, definitions: [checkout], journal: { $0 })

    try await transactor.write { unit in
        try unit.append([placed], to: order, expecting: .exactly(.zero))
        try engine.start(checkout, id: orderID, state: Checkout(order: orderID), metadata: metadata, in: unit)
    }
    try await engine.run()
    // end
}

private final class World: Sendable {
    let clock = TestClock()
    let id = UniqueID(high: 7, low: 7)
    let transactor: Transactor<any SagaUnit> = InMemoryStore.fresh().transactor.map { $0 }
    private let calls = Mutex<[String]>([])

    var metadata: EventMetadata { EventMetadata(correlationID: self.id) }
    /// Nothing was called, or both steps were.
    var isWholeOrNothing: Bool { self.calls.withLock { Set($0).count != 1 } }

    func checkout(_ crash: CrashPoint) -> SagaDefinition<Checkout, any SagaUnit> {
        SagaDefinition(
            "checkout",
            steps: ["hold", "pay"].map { name in
                .idempotent(name) { state, _ in
                    try crash.effect(name) { self.calls.withLock { $0.append(name) } }
                    return state
                }
            })
    }
}

struct SagaSnippets {
    @Test func `a saga is whole or nothing wherever it is killed`() async throws {
        // snippet Docs/Sagas.md
        try await CrashMatrix.exhaust {
            World()
        } life: { world, crash in
            let saga = world.checkout(crash)
            let engine = SagaEngine(
                named: "test", transactor: crash.guarding(world.transactor), definitions: [saga], journal: { $0 },
                wallClock: .following(world.clock), chance: Chance(seed: 1), time: TimeSource(world.clock))
            try await engine.start(saga, id: world.id, state: Checkout(order: world.id), metadata: world.metadata)
            try await engine.runToRest(world.clock)
        } verify: { world, place in
            #expect(world.isWholeOrNothing, "killed \(place)")
        }
        // end
    }
}
