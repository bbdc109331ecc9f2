import LoadBalancing

/// What another configuration would change.
public struct GatewayChange: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        case added, removed, changed
    }

    public var kind: Kind
    /// Such as `route orders`.
    public var subject: String
    /// What of it, in words; empty unless it is changed.
    public var details: [String]

    public var description: String {
        "\(self.kind.rawValue): \(self.subject)"
            + (self.details.isEmpty ? "" : " (\(self.details.joined(separator: "; ")))")
    }
}

extension GatewayConfiguration {
    /// What `new` changes, in a stable order; empty when requests would not notice.
    public func changes(to new: GatewayConfiguration) -> [GatewayChange] {
        let (before, after) = (self.table, new.table)
        var changes = Self.compare("service", self.services, new.services, by: \.name) { $0.differences(from: $1) }
        changes += Self.compare("release", self.releases, new.releases, by: \.name) { $0.differences(from: $1) }
        changes += Self.compare("route", before.routes, after.routes, by: \.name) { $0.differences(from: $1) }
        if self.certificates != new.certificates {
            changes.append(GatewayChange(kind: .changed, subject: "the certificates", details: []))
        }
        if self.settings != new.settings {
            changes.append(GatewayChange(kind: .changed, subject: "names of versions and tenants", details: []))
        }
        let kept = Set(before.routes.map(\.name)).intersection(after.routes.map(\.name))
        let (old, now) = (
            before.routes.map(\.name).filter(kept.contains), after.routes.map(\.name).filter(kept.contains)
        )
        if let moved = zip(old, now).first(where: { $0 != $1 }) {
            changes.append(
                GatewayChange(
                    kind: .changed, subject: "the order of routes",
                    details: ["\(moved.1) is asked where \(moved.0) was"]))
        }
        return changes
    }

    private static func compare<Item: Equatable>(
        _ kind: String, _ old: [Item], _ new: [Item], by name: (Item) -> String,
        _ differences: (_ new: Item, _ old: Item) -> [String]
    ) -> [GatewayChange] {
        let removed = old.filter { item in !new.contains { name($0) == name(item) } }
            .map { GatewayChange(kind: .removed, subject: "\(kind) \(name($0))", details: []) }
        return removed
            + new.compactMap { item in
                guard let before = old.first(where: { name($0) == name(item) }) else {
                    return GatewayChange(kind: .added, subject: "\(kind) \(name(item))", details: [])
                }
                guard before != item else { return nil }
                return GatewayChange(
                    kind: .changed, subject: "\(kind) \(name(item))", details: differences(item, before))
            }
    }
}

extension ServiceConfiguration {
    fileprivate func differences(from old: ServiceConfiguration) -> [String] {
        var details: [String] = []
        if case .list(let hosts) = self.source, case .list(let before) = old.source {
            let (names, earlier) = (hosts.map(\.name), before.map(\.name))
            details += names.filter { !earlier.contains($0) }.map { "host \($0) joins" }
            details += earlier.filter { !names.contains($0) }.map { "host \($0) leaves" }
            for host in hosts {
                guard let weight = before.first(where: { $0.name == host.name })?.weight, weight != host.weight else {
                    continue
                }
                details.append("weight of \(host.name) \(weight) → \(host.weight)")
            }
        } else if self.source != old.source {
            details.append("its hosts come from elsewhere")
        }
        if self.balancing.algorithm != old.balancing.algorithm {
            details.append("\(old.balancing.algorithm.rawValue) → \(self.balancing.algorithm.rawValue)")
        } else if self.balancing != old.balancing || self.key != old.key {
            details.append("balancing")
        }
        if self.health != old.health || self.healthPath != old.healthPath { details.append("health checks") }
        if self.connections != old.connections { details.append("connections") }
        if self.breaker != old.breaker { details.append("breaker") }
        return details
    }
}

extension ReleaseConfiguration {
    fileprivate func differences(from old: ReleaseConfiguration) -> [String] {
        var details: [String] = []
        if self.greenPercent != old.greenPercent {
            details.append("green \(old.greenPercent) % → \(self.greenPercent) %")
        }
        if self.blue != old.blue || self.green != old.green { details.append("services") }
        if self.steps != old.steps || self.hold != old.hold { details.append("steps") }
        if self.warmUp != old.warmUp || self.smokeTests != old.smokeTests { details.append("gates") }
        if self.key != old.key || self.header != old.header { details.append("who gets which colour") }
        return details
    }
}

extension Route {
    fileprivate func differences(from old: Route) -> [String] {
        var details: [String] = []
        if self.match != old.match { details.append("which requests it is for") }
        if self.action != old.action {
            switch (old.action, self.action) {
            case (.forward(let before), .forward(let after)): details.append("\(before.shares) → \(after.shares)")
            case (_, .forward(let after)): details.append("forwards to \(after.shares)")
            case (_, .redirect(let redirect)): details.append("redirects with \(redirect.status)")
            case (_, .refuse(let refusal)): details.append("refuses with \(refusal.status)")
            }
        }
        if self.rewrite != old.rewrite { details.append("the path of the service") }
        if self.policy != old.policy { details.append("policies") }
        if self.priority != old.priority { details.append("priority \(old.priority) → \(self.priority)") }
        if self.serves != old.serves { details.append("the life of its version") }
        return details
    }
}

extension Split {
    /// `orders`, or `new 20 %, old 80 %`.
    public var shares: String {
        let total = self.targets.reduce(0) { $0 + $1.weight }
        guard self.targets.count > 1, total > 0 else { return self.targets.first?.group ?? "nothing" }
        return self.targets.map { target in
            let tenths = target.weight * 1_000 / total
            return "\(target.group) \(tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)") %"
        }.joined(separator: ", ")
    }
}
