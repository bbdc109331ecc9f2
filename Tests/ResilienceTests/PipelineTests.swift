import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

/// Notes when a call passes it.
private struct Tracer: Strategy {
    let name: String
    let trace: Trace

    var descriptor: StrategyDescriptor { StrategyDescriptor(kind: "Tracer", name: self.name) }

    func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        self.trace.note("\(self.name) \(call.attempt)")
        return try await next(call)
    }
}

private final class Trace: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { self.lines.withLock { $0 } }

    func note(_ line: String) { self.lines.withLock { $0.append(line) } }
}

@Suite("A pipeline", .timeLimit(.minutes(10)))
struct PipelineTests {
    let clock = TestClock()

    @Test func `without layers just runs the body`() async throws {
        let pipeline = Pipeline(time: .test(self.clock)) {}
        #expect(try await pipeline.run { "value" } == "value")
        await #expect(throws: Failure(number: 4)) { try await pipeline.run { throw Failure(number: 4) } }
    }

    @Test func `runs its layers in the order written, and the inner ones once for each attempt`() async throws {
        let trace = Trace()
        var configuration = Retry.Configuration()
        configuration.maximumAttempts = 2
        configuration.backoff.initialDelay = .nanoseconds(1)
        configuration.backoff.jitter = .full
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance { 0 }) {
            Tracer(name: "outer", trace: trace)
            Retry(configuration)
            Tracer(name: "inner", trace: trace)
        }
        await #expect(throws: Failure()) { try await pipeline.run { throw Failure() } }
        #expect(trace.all == ["outer 1", "inner 1", "inner 2"])
    }

    @Test func `conditions and loops choose layers`() {
        let trace = Trace()
        func build(_ isStrict: Bool) -> [String] {
            Pipeline {
                if isStrict { Timeout(.seconds(1)) }
                if isStrict { Tracer(name: "strict", trace: trace) } else { Tracer(name: "lax", trace: trace) }
                for name in ["a", "b"] { Tracer(name: name, trace: trace) }
            }.descriptor.strategies.map(\.name)
        }
        #expect(build(true) == ["timeout", "strict", "a", "b"])
        #expect(build(false) == ["lax", "a", "b"])
    }

    @Test func `the standard composition is documented and complete`() {
        var configuration = Pipeline.Configuration()
        configuration.rateLimit = RateLimiter.Configuration(capacity: 100, refill: Rate(50, per: .seconds(1)))
        #expect(
            Pipeline.standard(named: "payments", configuration).descriptor.description == """
                payments
                  Timeout payments.total (duration 10 s)
                  RateLimiter payments (capacity 100, refill 50 per 1 s)
                  Bulkhead payments (maximumConcurrency 20, queueLimit 10, maximumWait 30 s, alertAt 80 %)
                  Retry payments (maximumAttempts 3, backoff exponential ×2.0 from 100 ms to 30 s, full jitter, \
                budget 20 % or 10 in 10 s)
                  CircuitBreaker payments (failureThreshold 5, monitoringPeriod 10 s, recoveryTime 2 s, \
                successThreshold 1, probeLimit 1)
                  Timeout payments.attempt (duration 3 s)
                """)
    }

    @Test func `in the standard composition a dependency that hangs opens the breaker by its attempt timeouts`()
        async throws
    {
        let (clock, chance) = (self.clock, Chance { 0 })
        var configuration = Pipeline.Configuration()
        configuration.attemptTimeout = .seconds(1)
        let pipeline = Pipeline.standard(named: "payments", configuration, time: .test(clock), chance: chance)
        for expected in [Refusal.Code.deadlineExceeded, .circuitOpen] {
            let task = Task { try await pipeline.run { try await TimeSource.test(clock).sleep(for: .seconds(1_000)) } }
            let attempts = expected == .circuitOpen ? 2 : 3
            for _ in 0..<attempts {
                // The total timer, the attempt's timer and the body.
                await clock.waitForSleepers(3)
                clock.advance(by: .seconds(1))
            }
            let refusal = await #expect(throws: Refusal.self) { try await task.value }
            #expect(refusal?.code == expected)
        }
        let refusal = await #expect(throws: Refusal.self) { try await pipeline.run {} }
        #expect(refusal?.code == .circuitOpen)
    }

    @Test func `the fallback answers for any failure but cancellation`() async throws {
        let pipeline = Pipeline(time: .test(self.clock)) { CircuitBreaker(named: "suggestions") }
        for _ in 0..<6 {
            let answer = try await pipeline.run {
                throw Failure()
            } orElse: { _ in
                "template"
            }
            #expect(answer == "template")
        }
        let seen = try await pipeline.run {
            "live"
        } orElse: {
            ($0 as? Refusal)?.code.rawValue ?? ""
        }
        #expect(seen == "circuitOpen")
        await #expect(throws: CancellationError.self) {
            try await Pipeline {}.run {
                throw CancellationError()
            } orElse: { _ in
                "template"
            }
        }
    }

    @Test func `durations in explanations read well and never too short`() {
        let texts = [
            Duration.milliseconds(250), .nanoseconds(1), .milliseconds(42_500), .seconds(60), .seconds(61), .zero,
        ]
        .map { Refusal(.other, by: "x", .because("No"), retryAfter: $0).message }
        #expect(
            texts == ["250 ms", "1 ms", "42.5 s", "1 min", "61 s", "0 ms"].map { "No; try again in \($0)." })
    }
}
