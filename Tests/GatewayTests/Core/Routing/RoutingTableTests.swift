import Essentials
import GatewayCore
import HTTPWire
import Testing

@Suite("The routing table")
struct RoutingTableTests {
    @Test(arguments: [
        ("/a/b", "exact"), ("/a/x", "pattern"), ("/a/b/c", "prefix"), ("/a", "prefix"), ("/ab", "all"), ("/", "all"),
        ("/a/", "prefix"), ("/w/x/y", "rest"), ("/w", "all"), ("/w/", "all"),
    ])
    func `an exact path goes before a pattern, that before a prefix, a longer prefix before a shorter one`(
        _ path: String, _ route: String
    ) throws {
        let table = RoutingTable([
            Route("all", RouteMatch(.prefix("/"))), Route("prefix", RouteMatch(.prefix("/a"))),
            Route("pattern", RouteMatch(.pattern("/a/{id}"))), Route("exact", RouteMatch(.exact("/a/b"))),
            Route("rest", RouteMatch(.pattern("/w/{rest...}"))),
        ])
        #expect(table.routeName(try request("GET \(path)")) == route)
    }

    @Test(arguments: [
        ("shop.example.com", "whole"), ("SHOP.Example.com:8080", "whole"), ("a.example.com", "wildcard"),
        ("a.b.example.com", "deeper"), ("example.com", "any"), ("notexample.com", "any"), ("under_score.test", "odd"),
    ])
    func `a whole host goes before a wildcard, a longer wildcard before a shorter one, that before none`(
        _ host: String, _ route: String
    ) throws {
        let table = RoutingTable([
            Route("any", RouteMatch(.exact("/x"))),
            Route("wildcard", RouteMatch(.prefix("/"), hosts: ["*.example.com"])),
            Route("deeper", RouteMatch(.prefix("/"), hosts: ["*.b.example.com"])),
            Route("whole", RouteMatch(.prefix("/"), hosts: ["other.test", "shop.example.com"])),
            Route("odd", RouteMatch(.prefix("/"), hosts: ["Under_Score.test"])),
        ])
        #expect(table.routeName(try request("GET /x", host: host)) == route)
    }

    @Test func `priority decides over everything else`() throws {
        let table = RoutingTable([
            Route("exact", RouteMatch(.exact("/a/b/c"), hosts: ["x.test"], methods: ["GET"])),
            Route("all", RouteMatch(.prefix("/")), priority: 1),
        ])
        #expect(table.routeName(try request("GET /a/b/c", host: "x.test")) == "all")
    }

    @Test func `among equal paths more conditions go first, then the order in which they were given`() throws {
        let table = RoutingTable([
            Route("plain", RouteMatch(.prefix("/a"))), Route("second", RouteMatch(.prefix("/a"))),
            Route("post", RouteMatch(.prefix("/a"), methods: ["POST"])),
            Route("post with key", RouteMatch(.prefix("/a"), methods: ["POST"], headers: [.init("X-Key", .present)])),
        ])
        #expect(table.routes.map(\.name) == ["post with key", "post", "plain", "second"])
        #expect(table.routeName(try request("GET /a")) == "plain")
        #expect(table.routeName(try request("POST /a")) == "post")
        #expect(table.routeName(try request("POST /a", ["x-key": "1"])) == "post with key")
    }

    @Test func `GET covers HEAD, and a method that nobody takes is told from a path that nobody has`() throws {
        let table = RoutingTable([
            Route("get", RouteMatch(.prefix("/a"), methods: ["GET"])),
            Route("purge", RouteMatch(.prefix("/a"), methods: ["PURGE"])),
        ])
        #expect(table.routeName(try request("HEAD /a")) == "get")
        #expect(table.routeName(try request("PURGE /a")) == "purge")
        #expect(table.decide(try request("POST /a")).outcome == .refuse(.methodNotAllowed))
        #expect(table.decide(try request("LINK /a")).outcome == .refuse(.methodNotAllowed))
        #expect(table.decide(try request("POST /b")).outcome == .refuse(.noRoute))
    }

