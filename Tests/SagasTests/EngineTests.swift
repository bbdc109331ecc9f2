import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import Synchronization
import Testing

@Suite struct `An engine` {
    @Test(arguments: Backend.allCases)
    func `starts a saga with the order that it belongs to, once`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = world.checkout()
        let engine = world.engine([saga])
        let isNew = try await engine.start(saga, id: world.id, state: Checkout(), metadata: world.metadata)
        let isNewAgain = try await engine.start(saga, id: world.id, state: Checkout(), metadata: world.metadata)
        #expect(isNew && !isNewAgain)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .completed)
        let view = try await engine.view(world.id)
        let state = try EventCoding.decode(Checkout.self, from: view.data)
        #expect(state.done == ["create", "reserve", "authorise", "confirm", "ship"])
        #expect(state.authorisation == world.key("authorise"))
    }

    @Test func `refuses an id of another definition, and a definition that it was not given`() async throws {
        let world = try World(.inMemory)
        let saga = world.checkout()
        let other = CheckoutSaga("other", steps: [.transactional("only", run: { _, _, _ in })])
        let engine = world.engine([saga, other])
        try await world.start(saga, on: engine)
        await #expect(throws: SagaError.self) { try await world.start(other, on: engine) }
        let unknown = CheckoutSaga("unknown", steps: [.transactional("only", run: { _, _, _ in })])
        await #expect(throws: SagaError.self) { try await world.start(unknown, on: engine) }
    }

    @Test(arguments: Backend.allCases)
    func `commits one time more than the saga has calls`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = CheckoutSaga(
            "short",
            steps: [
                .transactional("create", run: { _, _, _ in }),
                .idempotent("one", run: { state, _ in state }),
                .transactional("between", run: { _, _, _ in }),
                .idempotent("two", run: { state, _ in state }),
                .idempotent("three", run: { state, _ in state }),
                .transactional("last", run: { _, _, _ in }),
            ])
        let crash = CrashPoint()
        let engine = world.engine([saga], crash: crash)
        try await world.start(saga, on: world.engine([saga]))
        try await engine.runUntilIdle()
        #expect(try await world.status() == .completed)
        // One to take over leases at the start and one to find nothing more to do are the engine's, not the saga's.
        #expect(crash.passed.filter { $0 == "before a write" }.count == 2 + 3 + 1)
    }

    @Test(arguments: Backend.allCases)
    func `undoes in reverse order what was done, and only that`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = world.checkout(Trouble(rejecting: "ship"))
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        let undone = try await world.journal().compactMap { fact in
            if case .compensationSucceeded(let step) = fact { step } else { nil }
        }
        #expect(undone == [2, 1, 0])
        let view = try await engine.view(world.id)
        #expect(view.failedStep == "ship")
        #expect(view.failure?.rejection?.code == "no")
        #expect(view.steps[5].action.status == .rejected)
        #expect(view.steps[5].compensation.status == .pending)
    }

    @Test func `waits longer after each failure and gives up after the last`() async throws {
        let world = try World(.inMemory)
        let calls = Mutex<[Duration]>([])
        let saga = CheckoutSaga(
            "stubborn",
            steps: [
                .idempotent(
                    "call",
                    policy: StepPolicy(
                        maximumAttempts: 4, initialDelay: .milliseconds(100), maximumDelay: .milliseconds(250))
                ) { _, _ in
                    calls.withLock { $0.append(world.clock.now.offset) }
                    throw Lost()
                } compensate: { state, _ in
                    state
                }
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        let times = calls.withLock { $0 }
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(gaps.count == 3)
        #expect(gaps[0] >= .milliseconds(50) && gaps[0] <= .milliseconds(100))
        #expect(gaps[1] >= .milliseconds(100) && gaps[1] <= .milliseconds(200))
        #expect(gaps[2] >= .milliseconds(125) && gaps[2] <= .milliseconds(250))
        #expect(try await world.status() == .compensated)
        let view = try await engine.view(world.id)
        #expect(view.failure?.code == .gaveUp)
        #expect(view.steps[0].action.attempts == 4)
        #expect(view.steps[0].action.error == "Lost()")
    }

    @Test func `counts a call that does not answer in time as lost`() async throws {
        let world = try World(.inMemory)
        let saga = CheckoutSaga(
            "slow",
            steps: [
                .idempotent(
                    "call", policy: StepPolicy(maximumAttempts: 1, attemptTimeout: .seconds(2)),
                    run: { state, _ in
                        try await TimeSource(world.clock).sleep(for: .seconds(60))
                        return state
                    },
                    compensate: { state, context in
                        world.bank.compensate(context.actionKey)
                        return state
                    })
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        async let idle = engine.runUntilIdle()
        await world.clock.waitForSleepers(2)
        world.clock.advance(by: .seconds(2))
        _ = try await idle
        #expect(try await world.status() == .compensated)
        #expect(world.bank.compensations.tombstones == 1)
        let view = try await engine.view(world.id)
        #expect(view.steps[0].action.error == "call did not answer within 2.0 seconds")
    }

    @Test func `asks about a lost call until it gets an answer, and never guesses`() async throws {
        let world = try World(.inMemory)
        let answers = Mutex([StepInquiry<Checkout>.unknown, .unknown, .happened(Checkout(done: ["found"]))])
        let calls = Mutex(0)
        let saga = CheckoutSaga(
            "payment",
            steps: [
                .inquirable("pay") { _, _ in
                    calls.withLock { $0 += 1 }
                    throw Lost()
                } inquire: { _, _ in
                    answers.withLock { $0.removeFirst() }
                }
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        #expect(calls.withLock { $0 } == 1)
        #expect(try await world.status() == .completed)
        let data = try await engine.view(world.id).data
        #expect(try EventCoding.decode(Checkout.self, from: data).done == ["found"])
    }

    @Test func `repeats a call that never left, whatever its kind`() async throws {
        let world = try World(.inMemory)
        let saga = CheckoutSaga(
            "mail",
            steps: [
                .atMostOnce("mail") { state, context in
                    if context.attempt < 3 { throw StepNotAttempted("the breaker is open") }
                    return state
                }
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .completed)
    }

    @Test func `turns round when the saga's deadline passes`() async throws {
        let world = try World(.inMemory)
        let saga = CheckoutSaga(
            "late", deadline: .seconds(10),
            steps: [
                .idempotent("reserve") { state, context in
                    try world.stock.act(context.key)
                    return state
                } compensate: { state, context in
                    world.stock.compensate(context.actionKey)
                    return state
                },
                .signal("paid", timeout: nil),
            ])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        #expect(try await world.status() == .compensated)
        #expect(try await engine.view(world.id).failure?.code == .deadlinePassed)
        #expect(world.clock.now.offset == .seconds(10))
        #expect(world.stock.standing == 0)
    }

    @Test(arguments: Backend.allCases)
    func `re-reads timers after a restart`(_ backend: Backend) async throws {
        let world = try World(backend)
        let saga = CheckoutSaga("nap", steps: [.sleep("night", for: .seconds(3_600))])
        let due = try await {
            let first = world.engine([saga])
            try await world.start(saga, on: first)
            return try await first.runUntilIdle()
        }()
        #expect(due == world.wallClock.now + .seconds(3_600))
        #expect(try await world.status() == .waiting)
        let second = world.engine([saga], named: "second")
        world.clock.advance(by: .seconds(3_599))
        try await second.runUntilIdle()
        #expect(try await world.status() == .waiting)
        world.clock.advance(by: .seconds(1))
        try await second.runUntilIdle()
        #expect(try await world.status() == .completed)
    }

    @Test(arguments: Backend.allCases, [true, false])
    func `takes a signal that comes early or late`(_ backend: Backend, _ isEarly: Bool) async throws {
        let world = try World(backend)
        let saga = CheckoutSaga(
            "booking",
            steps: [
                .idempotent("book", run: { state, _ in state }),
                .signal("booked", as: String.self, timeout: .seconds(60)) { $0.done.append($1) },
            ])
        let engine = world.engine([saga])
        func signal(_ text: String) async throws -> Bool {
            try await world.transactor.write { try engine.signal(world.id, "booked", payload: text, in: $0) }
        }
        if isEarly { #expect(try await signal("a parcel")) }
        try await world.start(saga, on: engine)
        try await engine.runUntilIdle()
        #expect(try await world.status() == (isEarly ? .completed : .waiting))
        #expect(try await signal("a parcel") == !isEarly)
        try await engine.runUntilIdle()
        let view = try await engine.view(world.id)
        #expect(view.state == .completed)
        #expect(try EventCoding.decode(Checkout.self, from: view.data).done == ["a parcel"])
    }

    @Test func `turns round when a signal does not come in time`() async throws {
        let world = try World(.inMemory)
        let saga = CheckoutSaga("booking", steps: [.signal("booked", timeout: .seconds(60))])
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        try await engine.runToRest(world.clock)
        let view = try await engine.view(world.id)
        #expect(view.state == .compensated)
        #expect(view.failure?.code == .signalTimedOut)
        #expect(view.failedStep == "booked")
    }
}
