import Essentials

extension RoutePolicy {
    /// What the gateway does with requests of the route besides forwarding them, as lines of `name: value`.
    var described: [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        if let timeout { lines.append(("timeout", Self.time(timeout))) }
        if let retries {
            let statuses = retries.statuses.map { "\($0)" }.joined(separator: " ")
            let each = retries.attemptTimeout.map { ", \(Self.time($0)) each" } ?? ""
            lines.append(
                ("retries", "\(retries.attempts) attempts\(each), on \(statuses), at most \(retries.budgetPercent) %"))
        }
        if let rateLimit {
            lines.append(
                (
                    "rate limit",
                    "\(rateLimit.requests) in \(Self.time(rateLimit.per)), \(rateLimit.burst) at once, by "
                        + rateLimit.key.described
                ))
        }
        if let bodyLimit { lines.append(("body limit", "\(bodyLimit)")) }
        if let cors { lines.append(("origins", cors.origins.joined(separator: " "))) }
        lines += Self.changes("request", self.requestHeaders.remove, self.requestHeaders.set, self.requestHeaders.add)
        lines += Self.changes("query", self.requestQuery.remove, self.requestQuery.set, self.requestQuery.add)
        lines += Self.changes("answer", self.responseHeaders.remove, self.responseHeaders.set, self.responseHeaders.add)
        if let compression {
            lines.append(
                ("compression", "\(compression.types.joined(separator: " ")) from \(compression.minimumSize)"))
        }
        if let mirror {
            let compared = mirror.compares ? ", compared" : ""
            lines.append(("mirror", "\(mirror.group) \(mirror.percent) %\(compared)"))
        }
        if let fault { lines.append(("fault", fault.described)) }
        return lines
    }

    private static func changes(
        _ of: String, _ remove: [String], _ set: [HeaderChanges.Field], _ add: [HeaderChanges.Field]
    ) -> [(name: String, value: String)] {
        remove.map { (of, "without \($0)") } + set.map { (of, "\($0.name) is \($0.value)") }
            + add.map { (of, "\($0.name) also \($0.value)") }
    }

    fileprivate static func time(_ duration: Duration) -> String { "\(duration.milliseconds) ms" }
}

extension RateLimitPolicy.Key {
    fileprivate var described: String {
        switch self {
        case .client: "client"
        case .tenant: "tenant"
        case .subject: "subject"
        case .header(let name): "header \(name)"
        }
    }
}

extension FaultPolicy {
    fileprivate var described: String {
        let parts = [
            self.delay.map { "delay \(RoutePolicy.time($0)) for \(self.delayPercent) %" },
            self.abort.map { "answer \($0) to \(self.abortPercent) %" }, self.header.map { "with header \($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}