    @Test func `headers are compared by value, of several fields one is enough`() throws {
        let table = RoutingTable([
            Route(
                "equal", RouteMatch(.prefix("/"), headers: [.init("X-Tier", .equals("gold"))], tenants: []), priority: 3
            ),
            Route(
                "bearer", RouteMatch(.prefix("/"), headers: [.init("authorization", .prefix("Bearer "))]), priority: 2),
            Route("no agent", RouteMatch(.prefix("/"), headers: [.init("User-Agent", .absent)]), priority: 1),
            Route("rest", RouteMatch(.prefix("/"))),
        ])
        #expect(table.routeName(try request("GET /", ["x-tier": "gold"])) == "equal")
        #expect(table.routeName(try request("GET /", ["X-TIER": "Gold", "User-Agent": "a"])) == "rest")
        #expect(table.routeName(try request("GET /", ["X-Tier": "a", "X-Tier": "gold"])) == "equal")
        #expect(table.routeName(try request("GET /", ["Authorization": "Bearer x", "User-Agent": "a"])) == "bearer")
        #expect(table.routeName(try request("GET /")) == "no agent")
    }

    @Test func `parameters are compared with their escapes read`() throws {
        let table = RoutingTable([
            Route("equal", RouteMatch(.prefix("/"), query: [.init("full name", .equals("a b/c"))]), priority: 3),
            Route("begin", RouteMatch(.prefix("/"), query: [.init("q", .prefix("é"))]), priority: 2),
            Route("flag", RouteMatch(.prefix("/"), query: [.init("debug", .present)]), priority: 1),
            Route("rest", RouteMatch(.prefix("/"))),
        ])
        #expect(table.routeName(try request("GET /?full+name=a%20b%2Fc")) == "equal")
        #expect(table.routeName(try request("GET /?x=1&full%20name=a+b/c&y")) == "equal")
        #expect(table.routeName(try request("GET /?full%20name=a+b/cc")) == "rest")
        #expect(table.routeName(try request("GET /?q=%C3%A9t")) == "begin")
        #expect(table.routeName(try request("GET /?debug")) == "flag")
        #expect(table.routeName(try request("GET /?debug=&q=x")) == "flag")
        #expect(table.routeName(try request("GET /?debugger")) == "rest")
    }

    @Test(arguments: [
        (Rewrite.prefix("/v1/x"), "/a/b?q=1", "/v1/x/b?q=1"), (.prefix("/"), "/a/b", "/b"), (.prefix("/"), "/a", "/"),
        (.prefix("/c/"), "/a", "/c"), (.none, "/a/b/c", "/a/b/c"),
    ])
    func `a prefix is replaced without losing or doubling a slash`(
        _ rewrite: Rewrite, _ target: String, _ expected: String
    ) throws {
        let table = RoutingTable([Route("r", RouteMatch(.prefix("/a")), .forward(to: "g"), rewrite: rewrite)])
        let request = try request("GET \(target)")
        #expect(table.target(table.decide(request), request) == expected)
    }

    @Test func `a pattern's names fill the path of the service`() throws {
        let table = RoutingTable([
            Route(
                "r", RouteMatch(.pattern("/shops/{shop}/orders/{rest...}")), .forward(to: "g"),
                rewrite: .path("/orders/{rest...}/of/{shop}"))
        ])
        let request = try request("GET /shops/7/orders/1/lines?x=y")
        #expect(table.target(table.decide(request), request) == "/orders/1/lines/of/7?x=y")
    }

    @Test func `a redirect says where to`() throws {
        let table = RoutingTable([
            Route("tls", RouteMatch(.prefix("/a")), .redirect(Redirect(scheme: "https"))),
            Route(
                "moved", RouteMatch(.prefix("/old")),
                .redirect(Redirect(status: 301, host: "new.test", path: .prefix("/new"), keepsQuery: false))),
        ])
        let first = try request("GET /a/b?x=1", host: "shop.test")
        #expect(table.decide(first).outcome == .redirect(status: 308))
        #expect(table.location(table.decide(first), first, isSecure: false) == "https://shop.test/a/b?x=1")
        let second = try request("GET /old/b?x=1", host: "shop.test")
        #expect(table.decide(second).outcome == .redirect(status: 301))
        #expect(table.location(table.decide(second), second, isSecure: true) == "https://new.test/new/b")
    }

