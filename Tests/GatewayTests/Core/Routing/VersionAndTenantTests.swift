import Essentials
import GatewayCore
import HTTPWire
import Testing

@Suite("Versions of a resource")
struct VersionTests {
    private static let deprecated = Timestamp(rfc3339: "2026-01-01T00:00:00Z")
    private static func resource(standard: Int? = nil) -> VersionedResource {
        VersionedResource(
            "orders", path: "/orders",
            [
                .init(1, .forward(to: "orders-1"), deprecated: Self.deprecated, information: "https://docs.test/v1"),
                .init(2, .forward(to: "orders-2")),
            ], standard: standard)
    }

    private let table = RoutingTable(VersionTests.resource().routes)

    @Test(arguments: [
        ("/v1/orders/7", "", "orders-1", "/v1/orders/7", false),
        ("/v2/orders/7", "", "orders-2", "/v2/orders/7", false),
        ("/orders/7?api_version=1", "", "orders-1", "/v1/orders/7?api_version=1", true),
        ("/orders/7?x&api_version=2", "", "orders-2", "/v2/orders/7?x&api_version=2", true),
        ("/orders/7", "application/vnd.api+json;version=1", "orders-1", "/v1/orders/7", true),
        ("/orders/7", "text/html, application/vnd.api+json; q=0.9; Version=\"2\"", "orders-2", "/v2/orders/7", true),
        ("/orders?api_version=1", "application/vnd.api+json;version=2", "orders-1", "/v1/orders?api_version=1", true),
    ])
    func `path, parameter and media type lead to the same services`(
        _ target: String, _ accept: String, _ group: String, _ inner: String, _ varies: Bool
    ) throws {
        let request = try request("GET \(target)", accept.isEmpty ? [:] : ["Accept": accept])
        let decision = self.table.decide(request)
        #expect(decision.group.map { self.table.groups[$0] } == group)
        #expect(self.table.target(decision, request) == inner)
        #expect(decision.version == (group == "orders-1" ? 1 : 2))
        #expect(decision.variesByAccept == varies)
    }

    @Test(arguments: [
        "/orders", "/orders?api_version=3", "/orders?api_version=", "/orders?api_version=1.0", "/orders?api_version=-1",
    ])
    func `a version that does not exist is refused, also when none is named and there is no default`(
        _ target: String
    ) throws {
        #expect(self.table.decide(try request("GET \(target)")).outcome == .refuse(.unknownVersion))
    }

    @Test func `without a version the default is meant, if there is one`() throws {
        let table = RoutingTable(Self.resource(standard: 2).routes)
        #expect(table.groupName(try request("GET /orders/1")) == "orders-2")
        #expect(table.groupName(try request("GET /orders/1", ["Accept": "application/json"])) == "orders-2")
        #expect(table.decide(try request("GET /orders?api_version=9")).outcome == .refuse(.unknownVersion))
    }

    @Test func `a deprecated version says since when, until when, and where to read on`() throws {
        let decision = self.table.decide(try request("GET /v1/orders"))
        let served = try #require(self.table.routes[decision.route].serves)
        #expect(
            served.fields.map { "\($0.name): \($0.value)" } == [
                "Deprecation: @1767225600", "Sunset: Sun, 27 Dec 2026 00:00:00 GMT",
                "Link: <https://docs.test/v1>; rel=\"deprecation\"; type=\"text/html\"",
            ])
        let current = self.table.decide(try request("GET /v2/orders"))
        #expect(self.table.routes[current.route].serves?.fields.isEmpty == true)
    }

    @Test func `use is counted by version and consumer, and many consumers do not fill the memory`() {
        var usage = VersionUsage(maximumConsumers: 3)
        for _ in 0..<5 { usage.count(resource: "orders", version: 1, consumer: "a") }
        usage.count(resource: "orders", version: 2, consumer: "a")
        for number in 0..<10 { usage.count(resource: "orders", version: 1, consumer: "c\(number)") }
        #expect(usage.entries.count == 4)
        #expect(usage.entries.first == .init(resource: "orders", version: 1, consumer: "a", requests: 5))
        #expect(usage.entries.map(\.requests).reduce(0, +) == 16)
        #expect(usage.entries.last?.consumer == VersionUsage.others)
    }
}

@Suite("Tenants")
struct TenantTests {
    private var table: RoutingTable {
        var settings = RoutingSettings()
        settings.tenantDomain = "example.com"
        settings.tenantHeader = "X-Tenant"
        return RoutingTable(
            [
                Route("acme", RouteMatch(.prefix("/"), tenants: ["acme"])), Route("all", RouteMatch(.prefix("/"))),
            ], settings)
    }

    @Test(arguments: [
        ("acme.example.com", "", "acme", "acme"), ("ACME.example.com:80", "", "acme", "ACME"),
        ("ACME.example.com:80", "acme", "acme", "acme"),
        ("shop.test", "acme", "acme", "acme"), ("other.example.com", "", "all", "other"),
        ("example.com", "", "all", ""), ("acme.example.com.evil.test", "", "all", ""),
    ])
    func `a tenant is named by subdomain or header`(
        _ host: String, _ header: String, _ route: String, _ tenant: String
    ) throws {
        let request = try request("GET /", host: host, header.isEmpty ? [:] : ["x-tenant": header])
        let decision = self.table.decide(request)
        #expect(self.table.routes[decision.route].name == route)
        #expect(request.bytes.span.bytes.text(decision.tenant) == tenant)
    }

    @Test(arguments: [
        ("acme.example.com", "other"), ("a.b.example.com", ""), ("shop.test", "no spaces"), ("shop.test", "-a"),
        ("-a.example.com", ""),
    ])
    func `tenants that contradict each other or cannot be one are refused`(_ host: String, _ header: String) throws {
        let request = try request("GET /", host: host, header.isEmpty ? [:] : ["x-tenant": header])
        #expect(self.table.decide(request).outcome == .refuse(.tenantMismatch))
    }
}
