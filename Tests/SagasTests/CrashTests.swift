import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import Testing

@Suite struct `A saga survives a crash at every place` {
    static let troubles = [
        Trouble(),
        Trouble(rejecting: "reserve"),
        Trouble(rejecting: "authorise"),
        Trouble(rejecting: "confirm"),
        Trouble(rejecting: "ship"),
        Trouble(losing: ["reserve", "authorise", "ship"]),
        Trouble(failing: ["reserve", "authorise", "confirm", "ship"]),
        Trouble(rejecting: "ship", losing: ["authorise"], failing: ["reserve"]),
        Trouble(mute: "reserve"),
        Trouble(mute: "ship"),
    ]

    @Test(arguments: Backend.allCases, troubles)
    func `it ends complete or fully compensated`(_ backend: Backend, _ trouble: Trouble) async throws {
        let places = try await CrashMatrix.exhaust {
            try World(backend)
        } life: { world, crash in
            let saga = world.checkout(trouble, crash: crash)
            let engine = world.engine([saga], crash: crash)
            try await world.start(saga, on: engine)
            try await engine.runToRest(world.clock)
        } verify: { world, place in
            try await world.expectWholeOrNothing(place)
            let status = try await world.status()
            #expect(status == trouble.end, "killed \(place)")
        }
        #expect(places >= 10)
    }

    @Test func `it ends well when another engine must wait for the dead one's lease`() async throws {
        try await CrashMatrix.exhaust {
            try World(.inMemory)
        } life: { world, crash in
            let saga = world.checkout(crash: crash)
            let engine = world.engine([saga], named: crash.target == nil ? "second" : "first", crash: crash)
            try await world.start(saga, on: engine)
            try await engine.runToRest(world.clock)
        } verify: { world, place in
            try await world.expectWholeOrNothing(place)
            #expect(try await world.status() == .completed)
        }
    }

    @Test(arguments: [Trouble(), Trouble(rejecting: "ship")])
    func `it ends well when the second life ends early too`(_ trouble: Trouble) async throws {
        func live(in world: World, _ crash: CrashPoint) async throws {
            let saga = world.checkout(trouble, crash: crash)
            let engine = world.engine([saga], crash: crash)
            try await world.start(saga, on: engine)
            try await engine.runToRest(world.clock)
        }
        let rehearsal = CrashPoint()
        try await live(in: World(.inMemory), rehearsal)
        for second in stride(from: 0, to: rehearsal.passed.count, by: 2) {
            try await CrashMatrix.exhaust {
                try World(.inMemory)
            } life: { world, crash in
                if crash.target == nil {
                    let again = CrashPoint(at: second)
                    do { try await live(in: world, again) } catch { #expect(again.crash != nil) }
                }
                try await live(in: world, crash)
            } verify: { world, place in
                try await world.expectWholeOrNothing("\(place), and again at \(second)")
            }
        }
    }

    @Test func `a step that must not be repeated parks the saga instead`() async throws {
        try await CrashMatrix.exhaust {
            try World(.inMemory)
        } life: { world, crash in
            let saga = CheckoutSaga(
                "mail",
                steps: [
                    .atMostOnce("mail") { state, context in
                        try crash.effect("mailing") { try world.bank.act(context.key) }
                        return state
                    }
                ])
            let engine = world.engine([saga], crash: crash)
            try await world.start(saga, on: engine)
            try await engine.runToRest(world.clock)
        } verify: { world, place in
            #expect(world.bank.calls(world.key("mail")) <= 1, "killed \(place)")
            let status = try await world.status()
            #expect(status == .completed || status == .parked, "killed \(place)")
            if world.bank.calls(world.key("mail")) == 0 { #expect(status == .parked) }
        }
    }

    @Test func `a saga that is started in a transaction that fails never begins`() async throws {
        let world = try World(.inMemory)
        let saga = world.checkout()
        let engine = world.engine([saga])
        await #expect(throws: Lost.self) {
            try await world.transactor.write { unit in
                try engine.start(saga, id: world.id, state: Checkout(), metadata: world.metadata, in: unit)
                throw Lost()
            }
        }
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == nil)
        #expect(world.stock.standing == 0)
    }
}