    @Test func `an absolute target without a path is the root, and an asterisk leads nowhere`() throws {
        let table = RoutingTable([Route("root", RouteMatch(.exact("/")))])
        #expect(table.routeName(try request("GET http://shop.test", host: "shop.test")) == "root")
        #expect(table.decide(try request("OPTIONS *", host: "shop.test")).outcome == .refuse(.noRoute))
    }

    @Test(arguments: ["a", "/a//b", "/a/../b", "/a/{x}/{x}", "/{rest...}/a", "/a%20b", "/{}"])
    func `a path that cannot be a route says why`(_ path: String) {
        #expect(PathPattern.pattern(path).problem != nil)
    }

    @Test func `the answer is the same as that of asking every route in turn, for generated tables and requests`()
        throws
    {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let table = RoutingTable(Self.routes(30, &generator))
            for _ in 0..<100 {
                let request = try Self.generated(&generator)
                let explanation = table.explain(request)
                let first = explanation.steps.first { $0.failures.isEmpty }?.route
                #expect(table.routeName(request) == first, "seed \(seed)")
                #expect(explanation.steps.first { $0.isChosen }?.route == first)
            }
        }
    }

    private static let words = ["a", "b", "orders", "a-much-longer-segment"]

    private static func routes(_ count: Int, _ generator: inout SeededGenerator) -> [Route] {
        func pick<Value>(_ values: [Value]) -> Value { values[Int(generator.next(upperBound: UInt64(values.count)))] }
        return (0..<count).map { number in
            let depth = Int(generator.next(upperBound: 4 as UInt64))
            let isPattern = generator.next() % 3 == 0
            let path = (0..<depth).map { isPattern && generator.next() % 2 == 0 ? "/{n\($0)}" : "/\(pick(Self.words))" }
                .joined()
            let text = path.isEmpty ? "/" : path
            var match = RouteMatch(isPattern ? .pattern(text) : pick([.exact(text), .prefix(text)]))
            match.hosts = pick([[], [], ["x.test"], ["*.test"], ["y.x.test", "x.test"]])
            match.methods = pick([[], [], ["GET"], ["POST", "PURGE"]])
            match.headers = pick([[], [], [.init("X-A", .present)], [.init("x-a", .equals("1"))]])
            match.query = pick([[], [], [.init("q", .present)]])
            return Route("r\(number)", match, priority: pick([0, 0, 0, 1]))
        }
    }

    private static func generated(_ generator: inout SeededGenerator) throws -> RequestText {
        func pick<Value>(_ values: [Value]) -> Value { values[Int(generator.next(upperBound: UInt64(values.count)))] }
        let path = (0..<Int(generator.next(upperBound: 5 as UInt64))).map { _ in "/\(pick(Self.words + ["z"]))" }
            .joined()
        return try RequestText(
            pick(["GET", "HEAD", "POST", "PURGE"]), (path.isEmpty ? "/" : path) + pick(["", "?q=1"]),
            host: pick(["x.test", "X.Test:80", "y.x.test", "other"]),
            fields: pick([[], [("x-a", "1")], [("X-A", "2")]]))
    }

    @Test func `an explanation names what kept each route from being the one`() throws {
        let table = RoutingTable([
            Route("orders", RouteMatch(.prefix("/v1/orders"), methods: ["POST"], headers: [.init("X-Key", .present)])),
            Route("host", RouteMatch(.prefix("/v1/orders"), hosts: ["shop.test"])),
            Route("all", RouteMatch(.prefix("/"))),
        ])
        let explanation = table.explain(try request("GET /v1/orders/7", host: "other.test"))
        #expect(explanation.summary == "route all forwards to all as /v1/orders/7")
        let steps = Dictionary(uniqueKeysWithValues: explanation.steps.map { ($0.route, $0.failures) })
        #expect(steps["host"] == ["the host is 'other.test', not shop.test"])
        #expect(steps["orders"] == ["the method is GET, not POST", "not met: header X-Key is there"])
        #expect(steps["all"] == [])
        #expect(explanation.asked.map(\.route) == ["host", "orders", "all"])
    }
}
