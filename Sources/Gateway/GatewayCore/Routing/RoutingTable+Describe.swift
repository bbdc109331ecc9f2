import HTTPWire
import Resilience

extension RoutingTable {
    /// A decision as lines of `name: value`, for people and for golden files.
    public func describe(_ decision: RouteDecision, _ request: RequestText) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        switch decision.outcome {
        case .forward(let group): lines.append(("forward", self.groups[group]))
        case .redirect(let status):
            lines.append(("redirect", "\(status) \(self.location(decision, request, isSecure: false))"))
        case .refuse(let refusal): lines.append(("refuse", "\(refusal.status) \(refusal.rawValue)"))
        }
        guard decision.route >= 0 else { return lines }
        let route = self.routes[decision.route]
        lines.append(("route", route.name))
        if decision.group != nil { lines.append(("target", self.target(decision, request))) }
        if decision.needsToken { lines.append(("token", (["needed"] + route.policy.scopes).joined(separator: " "))) }
        if route.policy.isLegacy { lines.append(("envelope", "older")) }
        if route.policy.priority != .standard { lines.append(("importance", "\(route.policy.priority)")) }
        if decision.version > 0 { lines.append(("version", "\(decision.version)")) }
        if !decision.tenant.isEmpty {
            lines.append(("tenant", request.bytes.span.bytes.extracting(decision.tenant.bounds).text))
        }
        lines += self.answerFields(decision).map { ("answer", "\($0.name): \($0.value)") }
        return lines + route.policy.described
    }
}
