import GatewayCore
import HTTPWire
import Resilience
import Testing

@Suite("The routes of the shop")
struct ShopRoutesTests {
    let table = RoutingTable.shop

    @Test(arguments: [
        ("GET /v1/orders", "orders", true), ("POST /v1/orders", "orders", true),
        ("GET /v1/orders/1?x=y", "orders", true), ("GET /v2/orders/1", "orders", true),
        ("POST /v1/users", "users", false), ("GET /v1/users", "users", true), ("GET /v1/users/me", "users", true),
        ("POST /v1/users/1", "users", true), ("POST /v1/sessions", "users", false),
        ("DELETE /v1/sessions", "users", true), ("POST /v1/sessions/refresh", "users", false),
        ("POST /v1/sessions/other", "users", true), ("GET /v1/products", "catalog", false),
        ("HEAD /v1/products", "catalog", false), ("POST /v1/products", "catalog", true),
        ("GET /v1/products/1", "catalog", false), ("GET /v1/categories", "catalog", false),
        ("GET /v1/stock/1", "inventory", false), ("PUT /v1/stock/1", "inventory", true),
        ("GET /v1/admin/users", "users", true), ("GET /.well-known/jwks.json", "users", false),
        ("GET /v1/payments/1", "payments", true), ("GET /v1/accounts", "payments", true),
        ("GET /v1/transfers", "transfers", true), ("GET /v1/shipments", "shipping", true),
        ("GET /v1/notifications", "notifications", true), ("OPTIONS /v1/orders", "orders", false),
        ("GET /", "storefront", false), ("POST /login", "storefront", false), ("GET /orders/7", "storefront", false),
        ("GET /v1/reports/sales", "orders", true),
    ])
    func `a path leads to its service`(_ line: String, _ service: String, _ needsToken: Bool) throws {
        let request = try request(line)
        let decision = self.table.decide(request)
        #expect(decision.group.map { self.table.groups[$0] } == service)
        #expect(decision.needsToken == needsToken)
        #expect(!decision.isRewritten)
        #expect(self.table.target(decision, request) == line.split(separator: " ")[1])
    }

    @Test(arguments: ["/v1", "/v1/orderss", "/internal/events", "/V1/orders", "/v1/order", "/api", "/api/users"])
    func `a path that is not routed leads nowhere`(_ target: String) throws {
        #expect(self.table.decide(try request("GET \(target)")).outcome == .refuse(.noRoute))
    }

    @Test(arguments: [
        "/v1/orders/../../internal/events", "/v1/orders/%2e%2e/x", "/v1//orders", "/v1/orders/a%2Fb",
        "/v1/orders/./x", "/v1/orders/%ff", "/v1/orders/a[b", "/v1/orders/%ED%A0%80", "/v1/orders/..;/x",
        "/v1/orders/%00", "/v1/orders/a%5Cb", "//", "/v1/orders/..", "/v1/orders/.", "/%C3", "/%C3x", "/%C3/%A9",
    ])
    func `a path that could be read in two ways leads nowhere`(_ target: String) throws {
        #expect(self.table.decide(try request("GET \(target)")).outcome == .refuse(.ambiguousPath))
    }

    @Test(arguments: [
        "/v1/orders/...", "/v1/orders/.a", "/v1/orders/a..", "/v1/orders/%C3%A9t%C3%A9", "/v1/orders/a;b=c",
        "/v1/orders/%F0%9F%98%80/x", "/v1/orders/~a@b:c!$&'()*+,;=", "/v1/orders/", "/v1/orders/%20",
    ])
    func `a path that is unusual but clear is routed`(_ target: String) throws {
        #expect(self.table.groupName(try request("GET \(target)")) == "orders")
    }

    @Test(arguments: [
        ("GET /api/user/me?x=1", "/v1/users/me?x=1", true), ("POST /api/user", "/v1/users", false),
        ("GET /api/user", "/v1/users", true), ("POST /api/login", "/v1/sessions", false),
        ("POST /api/login/refresh", "/v1/sessions/refresh", false), ("GET /api/products/7", "/v1/products/7", false),
        ("POST /api/transaction", "/v1/transfers", true), ("GET /api/payment/1", "/v1/payments/1", true),
        ("POST /api/payment/1", "/v1/payments/1", true),
    ])
    func `an older route is rewritten, query included, and keeps the rule of its new path`(
        _ line: String, _ target: String, _ needsToken: Bool
    ) throws {
        let request = try request(line)
        let decision = self.table.decide(request)
        #expect(self.table.target(decision, request) == target)
        #expect(decision.needsToken == needsToken)
        #expect(decision.isRewritten)
        #expect(self.table.routes[decision.route].policy.isLegacy)
    }

    @Test(arguments: [
        ("POST /v1/orders", CallPriority.critical), ("POST /v2/orders/1/cancel", .critical),
        ("GET /v1/orders/1", .important), ("GET /v1/orders/statistics", .background), ("GET /v2/orders", .standard),
        ("GET /v1/reports/sales?to=1", .background),
        ("POST /v1/sessions", .important), ("POST /v1/sessions/refresh", .important),
        ("DELETE /v1/sessions", .standard),
        ("POST /v1/payments", .critical), ("POST /api/payment/1", .critical), ("POST /api/transaction", .critical),
        ("POST /v1/accounts/1/deposits", .critical), ("PUT /v1/admin/users/1", .background),
        ("GET /v1/products", .standard),
    ])
    func `what somebody pays with matters most, reports least`(_ line: String, _ priority: CallPriority) throws {
        let decision = self.table.decide(try request(line))
        try #require(decision.route >= 0)
        #expect(self.table.routes[decision.route].policy.priority == priority)
    }
}
