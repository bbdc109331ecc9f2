import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import StorageSQLite
import Testing

/// The stores that every test of the engine runs on.
enum Backend: String, CaseIterable, Sendable {
    case inMemory
    case sqlite

    func transactor() throws -> Transactor<any SagaUnit> {
        switch self {
        case .inMemory:
            let source = EventSource(service: "orders", epoch: UniqueID(high: 1, low: 1))
            return InMemoryStore(source: source).transactor.map { $0 as any SagaUnit }
        case .sqlite:
            let store = try SQLiteStore(
                path: ":memory:", service: "orders", migrations: [SagaTables.sqlite], ids: .seeded(1),
                writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
            return store.transactor.map { $0 as any SagaUnit }
        }
    }
}

struct Checkout: Codable, Hashable, Sendable {
    var done: [String] = []
    var authorisation: UniqueID?
}

typealias CheckoutSaga = SagaDefinition<Checkout, any SagaUnit>

/// A database, a clock, and three participants that outlive every engine.
final class World: Sendable {
    let clock = TestClock()
    let transactor: Transactor<any SagaUnit>
    let stock = FakeParticipant("stock")
    let bank = FakeParticipant("bank")
    let carrier = FakeParticipant("carrier")
    let id = UniqueID(high: 7, low: 7)

    init(_ transactor: Transactor<any SagaUnit>) {
        self.transactor = transactor
    }

    convenience init(_ backend: Backend) throws {
        self.init(try backend.transactor())
    }

    var wallClock: WallClock { .following(self.clock) }
    var metadata: EventMetadata { EventMetadata(correlationID: self.id) }
    var stream: StreamID { StreamID(category: "order", aggregateID: self.id) }

    func engine(
        _ definitions: [any SagaRules<any SagaUnit>], named name: String = "engine",
        _ configuration: SagaEngine<any SagaUnit>.Configuration = .init(), crash: CrashPoint = CrashPoint(),
        seed: UInt64 = 1,
    ) -> SagaEngine<any SagaUnit> {
        SagaEngine(
            named: name, transactor: crash.guarding(self.transactor), definitions: definitions,
            configuration: configuration, wallClock: self.wallClock, chance: Chance(seed: seed),
            time: TimeSource(self.clock))
    }

    /// The types of the events of the order, in order.
    func events() async throws -> [String] {
        let stream = self.stream
        return try await self.transactor.read { try $0.read(stream, after: .zero, limit: 100).map(\.type) }
    }

    func status(_ id: UniqueID? = nil) async throws -> SagaStatus? {
        let id = id ?? self.id
        return try await self.transactor.read { try $0.saga(id)?.state.status }
    }

    func journal(_ id: UniqueID? = nil) async throws -> [SagaFact] {
        let id = id ?? self.id
        return try await self.transactor.read { try $0.sagaJournal(id).map(\.fact) }
    }

    func key(_ step: String) -> UniqueID { StepContext.key(saga: self.id, step: step, direction: .action) }

    func append(_ type: String, _ context: StepContext, in unit: any SagaUnit) throws {
        try unit.append(
            [
                NewEvent(
                    id: context.derivedID(type), type: type, schemaVersion: 1, timestamp: context.now,
                    metadata: context.metadata, data: Array("{}".utf8))
            ], to: self.stream, expecting: .any)
    }
}

/// What goes wrong on the way through the checkout.
struct Trouble: Hashable, Sendable, CustomStringConvertible {
    /// The step whose participant says no.
    var rejecting: String?
    /// Steps whose first call has its effect, but whose answer is lost.
    var losing: Set<String> = []
    /// Steps whose first call fails without effect.
    var failing: Set<String> = []
    /// A step whose calls have their effect, but never answer.
    var mute: String?

    /// How the saga must end.
    var end: SagaStatus { self.rejecting == nil && self.mute == nil ? .completed : .compensated }

