public import Chassis
import Essentials
public import EventSourcing

/// The storefront: the shop as pages. It uses the public API with its visitors' own tokens, and keeps nothing but who is
/// logged in and what is in their baskets.
public struct StorefrontService: Sendable {
    /// What can be set.
    public struct Configuration: Sendable {
        /// Whether the cookie is sent over TLS only. Default: false.
        public var hasSecureCookies = false

        public init() {}
    }

    public static let migrations: [Migration] = [VisitRows.migration]

    public let service: Service

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        var cookie = PageCookie("mainstay_visit")
        cookie.isSecure = configuration.hasSecureCookies
        let api = PublicAPI(environment)
        let visitors = Visitors(environment: environment, api: api, cookie: cookie)
        let pages = ShopPages(environment: environment, api: api, visitors: visitors)
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        self.service = Service(
            environment,
            routes: Browse(pages: pages).routes + Shop(pages: pages).routes + FollowOrders(pages: pages).routes
                + Account(pages: pages).routes,
            health: health, background: [BackgroundWork("forgotten visits") { try await visitors.prune() }])
    }
}
