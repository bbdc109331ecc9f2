import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The hedge decides")
struct HedgeStateMachineTests {
    @Test func `one attempt more starts when the timer fires, and no third`() {
        var machine = Hedge.StateMachine(maximumHedges: 1)
        #expect(machine.timerFired(isAllowed: true) == .start(attempt: 2, thenArm: false))
        #expect(machine.timerFired(isAllowed: true) == .wait)
    }

    @Test func `no attempt starts when the budget is empty or the call is over`() {
        var machine = Hedge.StateMachine(maximumHedges: 2)
        #expect(machine.timerFired(isAllowed: false) == .wait)
        #expect(machine.returned() == .settle)
        #expect(machine.timerFired(isAllowed: true) == .wait)
        #expect(machine.returned() == .wait)
    }

    @Test func `a failure is passed over while another attempt may succeed`() {
        var machine = Hedge.StateMachine(maximumHedges: 1)
        _ = machine.timerFired(isAllowed: true)
        #expect(machine.threw(isFinal: false) == .wait)
        #expect(machine.returned() == .settle)
        var second = Hedge.StateMachine(maximumHedges: 1)
        _ = second.timerFired(isAllowed: true)
        #expect(second.threw(isFinal: false) == .wait)
        #expect(second.threw(isFinal: false) == .settle)
    }

    @Test func `a failure that says no is the outcome`() {
        var machine = Hedge.StateMachine(maximumHedges: 1)
        _ = machine.timerFired(isAllowed: true)
        #expect(machine.threw(isFinal: true) == .settle)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `over any sequence of events it settles exactly once, and only when it must`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let maximum = Int.random(in: 1...5, using: &generator)
        var machine = Hedge.StateMachine(maximumHedges: maximum)
        var (running, started, settled) = (1, 1, 0)
        while running > 0 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let isAllowed = Bool.random(using: &generator)
                let action = machine.timerFired(isAllowed: isAllowed)
                if settled == 0, isAllowed, started <= maximum {
                    running += 1
                    started += 1
                    #expect(action == .start(attempt: started, thenArm: started <= maximum))
                } else {
                    #expect(action == .wait)
                }
            case 2:
                running -= 1
                #expect(machine.returned() == (settled == 0 ? .settle : .wait))
                settled = 1
            default:
                running -= 1
                let isFinal = Int.random(in: 0..<8, using: &generator) == 0
                let mustSettle = settled == 0 && (isFinal || running == 0)
                #expect(machine.threw(isFinal: isFinal) == (mustSettle ? .settle : .wait))
                if mustSettle { settled = 1 }
            }
        }
        #expect(settled == 1)
    }
}

@Suite("The hedge in a pipeline", .timeLimit(.minutes(10)))
struct HedgeTests {
    let clock = TestClock()
    let hedge: Hedge
    let pipeline: Pipeline

    init() {
        let hedge = Hedge(named: "catalog")
        self.hedge = hedge
        self.pipeline = Pipeline(time: .test(self.clock)) { hedge }
    }

    /// Twenty calls that take 10 ms, so that the hedge knows what is usual.
    private func warmUp() async throws {
        for _ in 0..<20 {
            let call = Task { [pipeline, clock] in
                try await pipeline.run(CallTraits(isIdempotent: true)) {
                    try await clock.sleep(until: clock.now.advanced(by: .milliseconds(10)), tolerance: nil)
                }
            }
            await self.clock.waitForSleepers()
            self.clock.advance(by: .milliseconds(10))
            try await call.value
        }
    }

    /// The first attempt hangs until cancelled, the second answers.
    @discardableResult
    private func hangingCall(_ attempts: Counter, traits: CallTraits) -> Task<Int, any Error> {
        Task { [pipeline, clock] in
            try await pipeline.run(traits) {
                let attempt = attempts.increment()
                if attempt == 1 { try await clock.sleep(until: .init(offset: .seconds(10_000)), tolerance: nil) }
                return attempt
            }
        }
    }

    @Test func `a slow call is asked again after the usual time, and the first attempt is cancelled`() async throws {
        try await self.warmUp()
        let delay = try #require(self.hedge.snapshot().delay)
        #expect(delay >= .milliseconds(10) && delay <= .milliseconds(11))
        let attempts = Counter()
        let call = self.hangingCall(attempts, traits: CallTraits(isIdempotent: true))
        await self.clock.waitForSleepers(2)
        self.clock.advance(by: delay)
        #expect(try await call.value == 2)
        #expect(self.clock.sleeperCount == 0)
        let snapshot = self.hedge.snapshot()
        #expect([snapshot.calls, snapshot.hedges, snapshot.wins] == [21, 1, 1])
    }

    @Test func `a call that is not idempotent is never asked twice`() async throws {
        try await self.warmUp()
        let attempts = Counter()
        let call = self.hangingCall(attempts, traits: CallTraits())
        await self.clock.waitForSleepers(1)
        self.clock.advance(by: .seconds(60))
        #expect(self.clock.sleeperCount == 1)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(attempts.value == 1)
        #expect(self.hedge.snapshot().passed == 1)
    }

    @Test func `what a hedged call makes in turn is not taken to be idempotent`() async throws {
        let inner = Pipeline(time: .test(self.clock)) { self.hedge }
        let seen = try await self.pipeline.run(.critical, CallTraits(isIdempotent: true, group: "a")) {
            try await inner.run { (CallPriority.current, CallTraits.current) }
        }
        #expect(seen == (.critical, CallTraits(isIdempotent: false, group: "a")))
        #expect(self.hedge.snapshot().passed == 1)
    }

    @Test func `when everything is slow the budget bounds the hedges`() async throws {
        try await self.warmUp()
        let tasks = (0..<30).map { _ in
            Task { [pipeline, clock] in
                try await pipeline.run(CallTraits(isIdempotent: true)) {
                    try await clock.sleep(until: .init(offset: .seconds(20)), tolerance: nil)
                }
            }
        }
        await self.clock.waitForSleepers(60)
        self.clock.advance(by: .milliseconds(20))
        // 50 calls, a tenth of them: five hedges sleep beside the thirty attempts; the timers are gone.
        await self.clock.waitForSleepers(35)
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
        let snapshot = self.hedge.snapshot()
        #expect(snapshot.hedges == 5)
        #expect(snapshot.suppressedByBudget == 25)
        #expect(self.clock.sleeperCount == 0)
    }

    @Test func `cancelling the caller cancels both attempts`() async throws {
        try await self.warmUp()
        let call = Task { [pipeline, clock] in
            try await pipeline.run(CallTraits(isIdempotent: true)) {
                try await clock.sleep(until: .init(offset: .seconds(10_000)), tolerance: nil)
            }
        }
        await self.clock.waitForSleepers(2)
        self.clock.advance(by: .milliseconds(11))
        await self.clock.waitForSleepers(2)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(self.clock.sleeperCount == 0)
    }

    @Test func `a failure of the first attempt before the hedge starts is the call's`() async throws {
        try await self.warmUp()
        await #expect(throws: Failure(number: 7)) {
            try await self.pipeline.run(CallTraits(isIdempotent: true)) { throw Failure(number: 7) }
        }
        #expect(self.hedge.snapshot().hedges == 0)
    }

    @Test func `settings out of range are named`() {
        var configuration = Hedge.Configuration()
        configuration.quantile = 0.2
        configuration.maximumHedges = 9
        #expect(
            configuration.problems() == ["quantile must lie in 0.5...0.999", "maximumHedges must lie in 1...5"])
    }
}
