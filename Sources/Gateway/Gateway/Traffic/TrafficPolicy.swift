import Chassis
import Essentials
import GatewayCore
import HTTPTransport
import HTTPTypes
import Identity
import Resilience
import Synchronization

/// What a route does with its requests beyond forwarding them, compiled once and asked by both shells. Most routes have
/// none, which costs a comparison.
final class TrafficPolicy: Sendable {
    let route: String
    let policy: RoutePolicy
    /// Nil where nothing is changed.
    let requestEdit: HeaderEdit?
    let answerEdit: HeaderEdit?
    /// `X-Mainstay-Deadline`, where the route has a time of its own.
    let deadlineLine: [UInt8]?
    /// The header by whose value requests are counted, in lower case.
    let limitHeader: [UInt8]?
    let faultHeader: [UInt8]?
    private let limit: RouteLimit?
    private let budget: Mutex<RetryBudget>?

    /// - Returns: nil for a route that does nothing of the kind.
    init?(_ route: GatewayCore.Route, keeping earlier: TrafficPolicy?, time: TimeSource) {
        var plain = RoutePolicy()
        plain.needsToken = route.policy.needsToken
        plain.isLegacy = route.policy.isLegacy
        plain.priority = route.policy.priority
        guard route.policy != plain else { return nil }
        let policy = route.policy
        self.route = route.name
        self.policy = policy
        self.requestEdit = policy.requestHeaders.isEmpty ? nil : HeaderEdit(policy.requestHeaders)
        self.answerEdit = policy.responseHeaders.isEmpty ? nil : HeaderEdit(policy.responseHeaders)
        self.deadlineLine = policy.timeout.map { Array("X-Mainstay-Deadline: \($0.milliseconds)\r\n".utf8) }
        if case .header(let name) = policy.rateLimit?.key {
            self.limitHeader = Array(name.lowercased().utf8)
        } else {
            self.limitHeader = nil
        }
        self.faultHeader = policy.fault?.header.map { Array($0.lowercased().utf8) }
        // What was counted stays counted when other things change.
        let isSame = earlier?.policy.rateLimit == policy.rateLimit
        self.limit = isSame ? earlier?.limit : policy.rateLimit.map { RouteLimit($0, route: route.name, time: time) }
        self.budget = policy.retries.map { Mutex(RetryBudget($0.budget)) }
    }

    /// - Throws: a problem when the token does not allow what the route asks for.
    func requireScopes(_ principal: Principal?) throws(Problem) {
        guard !self.policy.scopes.isEmpty else { return }
        let missing = self.policy.scopes.filter { principal?.has(scope: $0) != true }
        guard !missing.isEmpty else { return }
        let all = self.policy.scopes.joined(separator: " ")
        throw Problem(
            .insufficientScope, "the token does not allow this; missing: \(missing.joined(separator: ", "))",
            details: ["missing": .array(missing.map { .string($0) }), "route": .string(self.route)],
            headers: [.wwwAuthenticate: "Bearer error=\"insufficient_scope\", scope=\"\(all)\""])
    }

    /// Counts a request.
    /// - Parameter key: of the requests that it is counted with.
    /// - Returns: what the client is told about its limit.
    /// - Throws: a `Refusal` when it is used up.
    func count(_ key: @autoclosure () -> UInt64) throws -> [HeaderChanges.Field] {
        guard let limit else { return [] }
        return try limit.admit(key())
    }

    /// - Throws: a problem when the body is too large.
    func requireBody(of count: Int) throws(Problem) {
        guard let limit = self.policy.bodyLimit, count > limit.bytes else { return }
        throw Problem.bodyTooLarge(limit)
    }

    // MARK: Retries

    /// A request is about to be sent for the first time.
    func began(at now: Tick) { self.budget?.withLock { $0.deposit(at: now) } }

    /// Whether one that failed is sent again, as far as the route's budget goes.
    func repeats(after failure: ProxyFailure, at now: Tick) -> Bool {
        guard let retries = self.policy.retries else { return failure == .brokeOff }
        if case .status(let status) = failure, !retries.statuses.contains(status) { return false }
        return self.budget?.withLock { $0.withdraw(at: now) } ?? false
    }
}

/// The limit of a route, shared by everybody who serves it.
final class RouteLimit: Sendable {
    private let limiter: KeyedRateLimiter<UInt64>
    private let policyField: HeaderChanges.Field
    private let name: String

    init(_ policy: RateLimitPolicy, route: String, time: TimeSource) {
        let rate = Rate(policy.requests, per: policy.per)
        self.limiter = KeyedRateLimiter(named: route, capacity: policy.burst, refill: rate, time: time)
        self.name = Refusal.structuredString(route)
        self.policyField = .init(
            "RateLimit-Policy", "\(self.name);q=\(policy.requests);w=\(Swift.max(1, policy.per.components.seconds))")
    }

    func admit(_ key: UInt64) throws -> [HeaderChanges.Field] {
        switch self.limiter.record(key) {
        case .allowed(let remaining): return [self.policyField, .init("RateLimit", "\(self.name);r=\(remaining)")]
        case .refused(let retryAfter): throw self.limiter.refusal(retryAfter)
        }
    }
}
