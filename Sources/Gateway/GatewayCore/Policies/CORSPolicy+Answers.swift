extension CORSPolicy {
    /// What a browser asks before it sends a request that a form could not have sent.
    public struct Preflight: Hashable, Sendable {
        /// `Origin`.
        public var origin: String
        /// `Access-Control-Request-Method`.
        public var method: String
        /// `Access-Control-Request-Headers`, split at its commas.
        public var headers: [String]

        public init(origin: String, method: String, headers: [String] = []) {
            self.origin = origin
            self.method = method
            self.headers = headers
        }

        /// Reads the fields of an `OPTIONS` request.
        /// - Parameters:
        ///   - origin: the value of `Origin`.
        ///   - method: of `Access-Control-Request-Method`.
        ///   - headers: of `Access-Control-Request-Headers`.
        /// - Returns: nil when it is no preflight.
        public init?(origin: String?, method: String?, headers: String?) {
            guard let origin, let method else { return nil }
            let names = (headers ?? "").split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
            self.init(origin: origin, method: method, headers: names.filter { !$0.isEmpty })
        }
    }

    /// What the names of the fields of the protocol's answers begin with, in lower case.
    public static let fieldPrefix = "access-control-"
    private static let prefixBytes = Array(fieldPrefix.utf8)

    /// Whether a field of an answer belongs to the protocol, so that a service's own must not stand beside the gateway's.
    public static func owns(_ name: RawSpan) -> Bool {
        let count = self.prefixBytes.count
        return name.byteCount > count && name.extracting(0..<count).equalsFolded(self.prefixBytes.span.bytes)
    }

    /// Whether pages of the origin may use the route. Compared as bytes; `https://*.example.com` covers names below it.
    public func allows(origin: String) -> Bool {
        self.origins.contains { pattern in
            if pattern == "*" { return origin != "null" || !self.allowsCredentials }
            guard let star = pattern.firstIndex(of: "*") else { return pattern == origin }
            let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
            guard origin.utf8.count > head.utf8.count + tail.utf8.count, origin.hasPrefix(head), origin.hasSuffix(tail)
            else { return false }
            // The star stands for names, not for a path, a port or an account.
            return origin.dropFirst(head.count).dropLast(tail.count).allSatisfy {
                $0.isLetter || $0.isNumber || $0 == "-" || $0 == "."
            }
        }
    }

    /// The fields of the answer (204) to a preflight. Without `Access-Control-Allow-Origin` the browser refuses.
    public func fields(for preflight: Preflight) -> [HeaderChanges.Field] {
        var fields = [
            HeaderChanges.Field("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        ]
        let allowed = Set(self.headers.map { $0.lowercased() })
        guard self.allows(origin: preflight.origin), self.methods.contains(preflight.method),
            preflight.headers.allSatisfy({ allowed.contains($0.lowercased()) || allowed.contains("*") })
        else { return fields }
        fields += self.origin(preflight.origin)
        fields.append(.init("Access-Control-Allow-Methods", self.methods.joined(separator: ", ")))
        // Those that were asked for: a star means nothing to requests with credentials.
        if !preflight.headers.isEmpty {
            fields.append(.init("Access-Control-Allow-Headers", preflight.headers.joined(separator: ", ")))
        }
        fields.append(.init("Access-Control-Max-Age", "\(self.maximumAge.components.seconds)"))
        return fields
    }

    /// The fields that an answer gets, by the request's `Origin`; nil for a request without one.
    public func fields(origin: String?) -> [HeaderChanges.Field] {
        // Caches must not give one origin's answer to another, nor to somebody without one.
        let vary = self.origins == ["*"] && !self.allowsCredentials ? [] : [HeaderChanges.Field("Vary", "Origin")]
        guard let origin, self.allows(origin: origin) else { return vary }
        let exposed =
            self.exposes.isEmpty
            ? [] : [HeaderChanges.Field("Access-Control-Expose-Headers", self.exposes.joined(separator: ", "))]
        return vary + self.origin(origin) + exposed
    }

    private func origin(_ origin: String) -> [HeaderChanges.Field] {
        if self.allowsCredentials {
            return [
                .init("Access-Control-Allow-Origin", origin), .init("Access-Control-Allow-Credentials", "true"),
            ]
        }
        return [.init("Access-Control-Allow-Origin", self.origins.contains("*") ? "*" : origin)]
    }
}
