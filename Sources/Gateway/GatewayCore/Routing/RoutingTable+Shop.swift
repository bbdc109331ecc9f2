import Resilience

extension RoutingTable {
    /// The routes of the shop.
    public static let shop = RoutingTable(
        ShopService.all.flatMap(\.routes) + ShopService.all.flatMap(\.legacyRoutes))
}

/// The public paths of one service, and what is special about some of them.
private struct ShopService {
    /// A part of the paths that is open to all, or matters more or less than others.
    struct Rule {
        /// Nil for every method.
        var method: String?
        var path: PathPattern
        var isOpen = false
        var priority = CallPriority.standard
    }

    var name: String
    var prefixes: [String]
    var rules: [Rule] = []
    /// Older prefixes, and what they are replaced with on the way.
    var legacy: [(prefix: String, inner: String)] = []

    var routes: [Route] {
        self.prefixes.map { self.route(.prefix($0), nil) } + self.rules.map { self.route($0.path, $0) }
    }

    /// An older path keeps the rules of the path that it stands for.
    var legacyRoutes: [Route] {
        self.legacy.flatMap { legacy in
            let rules = self.rules.filter { Self.covers(legacy.inner, $0.path.text) }
            return ([nil] + rules.map { $0 }).map { rule in
                let outer = legacy.prefix + (rule?.path.text.dropFirst(legacy.inner.count) ?? "")
                let path: PathPattern =
                    if case .exact = rule?.path { .exact(outer) } else { .prefix(outer) }
                var route = self.route(path, rule)
                route.rewrite = .prefix(rule?.path.text ?? legacy.inner)
                route.policy.isLegacy = true
                return route
            }
        }
    }

    private func route(_ path: PathPattern, _ rule: Rule?) -> Route {
        var policy = RoutePolicy()
        policy.needsToken = !(rule?.isOpen ?? false)
        policy.priority = rule?.priority ?? .standard
        let method = rule?.method.map { "\($0) " } ?? ""
        let suffix = if case .exact = path { " itself" } else { "" }
        return Route(
            method + path.text + suffix, RouteMatch(path, methods: rule?.method.map { [$0] } ?? []),
            .forward(to: self.name), policy: policy)
    }

    private static func covers(_ prefix: String, _ path: String) -> Bool {
        path == prefix || path.hasPrefix(prefix + "/")
    }

    /// Reports and bulk work can wait; whoever is paying, or logging in to pay, is served first.
    static let all: [ShopService] = [
        ShopService(
            name: "users", prefixes: ["/v1/users", "/v1/sessions"],
            rules: [
                Rule(path: .prefix("/v1/admin/users"), priority: .background),
                Rule(path: .prefix("/.well-known/jwks.json"), isOpen: true),
                Rule(method: "POST", path: .exact("/v1/users"), isOpen: true),
                Rule(method: "POST", path: .prefix("/v1/sessions"), priority: .important),
                Rule(method: "POST", path: .exact("/v1/sessions"), isOpen: true, priority: .important),
                Rule(method: "POST", path: .exact("/v1/sessions/refresh"), isOpen: true, priority: .important),
            ], legacy: [("/api/user", "/v1/users"), ("/api/login", "/v1/sessions")]),
        ShopService(
            name: "catalog", prefixes: ["/v1/products", "/v1/categories"],
            rules: [
                Rule(method: "GET", path: .prefix("/v1/products"), isOpen: true),
                Rule(method: "GET", path: .prefix("/v1/categories"), isOpen: true),
            ], legacy: [("/api/products", "/v1/products")]),
        ShopService(
            name: "inventory", prefixes: ["/v1/stock"],
            rules: [Rule(method: "GET", path: .prefix("/v1/stock"), isOpen: true)]),
        ShopService(
            name: "orders", prefixes: ["/v1/orders", "/v2/orders"],
            rules: [
                Rule(path: .prefix("/v1/reports"), priority: .background),
                Rule(method: "GET", path: .prefix("/v1/orders/statistics"), priority: .background),
                Rule(method: "POST", path: .prefix("/v1/orders"), priority: .critical),
                Rule(method: "POST", path: .prefix("/v2/orders"), priority: .critical),
                Rule(method: "GET", path: .prefix("/v1/orders"), priority: .important),
            ]),
        ShopService(
            name: "payments", prefixes: ["/v1/payments", "/v1/accounts"],
            rules: [
                Rule(method: "POST", path: .prefix("/v1/accounts"), priority: .critical),
                Rule(method: "POST", path: .prefix("/v1/payments"), priority: .critical),
            ], legacy: [("/api/payment", "/v1/payments")]),
        ShopService(
            name: "transfers", prefixes: ["/v1/transfers"],
            rules: [Rule(method: "POST", path: .prefix("/v1/transfers"), priority: .critical)],
            legacy: [("/api/transaction", "/v1/transfers")]),
        ShopService(name: "shipping", prefixes: ["/v1/shipments"]),
        ShopService(name: "notifications", prefixes: ["/v1/notifications"]),
        ShopService(
            name: "storefront", prefixes: [],
            // Who is logged in on a page is the storefront's matter.
            rules: [Rule(path: .exact("/"), isOpen: true)] + pages.map { Rule(path: .prefix($0), isOpen: true) }),
        // So is who is an operator on a page of the console.
        ShopService(
            name: "console", prefixes: [],
            rules: [Rule(path: .prefix("/console"), isOpen: true, priority: .important)]),
    ]

    private static let pages = [
        "/products", "/basket", "/checkout", "/orders", "/login", "/register", "/logout", "/account", "/assets",
    ]
}
