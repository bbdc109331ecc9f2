import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("With many threads", .timeLimit(.minutes(10)))
struct ManyThreadsTests {
    let clock = TestClock()

    /// Runs `body` on as many tasks at one time as there are copies of what threads count in, and more.
    private func crowd(_ body: @escaping @Sendable (Int) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<24 { group.addTask { await body(number) } }
        }
    }

    @Test func `nothing that is counted is lost or counted twice`() async {
        let meter = CallMeter()
        let (breaker, retry) = (CircuitBreaker(named: "payments"), Retry(maximumAttempts: 1))
        let pipeline = Pipeline(time: .test(self.clock), observer: meter) {
            retry
            breaker
        }
        await self.crowd { _ in
            for _ in 0..<500 { try? await pipeline.run {} }
        }
        let status = breaker.status(at: TimeSource.test(self.clock).now)
        #expect(status.admitted == 12_000 && status.successes == 12_000 && status.rejected == 0)
        #expect(retry.snapshot().calls == 12_000)
        let counted = meter.snapshot()
        #expect(counted.successes == 12_000 && counted.calls == 12_000)
        #expect(counted.buckets.reduce(0, +) == 12_000)
    }

    @Test func `a breaker that has opened lets nobody through, on whichever thread, and all pass when it is reset`()
        async
    {
        let breaker = CircuitBreaker(named: "payments")
        let now = TimeSource.test(self.clock).now
        let admitted = Counter()
        for round in 1...20 {
            breaker.open(until: now + .seconds(60), at: now)
            await self.crowd { _ in
                if (try? breaker.admit(at: now)) != nil { admitted.increment() }
            }
            #expect(admitted.value == (round - 1) * 24)
            breaker.reset()
            await self.crowd { _ in
                guard let permit = try? breaker.admit(at: now) else { return }
                admitted.increment()
                breaker.end(permit, succeeded: true, at: now)
            }
            #expect(admitted.value == round * 24)
        }
        #expect(breaker.status(at: now).rejected == 480)
    }

    @Test func `the failure that is one too many opens it for everybody, and late answers from before change nothing`()
        async
    {
        let breaker = CircuitBreaker(named: "payments")
        let now = TimeSource.test(self.clock).now
        let permits = (0..<24).compactMap { _ in try? breaker.admit(at: now) }
        await self.crowd { number in breaker.end(permits[number], succeeded: number.isMultiple(of: 2), at: now) }
        let status = breaker.status(at: now)
        #expect(status.status == .open(remaining: .seconds(60)))
        #expect(status.transitions == 1 && status.successes == 12 && status.failures == 12)
    }

    @Test func `the retry budget knows of calls on all threads`() async {
        var configuration = Retry.Configuration()
        configuration.maximumAttempts = 2
        configuration.backoff = .constant(.nanoseconds(1))
        configuration.budget?.floor = 0
        let retry = Retry(configuration)
        let pipeline = Pipeline(time: .test(self.clock)) { retry }
        await self.crowd { _ in
            for _ in 0..<10 { try? await pipeline.run {} }
        }
        // 240 calls came; with the hundred to come a fifth of them is 48 and grows to 68.
        let calls = (0..<100).map { _ in Task { try? await pipeline.run { throw Failure() } } }
        while retry.snapshot().retries + retry.snapshot().suppressedByBudget < 100 { await Task.yield() }
        self.clock.advance(by: .seconds(1))
        for call in calls { _ = await call.value }
        #expect((48...68).contains(retry.snapshot().retries))
    }
}
