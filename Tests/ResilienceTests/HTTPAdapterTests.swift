import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

private struct Answer: Hashable, Sendable {
    var status: Int
    var retryAfter: String?
}

@Suite("HTTP through a pipeline", .timeLimit(.minutes(10)))
final class HTTPAdapterTests: Sendable {
    private let clock = TestClock()
    private let answers = Mutex<[Answer]>([])

    /// An adapter with three attempts, 10 ms apart, over a client that gives these answers in turn.
    private func adapter(_ answers: [Answer]) -> (HTTPClientAdapter<Answer>, CircuitBreaker) {
        self.answers.withLock { $0 = answers }
        var breaker = CircuitBreaker.Configuration()
        breaker.classifier = .http
        let retry = Retry(
            maximumAttempts: 3, backoff: .constant(.milliseconds(10)), classifier: .http)
        let gate = CircuitBreaker(named: "search", breaker)
        let pipeline = Pipeline(named: "search", time: .test(self.clock), chance: Chance(seed: 1)) {
            retry
            gate
        }
        return (HTTPClientAdapter(pipeline, status: { $0.status }, retryAfter: { $0.retryAfter }), gate)
    }

    private func next() -> Answer { self.answers.withLock { $0.removeFirst() } }

    @Test func `a bad answer is asked for again, not before it says, and a good one is returned`() async throws {
        let (adapter, _) = self.adapter([Answer(status: 503, retryAfter: "2"), Answer(status: 200)])
        async let answer = adapter.send { self.next() }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .milliseconds(1_999))
        #expect(self.answers.withLock(\.count) == 1)
        self.clock.advance(by: .milliseconds(1))
        #expect(try await answer == Answer(status: 200))
    }

    @Test func `when all attempts are used up the caller gets the last answer as it came`() async throws {
        let (adapter, breaker) = self.adapter([502, 503, 504, 200].map { Answer(status: $0) })
        async let answer = adapter.send { self.next() }
        for _ in 0..<2 {
            await self.clock.waitForSleepers()
            self.clock.advance(by: .milliseconds(10))
        }
        #expect(try await answer == Answer(status: 504))
        #expect(self.answers.withLock(\.count) == 1)
        #expect(breaker.status(at: .seconds(0)).failures == 3)
    }

    @Test func `an answer that will be the same again is not asked for again`() async throws {
        let (adapter, breaker) = self.adapter([500, 200].map { Answer(status: $0) })
        #expect(try await adapter.send { self.next() } == Answer(status: 500))
        #expect(self.answers.withLock(\.count) == 1)
        #expect(breaker.status(at: .seconds(0)).failures == 1)
    }

    @Test(arguments: [200, 301, 404, 409])
    func `what the callee decided is its answer, and counts as a success`(_ status: Int) async throws {
        let (adapter, breaker) = self.adapter([Answer(status: status)])
        #expect(try await adapter.send { self.next() }.status == status)
        #expect(breaker.status(at: .seconds(0)).successes == 1)
    }

    @Test func `a server answers a refusal with its status and when to come back`() async throws {
        let limiter = RateLimiter(named: "search", capacity: 1, refill: Rate(1, per: .seconds(60)))
        let pipeline = Pipeline(time: .test(self.clock)) { limiter }
        let server = HTTPServerAdapter<Int, [String]>(pipeline) { refusal in
            ["\(refusal.httpStatus)"] + refusal.httpFields.map { "\($0.name): \($0.value)" }
        }
        let first = try await server.handle(7, at: .important) { ["\($0) \(CallPriority.current.name)"] }
        #expect(first == ["7 important"])
        let second = try await server.handle(8) { ["\($0)"] }
        #expect(
            second == [
                "429", "Retry-After: 60", #"RateLimit-Policy: "search";q=1;w=60"#, #"RateLimit: "search";r=0;t=60"#,
            ])
    }

    @Test(arguments: [
        (Refusal.Code.circuitOpen, 503), (.bulkheadFull, 503), (.overloaded, 503), (.rateLimited, 429),
        (.deadlineExceeded, 504),
    ])
    func `every refusal has a status`(_ code: Refusal.Code, _ status: Int) {
        #expect(Refusal(code, by: "any", .because("so")).httpStatus == status)
    }
}
