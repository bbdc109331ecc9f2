import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

private struct Order: Sendable {}

private protocol PaymentClient: Sendable {
    func charge(_ order: Order) async throws -> String
}

private protocol Model: Sendable {
    func hints() async throws -> [String]
}

private func charge(_ order: Order, through client: any PaymentClient) async throws -> String {
    // snippet Docs/Resilience.md
    let payments = Pipeline(named: "payments") {
        Timeout(.seconds(10), named: "payments.total")
        Retry(maximumAttempts: 3)
        CircuitBreaker(named: "payments")
        Timeout(.seconds(3), named: "payments.attempt")
    }
    let receipt = try await payments.run { try await client.charge(order) }
    // end
    return receipt
}

private func hints(_ suggestions: Pipeline, _ model: any Model, templates: [String]) async throws -> [String] {
    // snippet Docs/Resilience.md
    let hints = try await suggestions.run {
        try await model.hints()
    } orElse: { _ in
        templates
    }
    // end
    return hints
}

// snippet Docs/Resilience.md
struct Logged: Strategy {
    var descriptor: StrategyDescriptor { StrategyDescriptor(kind: "Logged", name: "log") }
    func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value { try await next(call) }
}
// end

private func logIn(_ email: String, passwordMatches: Bool) throws {
    // snippet Docs/Resilience.md
    let tries = KeyedSlidingWindow<String>(named: "login.email", Rate(5, per: .seconds(900)))
    try tries.admit(email)
    if passwordMatches { tries.clear(email) }
    // end
}

private func register() throws {
    // snippet Docs/Resilience.md
    let pipelines = PipelineRegistry()
    let payments = pipelines.register(.standard(named: "payments"))
    try pipelines.update("payments") { $0.bulkhead?.maximumConcurrency = 40 }
    // end
    _ = payments
}

private func timeouts() -> Pipeline {
    // snippet Docs/Resilience/Timeout.md
    Pipeline {
        Timeout(.seconds(10), named: "payments.total")
        Retry(maximumAttempts: 3)
        CircuitBreaker(named: "payments")
        Timeout(.seconds(3), named: "payments.attempt")
    }
    // end
}

private struct ConnectionLost: Error {}

private func patience() -> Retry {
    // snippet Docs/Resilience/Retry.md
    var configuration = Retry.Configuration()
    configuration.maximumAttempts = 4
    configuration.backoff = .patient  // 1 s, 2 s, 4 s, each up to 10 % longer
    configuration.classifier = Classifier { $0 is ConnectionLost ? .transient : .permanent }
    let retry = Retry(named: "mail", configuration)
    // end
    return retry
}

@PipelineBuilder private func breakers() -> [any Strategy] {
    // snippet Docs/Resilience/CircuitBreaker.md
    CircuitBreaker(named: "payments")  // 5 failures in 10 s; 60 s; 3 successes
    CircuitBreaker(named: "stock", .prompt)  // 5 failures in 10 s; 2 s; 1 success: that of the standard pipeline
    CircuitBreaker(named: "search", .failureRate)  // half of at least 20 calls
    CircuitBreaker(named: "pool", .saturation)  // around a bulkhead: opens when that is full
    // end
}

private func reports(_ export: @Sendable () async throws -> Void) async throws {
    // snippet Docs/Resilience/Bulkhead.md
    let reports = Bulkhead(named: "reports", maximumConcurrency: 10, queueLimit: 20)
    let pipeline = Pipeline { reports }
    try await CallPriority.$current.withValue(.background) { try await pipeline.run { try await export() } }
    // end
}

private func limits() -> (RateLimiter, KeyedSlidingWindow<String>) {
    // snippet Docs/Resilience/RateLimiter.md
    let mails = RateLimiter(named: "mail", capacity: 100, refill: Rate(50, per: .seconds(1)))
    let tries = KeyedSlidingWindow<String>(named: "login.email", Rate(5, per: .seconds(900)))
    let requests = KeyedSlidingWindowCounter<String>(named: "client.minute", Rate(6_000, per: .seconds(60)))
    let clients = KeyedRateLimiter<String>(named: "client", capacity: 50, refill: Rate(10, per: .seconds(1)))
    // end
    requests.record("mia")
    clients.record("mia")
    return (mails, tries)
}

private struct Request: Sendable {}

private struct Response: Sendable {
    var status: Int
    var fields: [String: String] = [:]
}

private struct Client: Sendable {
    func send(_ request: Request) async throws -> Response { Response(status: 200) }
}

private func search(_ request: Request, by client: Client) async throws -> Response {
    // snippet Docs/Resilience.md
    var settings = Pipeline.Configuration()
    settings.retry?.classifier = .http
    settings.circuitBreaker?.classifier = .http
    let search = HTTPClientAdapter<Response>(
        .standard(named: "search", settings), status: { $0.status }, retryAfter: { $0.fields["Retry-After"] })
    let response = try await search.send { try await client.send(request) }
    // end
    return response
}

private func serve(
    _ request: Request, in pipeline: Pipeline, _ answer: @Sendable (Request) async throws -> Response
) async throws -> Response {
    // snippet Docs/Resilience.md
    let orders = HTTPServerAdapter<Request, Response>(pipeline) { refusal in
        Response(status: refusal.httpStatus, fields: refusal.httpFields.reduce(into: [:]) { $0[$1.name] = $1.value })
    }
    let response = try await orders.handle(request, at: .critical) { try await answer($0) }
    // end
    return response
}

struct ResilienceSnippets {
    @Test func `a retry waits for the clock that it was given`() async throws {
        let tries = Tries()
        @Sendable func flaky() async throws -> Int { try tries.next() }
        // snippet Docs/Resilience.md
        let clock = TestClock()
        let pipeline = Pipeline(time: .test(clock), chance: Chance(seed: 1)) { Retry(.patient) }
        async let outcome = pipeline.run { try await flaky() }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(2))
        // end
        #expect(try await outcome == 2)
    }
}

/// Fails the first time.
private final class Tries: Sendable {
    private let count = Mutex(0)
    private struct Failed: Error {}

    func next() throws -> Int {
        try self.count.withLock { count in
            count += 1
            if count == 1 { throw Failed() }
            return count
        }
    }
}
