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
