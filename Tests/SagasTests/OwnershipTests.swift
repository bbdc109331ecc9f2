import Essentials
import EssentialsTesting
import EventSourcing
import Sagas
import SagasTesting
import Synchronization
import Testing

/// Holds a call until a test lets it go on.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var held: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits until the gate is open, whether the task is cancelled or not: a thread that was stopped.
    func pass() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watchers) = self.state.withLock { state in
                if !state.isOpen { state.held.append(continuation) }
                defer { state.watchers = [] }
                return (state.isOpen, state.watchers)
            }
            if isOpen { continuation.resume() }
            for watcher in watchers { watcher.resume() }
        }
    }

    /// Returns when somebody is held.
    func waitForCaller() async {
        await withCheckedContinuation { continuation in
            let isHolding = self.state.withLock { state in
                if state.held.isEmpty { state.watchers.append(continuation) }
                return !state.held.isEmpty
            }
            if isHolding { continuation.resume() }
        }
    }

    func open() {
        let held = self.state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

@Suite(.timeLimit(.minutes(10))) struct `Ownership` {
    private func saga(_ world: World, first gate: Gate) -> CheckoutSaga {
        CheckoutSaga(
            "slow",
            steps: [
                .idempotent("reserve", policy: StepPolicy(attemptTimeout: .seconds(3_600))) { state, context in
                    if context.attempt == 1 { await gate.pass() }
                    try world.stock.act(context.key)
                    return state.adding("attempt \(context.attempt)")
                } compensate: { state, context in
                    world.stock.compensate(context.actionKey)
                    return state
                }
            ])
    }

    @Test(arguments: Backend.allCases)
    func `passes to another engine when a lease runs out, and the late write is void`(
        _ backend: Backend
    ) async throws {
        let world = try World(backend)
        let gate = Gate()
        let saga = self.saga(world, first: gate)
        let paused = world.engine([saga], named: "paused")
        try await world.start(saga, on: paused)
        async let late = paused.runUntilIdle()
        await gate.waitForCaller()
        world.clock.advance(by: .seconds(31))
        let thief = world.engine([saga], named: "thief")
        try await thief.runUntilIdle()
        #expect(try await world.status() == .completed)
        let before = try await thief.view(world.id)
        gate.open()
        _ = try await late
        let after = try await thief.view(world.id)
        #expect(after == before)
        #expect(try EventCoding.decode(Checkout.self, from: after.data).done == ["attempt 2"])
        #expect(world.stock.applied(world.key("reserve")) == 1)
    }

    @Test(arguments: Backend.allCases)
    func `is kept while the work takes, by renewing`(_ backend: Backend) async throws {
        let world = try World(backend)
        let gate = Gate()
        let saga = self.saga(world, first: gate)
        let owner = world.engine([saga], named: "owner")
        try await world.start(saga, on: owner)
        let rival = world.engine([saga], named: "rival")
        try await withThrowingTaskGroup { group in
            group.addTask { try await owner.run() }
            await gate.waitForCaller()
            for _ in 0..<12 {
                // The lease timer, the poll, and the call's own time-out.
                await world.clock.waitForSleepers(3)
                world.clock.advance(by: .seconds(10))
                try await self.waitForRenewal(world)
                try await rival.runUntilIdle()
            }
            #expect(try await world.transactor.read { try $0.saga(world.id)?.owner } == "owner")
            gate.open()
            try await self.waitForStatus(.completed, world)
            group.cancelAll()
        }
        #expect(world.stock.calls(world.key("reserve")) == 1)
    }

    @Test func `passes at once to a restarted engine of the same name`() async throws {
        let world = try World(.inMemory)
        let gate = Gate()
        let saga = self.saga(world, first: gate)
        let engine = world.engine([saga])
        try await world.start(saga, on: engine)
        async let late = engine.runUntilIdle()
        await gate.waitForCaller()
        try await world.engine([saga]).runUntilIdle()
        #expect(try await world.status() == .completed)
        #expect(world.clock.now.offset == .zero)
        gate.open()
        _ = try await late
        #expect(world.stock.applied(world.key("reserve")) == 1)
    }

    @Test func `ends when a person turns the saga round, and the overtaken call finds a tombstone`() async throws {
        let world = try World(.inMemory)
        let gate = Gate()
        let saga = self.saga(world, first: gate)
        let engine = world.engine([saga], named: "working")
        try await world.start(saga, on: engine)
        async let late = engine.runUntilIdle()
        await gate.waitForCaller()
        let other = world.engine([saga], named: "other")
        await #expect(throws: SagaError.self) { try await other.retry(world.id) }
        try await other.compensate(world.id)
        try await other.runUntilIdle()
        #expect(try await world.status() == .compensated)
        gate.open()
        _ = try await late
        #expect(try await world.status() == .compensated)
        #expect(world.stock.standing == 0)
        #expect(world.stock.calls(world.key("reserve")) == 1)
    }

    @Test(arguments: Backend.allCases)
    func `is exclusive: two engines race and no step runs twice`(_ backend: Backend) async throws {
        let world = try World(backend)
        let calls = Mutex<[UniqueID: Int]>([:])
        let saga = CheckoutSaga(
            "race",
            steps: ["one", "two", "three"].map { name in
                .atMostOnce(name) { state, context in
                    calls.withLock { $0[context.key, default: 0] += 1 }
                    await Task.yield()
                    return state
                }
            })
        let engines = ["left", "right"].map { world.engine([saga], named: $0) }
        let ids = (0..<100 as Range<UInt64>).map { UniqueID(high: 5, low: $0) }
        for id in ids {
            try await engines[0].start(saga, id: id, state: Checkout(), metadata: world.metadata)
        }
        try await withThrowingTaskGroup { group in
            for engine in engines { group.addTask { try await engine.run() } }
            for id in ids { try await self.waitForStatus(.completed, world, id) }
            group.cancelAll()
        }
        let counts = calls.withLock { $0 }
        #expect(counts.count == 300)
        #expect(counts.values.allSatisfy { $0 == 1 })
    }

    @Test(arguments: Backend.allCases)
    func `is given back when the engine is stopped, so that the next need not wait`(_ backend: Backend) async throws {
        let world = try World(backend)
        let hasBegun = Gate()
        let saga = CheckoutSaga(
            "stopped",
            steps: [
                .idempotent("reserve") { state, context in
                    if context.attempt == 1 {
                        hasBegun.open()
                        try await TimeSource(world.clock).sleep(for: .seconds(3_600))
                    }
                    try world.stock.act(context.key)
                    return state
                }
            ])
        let engine = world.engine([saga], named: "first")
        try await world.start(saga, on: engine)
        try await withThrowingTaskGroup { group in
            group.addTask { try await engine.run() }
            await hasBegun.pass()
            group.cancelAll()
            try await group.waitForAll()
        }
        let instance = try await world.transactor.read { try $0.saga(world.id) }
        #expect(instance?.owner == nil && instance?.state == .running)
        try await world.engine([saga], named: "second").runUntilIdle()
        #expect(try await world.status() == .completed)
        #expect(world.clock.now.offset == .zero)
    }

    @Test func `lets an engine take no more sagas at once than it may`() async throws {
        let world = try World(.inMemory)
        let gate = Gate()
        let running = Mutex((now: 0, most: 0))
        let saga = CheckoutSaga(
            "crowd",
            steps: [
                .idempotent("call") { state, _ in
                    running.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    await gate.pass()
                    running.withLock { $0.now -= 1 }
                    return state
                }
            ])
        var configuration = SagaEngine<any SagaUnit>.Configuration()
        configuration.concurrency = 3
        let engine = world.engine([saga], configuration)
        let ids = (0..<10 as Range<UInt64>).map { UniqueID(high: 5, low: $0) }
        try await withThrowingTaskGroup { group in
            group.addTask { try await engine.run() }
            for id in ids {
                try await engine.start(saga, id: id, state: Checkout(), metadata: world.metadata)
            }
            await gate.waitForCaller()
            while running.withLock({ $0.now }) < 3 {
                try Task.checkCancellation()
                await Task.yield()
            }
            gate.open()
            for id in ids { try await self.waitForStatus(.completed, world, id) }
            group.cancelAll()
        }
        #expect(running.withLock { $0.most } == 3)
    }

    /// Lets other tasks run until the saga is there. Moves no clock.
    private func waitForStatus(_ status: SagaStatus, _ world: World, _ id: UniqueID? = nil) async throws {
        while try await world.status(id) != status {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Lets other tasks run until the lease reaches far enough for the next ten seconds.
    private func waitForRenewal(_ world: World) async throws {
        while true {
            let due = try await world.transactor.read { try $0.saga(world.id)?.due }
            if let due, due > world.wallClock.now + .seconds(10) { return }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
