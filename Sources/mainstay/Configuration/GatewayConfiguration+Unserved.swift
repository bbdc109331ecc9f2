import GatewayCore

extension GatewayConfiguration {
    /// - Throws: a ``CommandFailure`` that names what the gateway does not act upon.
    func requireServed() throws {
        let unserved = self.unserved
        guard !unserved.isEmpty else { return }
        throw CommandFailure.environment(
            "the gateway does not yet do all that the configuration asks for:\n  " + unserved.joined(separator: "\n  "))
    }

    /// What `check`, `explain` and `diff` understand and the running gateway does not yet act upon. It does not start with
    /// these, because a limit that is written down and not kept is worse than none.
    private var unserved: [String] {
        (self.routes ?? []).flatMap { route in
            route.policy.unserved.map { "route \(route.name): \($0)" }
        }
    }
}

extension RoutePolicy {
    /// The keys that are set and not acted upon.
    fileprivate var unserved: [String] {
        let keys: KeyValuePairs = [
            "scopes": !self.scopes.isEmpty, "timeout": self.timeout != nil, "retries": self.retries != nil,
            "rate-limit": self.rateLimit != nil, "body-limit": self.bodyLimit != nil, "cors": self.cors != nil,
            "request-headers": !self.requestHeaders.isEmpty, "response-headers": !self.responseHeaders.isEmpty,
            "compression": self.compression != nil, "mirror": self.mirror != nil, "fault": self.fault != nil,
        ]
        return keys.filter(\.value).map(\.key)
    }
}
