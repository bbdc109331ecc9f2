import HTTPTypes
public import Resilience

/// Where requests go: path prefixes and the service behind each.
public struct RouteMap: Hashable, Sendable {
    /// One prefix.
    public struct Entry: Hashable, Sendable {
        /// Matches the path itself and everything below it: `/v1/orders`.
        public var prefix: String
        /// The name of the service behind it.
        public var service: String
        /// What the prefix is replaced with on the way; nil leaves it.
        public var rewrite: String?
        /// Whether answers get the envelope of the older routes.
        public var isLegacy: Bool

        public init(prefix: String, service: String, rewrite: String? = nil, isLegacy: Bool = false) {
            self.prefix = prefix
            self.service = service
            self.rewrite = rewrite
            self.isLegacy = isLegacy
        }
    }

    /// A method and path prefix that need no token.
    public struct Opening: Hashable, Sendable {
        /// Nil for every method.
        public var method: String?
        public var prefix: String
        /// Whether only the path itself is meant.
        public var isExact: Bool

        public init(_ method: String?, _ prefix: String, exact isExact: Bool = false) {
            self.method = method
            self.prefix = prefix
            self.isExact = isExact
        }
    }

    /// What a request path leads to.
    public struct Decision: Hashable, Sendable {
        public var service: String
        /// Path and query for the service.
        public var target: String
        public var isLegacy: Bool
        public var needsToken: Bool
        /// How much it matters when not all can be served.
        public var priority: CallPriority
    }

    /// Longest prefix first.
    public let entries: [Entry]
    public let openings: [Opening]
    /// What matters more or less than standard; the first that covers a request decides.
    public let weights: [Weight]

    public init(_ entries: [Entry], openings: [Opening], weights: [Weight] = []) {
        self.entries = entries.sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
        self.openings = openings
        self.weights = weights
    }

    /// The services that are routed to, sorted.
    public var services: [String] { Set(self.entries.map(\.service)).sorted() }

    /// - Parameter target: path and query as the client sent them.
    /// - Returns: nil when no route leads there.
    public func decide(_ method: String, _ target: String) -> Decision? {
        let path = target.prefix { $0 != "?" }
        guard Self.isPlain(path), let entry = self.entries.first(where: { Self.covers($0.prefix, path) }) else {
            return nil
        }
        let rest = target.dropFirst(entry.prefix.count)
        let forwarded = entry.rewrite.map { $0 + rest } ?? target
        let inner = forwarded.prefix { $0 != "?" }
        return Decision(
            service: entry.service, target: forwarded, isLegacy: entry.isLegacy,
            // What methods there are is no secret.
            needsToken: method != "OPTIONS" && !self.openings.contains { $0.covers(method, inner) },
            priority: self.priority(method, inner))
    }

    static func covers(_ prefix: String, _ path: some StringProtocol) -> Bool {
        path == prefix || path.hasPrefix(prefix + "/")
    }

    /// Whether a path has nothing that two parsers may read in two ways: dot segments, empty ones, encoded slashes, what
    /// RFC 3986 does not allow, escapes that are cut off or are no UTF-8.
    private static func isPlain(_ path: some StringProtocol) -> Bool {
        guard path.hasPrefix("/"), !path.contains("//"), Self.isWellFormed(path) else { return false }
        let lower = path.lowercased()
        guard !lower.contains("%2f"), !lower.contains("%5c"), !lower.contains("%2e"), !lower.contains("%00") else {
            return false
        }
        return !path.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }

    private static func isWellFormed(_ path: some StringProtocol) -> Bool {
        var decoded: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy({ Self.isHexadecimal($0) }),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return false }
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                guard Self.pathBytes.contains(byte) else { return false }
                decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self) != nil
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    /// `pchar` of RFC 3986 without escapes, and the slash.
    private static let pathBytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/".utf8)
}

extension RouteMap.Opening {
    func covers(_ method: String, _ path: some StringProtocol) -> Bool {
        // HEAD is GET without a body.
        let method = method == "HEAD" ? "GET" : method
        guard self.method == nil || self.method == method else { return false }
        return self.isExact ? path == self.prefix : RouteMap.covers(self.prefix, path)
    }
}

extension RouteMap {
    /// Pages: who is logged in there is the storefront's matter.
    private static let pages = [
        "/", "/products", "/basket", "/checkout", "/orders", "/login", "/register", "/logout", "/account", "/assets",
    ]

    /// The routes of the shop.
    public static let shop = RouteMap(
        [
            Entry(prefix: "/v1/users", service: "users"), Entry(prefix: "/v1/sessions", service: "users"),
            Entry(prefix: "/v1/admin/users", service: "users"),
            Entry(prefix: "/.well-known/jwks.json", service: "users"),
            Entry(prefix: "/v1/products", service: "catalog"), Entry(prefix: "/v1/categories", service: "catalog"),
            Entry(prefix: "/v1/stock", service: "inventory"), Entry(prefix: "/v1/orders", service: "orders"),
            Entry(prefix: "/v2/orders", service: "orders"), Entry(prefix: "/v1/reports", service: "orders"),
            Entry(prefix: "/v1/payments", service: "payments"),
            Entry(prefix: "/v1/accounts", service: "payments"), Entry(prefix: "/v1/transfers", service: "transfers"),
            Entry(prefix: "/v1/shipments", service: "shipping"),
            Entry(prefix: "/v1/notifications", service: "notifications"),
            Entry(prefix: "/api/user", service: "users", rewrite: "/v1/users", isLegacy: true),
            Entry(prefix: "/api/login", service: "users", rewrite: "/v1/sessions", isLegacy: true),
            Entry(prefix: "/api/products", service: "catalog", rewrite: "/v1/products", isLegacy: true),
            Entry(prefix: "/api/transaction", service: "transfers", rewrite: "/v1/transfers", isLegacy: true),
            Entry(prefix: "/api/payment", service: "payments", rewrite: "/v1/payments", isLegacy: true),
        ] + pages.map { Entry(prefix: $0, service: "storefront") },
        openings: pages.map { Opening(nil, $0) } + [
            Opening("POST", "/v1/users", exact: true), Opening("POST", "/v1/sessions", exact: true),
            Opening("POST", "/v1/sessions/refresh", exact: true), Opening("GET", "/v1/products"),
            Opening("GET", "/v1/categories"), Opening("GET", "/v1/stock"), Opening(nil, "/.well-known/jwks.json"),
        ], weights: shopWeights)
}