    var description: String {
        "rejecting \(self.rejecting ?? "nothing"), losing \(self.losing.sorted()), failing \(self.failing.sorted()), "
            + "mute \(self.mute ?? "nobody")"
    }
}

struct Lost: Error {}

extension World {
    /// create → reserve → authorise → (sleep) → confirm → ship, with every kind that may be repeated.
    func checkout(_ trouble: Trouble = Trouble(), crash: CrashPoint = CrashPoint()) -> CheckoutSaga {
        CheckoutSaga(
            "checkout",
            steps: [
                .transactional("create") { state, unit, context in
                    try self.append("Created", context, in: unit)
                    state.done.append("create")
                } compensate: { state, unit, context in
                    try self.append("Cancelled", context, in: unit)
                    state.done.append("cancel")
                },
                .idempotent("reserve") { state, context in
                    try self.call(self.stock, context, trouble, crash)
                    return state.adding("reserve")
                } compensate: { state, context in
                    try crash.effect("releasing") { self.stock.compensate(context.actionKey) }
                    return state.adding("release")
                },
                .inquirable("authorise") { state, context in
                    try self.call(self.bank, context, trouble, crash)
                    return state.adding("authorise").authorised(context.key)
                } inquire: { state, context in
                    let stands = try crash.effect("inquiring") { self.bank.stands(context.actionKey) }
                    return stands ? .happened(state.adding("authorise").authorised(context.key)) : .didNotHappen
                } compensate: { state, context in
                    try crash.effect("voiding") { self.bank.compensate(context.actionKey) }
                    return state.adding("void")
                },
                .sleep("settle", for: .seconds(5)),
                .transactional("confirm") { state, unit, context in
                    if trouble.rejecting == "confirm" { throw SagaRejection(code: "no", message: "not confirmed") }
                    if trouble.failing.contains("confirm"), context.attempt == 1 { throw Lost() }
                    try self.append("Confirmed", context, in: unit)
                    state.done.append("confirm")
                },
                .idempotent("ship") { state, context in
                    try self.call(self.carrier, context, trouble, crash)
                    return state.adding("ship")
                } compensate: { state, context in
                    try crash.effect("recalling") { self.carrier.compensate(context.actionKey) }
                    return state.adding("recall")
                },
            ])
    }

    private func call(
        _ participant: FakeParticipant, _ context: StepContext, _ trouble: Trouble, _ crash: CrashPoint,
    ) throws {
        if trouble.rejecting == context.step { throw SagaRejection(code: "no", message: "\(participant.name) says no") }
        if trouble.failing.contains(context.step), context.attempt == 1 { throw Lost() }
        let isFirst = participant.calls(context.key) == 0
        try crash.effect(context.step) { try participant.act(context.key) }
        if trouble.mute == context.step || trouble.losing.contains(context.step) && isFirst { throw Lost() }
    }

    /// Starts the checkout if it is not started.
    func start(_ definition: CheckoutSaga, on engine: SagaEngine<any SagaUnit>) async throws {
        try await engine.start(definition, id: self.id, state: Checkout(), metadata: self.metadata)
    }

    /// The checkout is done or undone, and nothing stands between.
    func expectWholeOrNothing(_ place: String) async throws {
        let status = try await self.status()
        let events = try await self.events()
        let steps = [(self.stock, "reserve"), (self.bank, "authorise"), (self.carrier, "ship")]
        switch status {
        case .completed:
            #expect(events == ["Created", "Confirmed"], "killed \(place)")
            for (participant, step) in steps {
                #expect(participant.standing == 1, "\(step) does not stand; killed \(place)")
                #expect(participant.applied(self.key(step)) == 1, "\(step) happened twice; killed \(place)")
            }
        case .compensated:
            #expect(events.filter { $0 == "Created" }.count == 1, "killed \(place)")
            #expect(events.filter { $0 == "Cancelled" }.count == 1, "killed \(place)")
            for (participant, step) in steps {
                #expect(participant.standing == 0, "\(step) still stands; killed \(place)")
                #expect(participant.applied(self.key(step)) <= 1, "\(step) happened twice; killed \(place)")
            }
        case .running, .waiting, .compensating, .parked, nil:
            Issue.record("the saga ended as \(String(describing: status)); killed \(place)")
        }
    }
}

extension Checkout {
    func adding(_ step: String) -> Checkout {
        var state = self
        state.done.append(step)
        return state
    }

    func authorised(_ id: UniqueID) -> Checkout {
        var state = self
        state.authorisation = id
        return state
    }
}
