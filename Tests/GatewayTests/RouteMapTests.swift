import GatewayCore
import Testing

@Suite struct RouteMapTests {
    let map = RouteMap.shop

    @Test(arguments: [
        ("GET", "/v1/orders", "orders", true), ("POST", "/v1/orders", "orders", true),
        ("GET", "/v1/orders/1?x=y", "orders", true),
        ("GET", "/v2/orders/1", "orders", true), ("POST", "/v1/users", "users", false),
        ("GET", "/v1/users/me", "users", true),
        ("POST", "/v1/sessions", "users", false), ("DELETE", "/v1/sessions", "users", true),
        ("POST", "/v1/sessions/refresh", "users", false), ("GET", "/v1/products", "catalog", false),
        ("POST", "/v1/products", "catalog", true), ("GET", "/v1/products/1", "catalog", false),
        ("GET", "/v1/admin/users", "users", true), ("GET", "/.well-known/jwks.json", "users", false),
    ])
    func `a path leads to its service`(_ method: String, _ target: String, _ service: String, _ needsToken: Bool) {
        let decision = self.map.decide(method, target)
        #expect(decision?.service == service)
        #expect(decision?.target == target)
        #expect(decision?.needsToken == needsToken)
    }

    @Test(arguments: [
        "/v1", "/v1/orderss", "/internal/events", "/v1/orders/../../internal/events", "/v1/orders/%2e%2e/x",
        "/v1//orders", "/v1/orders/a%2Fb", "/v1/orders\\x", "/v1/orders/./x", "/V1/orders",
        "/v1/orders/%ff", "/v1/orders/%", "/v1/orders/%4", "/v1/orders/%+1", "/v1/orders/%zz", "/v1/orders/a#b",
        "/v1/orders/a\"b", "/v1/orders/{x}", "/v1/orders/%ED%A0%80",
    ])
    func `a path that is not routed or could be read in two ways leads nowhere`(_ target: String) {
        #expect(self.map.decide("GET", target) == nil)
    }

    @Test func `an older route is rewritten, query included, and keeps the rule of its new path`() {
        let decision = self.map.decide("GET", "/api/user/me?x=1")
        #expect(decision?.target == "/v1/users/me?x=1")
        #expect(decision?.isLegacy == true)
        #expect(decision?.needsToken == true)
        #expect(self.map.decide("POST", "/api/user")?.needsToken == false)
    }
}
