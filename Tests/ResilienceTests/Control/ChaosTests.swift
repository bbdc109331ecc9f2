import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Chaos layers", .timeLimit(.minutes(10)))
struct ChaosTests {
    let clock = TestClock()
    let lever = ChaosSwitch()

    private func hits(_ pipeline: Pipeline, of count: Int) async -> [Bool] {
        var hits: [Bool] = []
        for _ in 0..<count { hits.append((try? await pipeline.run {}) == nil) }
        return hits
    }

    @Test func `one that is off lets everything pass and draws no chance`() async throws {
        let draws = Counter()
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance { UInt64(draws.increment()) }) {
            Chaos.Fault(named: "fault", when: self.lever)
        }
        #expect(await self.hits(pipeline, of: 100).allSatisfy { !$0 })
        #expect(draws.value == 0)
        #expect(self.lever.snapshot.calls == 100)
        #expect(self.lever.snapshot.injected == 0)
    }

    @Test func `it strikes at its rate, and the same calls for the same seed`() async throws {
        self.lever.setting = ChaosSwitch.Setting(injectionRate: 0.2)
        func run(seed: UInt64) async -> [Bool] {
            let pipeline = Pipeline(time: .test(self.clock), chance: Chance(seed: seed)) {
                Chaos.Fault(named: "fault", when: self.lever)
            }
            return await self.hits(pipeline, of: 2_000)
        }
        let first = await run(seed: 7)
        #expect(await run(seed: 7) == first)
        #expect(await run(seed: 8) != first)
        // 400 expected, standard deviation 18.
        #expect((320...480).contains(first.count { $0 }))
    }

    @Test func `only calls that the predicate names are hit`() async throws {
        self.lever.setting = ChaosSwitch.Setting(injectionRate: 1) { call in
            call.pipeline == "payments" && CallPriority.current == .critical
        }
        let fault = Chaos.Fault(named: "fault", when: self.lever)
        let payments = Pipeline(named: "payments", time: .test(self.clock)) { fault }
        let catalog = Pipeline(named: "catalog", time: .test(self.clock)) { fault }
        await #expect(throws: Chaos.InjectedFault(pipeline: "payments")) {
            try await payments.run(.critical) {}
        }
        try await payments.run {}
        try await catalog.run(.critical) {}
    }

    @Test func `an injected fault is what the layers outside react to`() async throws {
        self.lever.setting = .always
        let breaker = CircuitBreaker(named: "payments")
        let pipeline = Pipeline(time: .test(self.clock)) {
            breaker
            Chaos.Fault(named: "fault", when: self.lever)
        }
        #expect(await self.hits(pipeline, of: 8).allSatisfy { $0 })
        #expect(self.lever.snapshot.injected == 5)
        #expect(breaker.status(at: .seconds(0)).status.name == "OPEN")
    }

    @Test func `latency waits within its range before the call starts`() async throws {
        self.lever.setting = .always
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance(seed: 3)) {
            Chaos.Latency(.milliseconds(100)...(.milliseconds(200)), named: "slow", when: self.lever)
        }
        let call = Task { [clock] in try await pipeline.run { clock.now.offset } }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .milliseconds(99))
        #expect(self.clock.sleeperCount == 1)
        self.clock.advance(by: .milliseconds(101))
        #expect(try await call.value == .milliseconds(200))
    }

    @Test func `an outcome replaces answers of its type only, without running the call`() async throws {
        self.lever.setting = .always
        let pipeline = Pipeline(time: .test(self.clock)) {
            Chaos.Outcome(named: "wrong", when: self.lever) { _ in 503 }
        }
        let runs = Counter()
        #expect(try await pipeline.run { runs.increment() } == 503)
        #expect(runs.value == 0)
        #expect(try await pipeline.run { "text" } == "text")
        #expect(self.lever.snapshot.injected == 1)
    }

    @Test func `a behaviour is done before the call, and what it throws the call throws`() async throws {
        self.lever.setting = .always
        let count = Counter()
        let pipeline = Pipeline(time: .test(self.clock)) {
            Chaos.Behaviour(named: "drop", when: self.lever) { _ in if count.increment() > 1 { throw Failure() } }
        }
        #expect(try await pipeline.run { count.value } == 1)
        await #expect(throws: Failure()) { try await pipeline.run {} }
    }

    @Test func `turning it off while calls run takes effect with the next call`() async throws {
        self.lever.setting = .always
        let pipeline = Pipeline(time: .test(self.clock)) { Chaos.Fault(named: "fault", when: self.lever) }
        #expect(await self.hits(pipeline, of: 1) == [true])
        self.lever.setting = .off
        #expect(await self.hits(pipeline, of: 1) == [false])
        #expect(
            pipeline.descriptor.strategies[0].description == "ChaosFault fault (injectionRate 0.0, isEnabled false)")
        #expect(pipeline.snapshot().strategies[0].state == "OFF")
    }
}
