import Essentials
import FeatureFlags
import LoadBalancing
import Resilience

private protocol ProductClient: Sendable {
    func product(_ id: Int) async throws -> String
}

private protocol Client: Sendable {
    func get(_ address: String) async throws -> String
}

private protocol Model: Sendable {
    func hints() async throws -> [String]
}

private func adaptive(
    _ request: String, _ handle: @Sendable (String) async throws -> String
) async throws -> String {
    // snippet Docs/Resilience/AdaptiveLimit.md
    let limit = AdaptiveLimit(named: "orders")
    let orders = Pipeline(named: "orders") { limit }
    let answer = try await orders.run(.critical) { try await handle(request) }
    // end
    return answer
}

private func shed(_ customer: String, _ report: @Sendable () async throws -> Void) async throws {
    // snippet Docs/Resilience/Shedding.md
    let limit = AdaptiveLimit(named: "orders")
    let orders = Pipeline(named: "orders") {
        Shedding(named: "orders", before: limit)
        limit
    }
    try await orders.run(.background, CallTraits(group: customer)) { try await report() }
    // end
}

private func hedged(_ id: Int, _ client: any ProductClient) async throws -> String {
    // snippet Docs/Resilience/Hedge.md
    let catalog = Pipeline(named: "catalog") {
        Timeout(.seconds(2))
        Hedge(named: "catalog")
    }
    let product = try await catalog.run(CallTraits(isIdempotent: true)) { try await client.product(id) }
    // end
    return product
}

private func chaos() -> Pipeline {
    // snippet Docs/Resilience/Chaos.md
    let lever = ChaosSwitch()
    let payments = Pipeline(named: "payments") {
        Timeout(.seconds(2))
        CircuitBreaker(named: "payments")
        Chaos.Latency(.milliseconds(500)...(.seconds(5)), named: "slow", when: lever)
    }
    lever.setting = .init(injectionRate: 0.1) { _ in CallPriority.current != .critical }
    // end
    return payments
}

private func flagged(
    _ colours: FlagDefinition, customer: String, _ model: any Model, templates: [String]
) async throws -> ([String], String) {
    // snippet Docs/FeatureFlags.md
    let flags = InMemoryFlags(["suggestions": .rollout(percent: 10), "colour": colours])
    let features = Features(flags)

    let hints = try await features.run("suggestions", for: FlagContext(targetingKey: customer)) {
        try await model.hints()
    } fallback: { why in
        templates
    }

    let colour = FlagClient(flags).value("colour", default: "red", in: FlagContext(targetingKey: customer))
    // end
    return (hints, colour)
}

private func balanced(
    _ addresses: [String], _ client: any Client, time: TimeSource, chance: Chance
) async throws -> String {
    // snippet Docs/LoadBalancing.md
    let outliers = OutlierEjection(endpoints: addresses.count)
    let candidates = outliers.candidates(at: time.now)
    let chosen = candidates[chance.below(candidates.count)]
    let answer = try await outliers.run(chosen, time) { try await client.get(addresses[chosen]) }
    // end
    return answer
}

private struct NoHost: Error {}

private func chosen(_ client: any Client, time: TimeSource, chance: Chance) async throws -> String {
    // snippet Docs/LoadBalancing.md
    var configuration = LoadBalancer.Configuration(.leastRequest)
    configuration.slowStart = SlowStart(window: .seconds(30))
    let hosts = [BalancedHost("10.0.0.7:80"), BalancedHost("10.0.0.8:80", weight: 2)]
    var balancer = LoadBalancer(hosts, configuration, seed: chance.next(), at: time.now)

    guard let slot = balancer.pick(at: time.now) else { throw NoHost() }
    let began = time.now
    let answer = try await client.get(balancer.hosts(at: began)[slot].name)
    balancer.ended(slot, .success, took: time.now - began, at: time.now)
    // end
    return answer
}
