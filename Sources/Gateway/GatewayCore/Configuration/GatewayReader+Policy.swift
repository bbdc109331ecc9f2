import Essentials
import Resilience

/// The policies of a route, on top of those of all.
extension GatewayReader {
    mutating func policy(_ node: ConfigurationNode?, _ place: String, _ defaults: RoutePolicy) -> RoutePolicy {
        guard let node else { return defaults }
        var policy = defaults
        policy.needsToken = Self.boolean(node["token"]) ?? policy.needsToken
        if node["scopes"] != nil { policy.scopes = Self.texts(node["scopes"]) }
        if !policy.scopes.isEmpty, !policy.needsToken {
            self.refuse(node["scopes"] ?? node["token"], "\(place).scopes", "scopes need a token: set token to true")
        }
        policy.isLegacy = Self.boolean(node["envelope"]) ?? policy.isLegacy
        policy.priority = Self.priority(node["importance"]) ?? policy.priority
        policy.timeout = Self.duration(node["timeout"]) ?? policy.timeout
        policy.bodyLimit = node["body-limit"]?.text.flatMap(ByteText.count) ?? policy.bodyLimit
        if let retries = node["retries"] { policy.retries = Self.retries(retries) }
        if let limit = node["rate-limit"] { policy.rateLimit = Self.rateLimit(limit) }
        if let cors = node["cors"] { policy.cors = self.cors(cors, "\(place).cors") }
        if let changes = node["request-headers"] {
            policy.requestHeaders = self.changes(changes, "\(place).request-headers")
        }
        if let changes = node["request-query"] {
            policy.requestQuery.remove = Self.texts(changes["remove"])
            policy.requestQuery.set = Self.fields(changes["set"])
            policy.requestQuery.add = Self.fields(changes["add"])
        }
        if let changes = node["response-headers"] {
            policy.responseHeaders = self.changes(changes, "\(place).response-headers")
        }
        if let compression = node["compression"] { policy.compression = Self.compression(compression) }
        if let mirror = node["mirror"], let service = self.serviceName(mirror["service"], "\(place).mirror.service") {
            policy.mirror = MirrorPolicy(
                to: service, percent: Self.integer(mirror["percent"]) ?? 100,
                compares: Self.boolean(mirror["compare"]) ?? false)
        }
        if let fault = node["fault"] { policy.fault = self.fault(fault, "\(place).fault") }
        return policy
    }

    private static func priority(_ node: ConfigurationNode?) -> CallPriority? {
        switch node?.text {
        case "background": .background
        case "standard": .standard
        case "important": .important
        case "critical": .critical
        default: nil
        }
    }

    private static func retries(_ node: ConfigurationNode) -> RetryPolicy {
        var retries = RetryPolicy()
        retries.attempts = self.integer(node["attempts"]) ?? retries.attempts
        if let statuses = node["statuses"] { retries.statuses = statuses.items.compactMap { self.integer($0) } }
        retries.attemptTimeout = self.duration(node["attempt-timeout"])
        retries.budgetPercent = self.integer(node["budget"]) ?? retries.budgetPercent
        return retries
    }

    private static func rateLimit(_ node: ConfigurationNode) -> RateLimitPolicy? {
        guard let requests = self.integer(node["requests"]), let per = self.duration(node["per"]) else { return nil }
        let key: RateLimitPolicy.Key =
            switch (node["key"]?.text, node["key"]?["header"]?.text) {
            case ("tenant", _): .tenant
            case ("subject", _): .subject
            case (_, let header?): .header(header)
            default: .client
            }
        return RateLimitPolicy(requests, per: per, burst: self.integer(node["burst"]), key: key)
    }

    private mutating func cors(_ node: ConfigurationNode, _ place: String) -> CORSPolicy {
        var cors = CORSPolicy(origins: Self.texts(node["origins"]))
        if node["methods"] != nil { cors.methods = self.methods(node["methods"], "\(place).methods") }
        cors.headers = Self.texts(node["headers"])
        cors.exposes = Self.texts(node["exposes"])
        cors.allowsCredentials = Self.boolean(node["credentials"]) ?? false
        cors.maximumAge = Self.duration(node["maximum-age"]) ?? cors.maximumAge
        if cors.allowsCredentials, cors.origins.contains("*") {
            self.refuse(node["credentials"], "\(place).credentials", "credentials are not for every origin: name them")
        }
        for (index, origin) in cors.origins.enumerated() where origin != "*" {
            let rest = origin.split(separator: "://", maxSplits: 1)
            guard rest.count == 2, ["http", "https"].contains(rest[0]), !rest[1].contains("/") else {
                self.refuse(
                    node["origins"], "\(place).origins[\(index)]",
                    "'\(origin)' is no origin; accepted: scheme and host, such as https://shop.example.com")
                continue
            }
        }
        return cors
    }

    private mutating func changes(_ node: ConfigurationNode, _ place: String) -> HeaderChanges {
        var changes = HeaderChanges()
        changes.remove = Self.texts(node["remove"])
        changes.set = Self.fields(node["set"])
        changes.add = Self.fields(node["add"])
        for name in changes.remove + (changes.set + changes.add).map(\.name) {
            if !Self.isToken(name) { self.refuse(node, place, "'\(name)' is no name of a header field") }
            if HeaderChanges.untouchable.contains(name.lowercased()) {
                self.refuse(node, place, "\(name) belongs to the gateway and cannot be changed")
            }
        }
        for field in changes.set + changes.add
        where field.value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            self.refuse(node, place, "the value of \(field.name) has control characters")
        }
        return changes
    }

    private static func fields(_ node: ConfigurationNode?) -> [HeaderChanges.Field] {
        (node?.members ?? []).map { .init($0.name, $0.value.text ?? "") }
    }

    private static func compression(_ node: ConfigurationNode) -> CompressionPolicy? {
        if node.text == "false" { return nil }
        var compression = CompressionPolicy()
        compression.minimumSize = node["minimum-size"]?.text.flatMap(ByteText.count) ?? compression.minimumSize
        if node["types"] != nil { compression.types = self.texts(node["types"]) }
        return compression
    }

    private mutating func fault(_ node: ConfigurationNode, _ place: String) -> FaultPolicy {
        var fault = FaultPolicy()
        fault.delay = Self.duration(node["delay"])
        fault.delayPercent = Self.integer(node["delay-percent"]) ?? 100
        fault.abort = Self.integer(node["abort"])
        fault.abortPercent = Self.integer(node["abort-percent"]) ?? 100
        fault.header = node["header"]?.text
        if fault.delay == nil, fault.abort == nil { self.refuse(node, place, "one of delay and abort is needed") }
        return fault
    }
}

extension HeaderChanges {
    /// Fields that frame a message, belong to a connection or say who somebody is.
    static let untouchable: Set<String> = [
        "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-client-ip", "x-mainstay-actor",
        "x-mainstay-causation", "x-mainstay-deadline", "x-service-request-id", "x-request-timestamp",
    ]
}
