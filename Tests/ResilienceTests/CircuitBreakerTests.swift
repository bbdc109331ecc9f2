import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The circuit breaker in a pipeline", .timeLimit(.minutes(10)))
struct CircuitBreakerTests {
    let clock = TestClock()
    let breaker: CircuitBreaker
    let pipeline: Pipeline

    init() {
        let breaker = CircuitBreaker(named: "payments")
        self.breaker = breaker
        self.pipeline = Pipeline(time: .test(self.clock)) { breaker }
    }

    func fail(_ times: Int, with error: any Error = Failure()) async {
        for _ in 0..<times {
            await #expect(throws: (any Error).self) { try await self.pipeline.run { throw error } }
        }
    }

    @Test func `open, it refuses without calling and explains itself`() async throws {
        await self.fail(5)
        self.clock.advance(by: .milliseconds(17_500))
        let calls = Counter()
        let refusal = await #expect(throws: Refusal.self) { try await self.pipeline.run { calls.increment() } }
        #expect(calls.value == 0)
        #expect(refusal?.code == .circuitOpen)
        #expect(refusal?.retryAfter == .milliseconds(42_500))
        #expect(
            refusal?.message
                == "Circuit breaker is OPEN: 'payments' saw 5 failures within 10 s; try again in 42.5 s.")
    }

    @Test func `it closes again after the recovery time and three successes`() async throws {
        await self.fail(5)
        self.clock.advance(by: .seconds(60))
        for _ in 0..<3 { _ = try await self.pipeline.run { 1 } }
        #expect(self.breaker.status(at: .seconds(60)).status == .closed(recentFailures: 0))
    }

    @Test func `cancellation never counts as a failure`() async {
        await self.fail(50, with: CancellationError())
        #expect(self.breaker.status(at: .seconds(0)).status == .closed(recentFailures: 0))
    }

    @Test func `the classifier decides what a failure is`() async {
        var configuration = CircuitBreaker.Configuration()
        configuration.classifier = Classifier { ($0 as? Failure)?.number == 404 ? .answered : .permanent }
        let breaker = CircuitBreaker(named: "catalog", configuration)
        let pipeline = Pipeline(time: .test(self.clock)) { breaker }
        for _ in 0..<9 {
            await #expect(throws: Failure(number: 404)) { try await pipeline.run { throw Failure(number: 404) } }
        }
        #expect(breaker.status(at: .seconds(0)).status == .closed(recentFailures: 0))
        for _ in 0..<5 {
            await #expect(throws: Failure(number: 500)) { try await pipeline.run { throw Failure(number: 500) } }
        }
        #expect(breaker.status(at: .seconds(0)).status == .open(remaining: .seconds(60)))
    }

    @Test func `the snapshot counts what happened`() async throws {
        _ = try await self.pipeline.run { 1 }
        await self.fail(6)
        let snapshot = try #require(self.pipeline.snapshot().strategies.first)
        #expect(snapshot.state == "OPEN")
        #expect(snapshot[figure: "admitted"] == 6)
        #expect(snapshot[figure: "rejected"] == 1)
        #expect(snapshot[figure: "successes"] == 1)
        #expect(snapshot[figure: "failures"] == 5)
        #expect(snapshot[figure: "transitions"] == 1)
    }

    @Test func `a bad configuration names every bad setting`() {
        var configuration = CircuitBreaker.Configuration()
        configuration.failureThreshold = 0
        configuration.recoveryTime = .zero
        #expect(
            configuration.problems() == [
                "failureThreshold must be at least 1", "recoveryTime must be more than zero",
            ])
        #expect(CircuitBreaker.Configuration().problems() == [])
    }
}
