import Essentials
import GatewayCore
import HTTPWire
import LoadBalancing
import Testing

@Suite("Splits: canaries, stranglers, blue and green")
struct SplitTests {
    private func table(_ split: Split) -> RoutingTable {
        RoutingTable([Route("r", RouteMatch(.prefix("/")), .forward(split))])
    }

    private func clients(_ count: Int) -> [UInt64] { (0..<count).map { BalancingKey.of("client \($0)") } }

    /// Four standard deviations of the binomial distribution.
    @Test(arguments: [1, 10, 20, 50, 90, 99])
    func `a strangler sends the share of clients that it is told`(_ percent: Int) throws {
        let table = self.table(.migrating(percent, of: "auth", from: "monolith", to: "auth"))
        let request = try request("GET /")
        let count = 20_000
        let moved = self.clients(count).count { table.groupName(request, peer: $0) == "auth" }
        let share = Double(percent) / 100
        let deviation = (Double(count) * share * (1 - share)).squareRoot()
        #expect(abs(Double(moved) - Double(count) * share) < 4 * deviation)
    }

    @Test func `clients that moved stay moved while the share grows from 20 to 50 to 90 percent`() throws {
        let request = try request("GET /")
        var before: [Bool]?
        for percent in [0, 20, 50, 90, 100] {
            let table = self.table(.migrating(percent, of: "orders", from: "monolith", to: "orders"))
            let moved = self.clients(5_000).map { table.groupName(request, peer: $0) == "orders" }
            if let before { for (old, new) in zip(before, moved) where old { #expect(new) } }
            before = moved
        }
        #expect(before?.allSatisfy { $0 } == true)
    }

    /// Three modules leave a monolith, one phase after the other; what is left of it goes on to answer.
    @Test(arguments: [(20, 0, 0), (50, 50, 0), (90, 90, 90), (0, 0, 0)])
    func `a monolith is taken apart module by module, and each can be taken back`(
        _ auth: Int, _ orders: Int, _ products: Int
    ) throws {
        let shares = [("auth", auth), ("orders", orders), ("products", products)]
        let modules = shares.map { name, percent in
            Route(
                name, RouteMatch(.prefix("/\(name)")),
                .forward(.migrating(percent, of: name, from: "monolith", to: name)))
        }
        let table = RoutingTable(modules + [Route("rest", RouteMatch(.prefix("/")), .forward(to: "monolith"))])
        for (name, percent) in shares {
            let request = try request("GET /\(name)/1")
            let moved = self.clients(4_000).count { table.groupName(request, peer: $0) == name }
            #expect(abs(Double(moved) / 4_000 - Double(percent) / 100) < 4 * 0.5 / 4_000.0.squareRoot())
        }
        for path in ["/payments/1", "/shipping", "/analytics/x"] {
            #expect(table.groupName(try request("GET \(path)")) == "monolith")
        }
    }

    @Test func `two splits do not pick the same clients for their canaries`() throws {
        let request = try request("GET /")
        let one = self.table(.migrating(10, of: "one", from: "old", to: "new"))
        let two = self.table(.migrating(10, of: "two", from: "old", to: "new"))
        let both = self.clients(20_000).count {
            one.groupName(request, peer: $0) == "new" && two.groupName(request, peer: $0) == "new"
        }
        #expect(abs(Double(both) - 200) < 4 * 200.0.squareRoot())
    }

    @Test(arguments: [Split.Key.header("X-User"), .cookie("user"), .query("user")])
    func `a client is kept by header, cookie or parameter, wherever it comes from`(_ key: Split.Key) throws {
        let table = self.table(Split([.init("new", weight: 50), .init("old", weight: 50)], by: key))
        var groups: Set<String> = []
        for user in 0..<50 {
            let request = try request(
                "GET /?a&user=u\(user)", ["x-user": "u\(user)", "Cookie": "a=b; user=u\(user); c=d"])
            let group = try #require(table.groupName(request, peer: 1, draw: 2))
            for peer in 0..<5 as Range<UInt64> {
                #expect(table.groupName(request, peer: peer, draw: peer) == group)
            }
            groups.insert(group)
        }
        #expect(groups == ["new", "old"])
        // Without a key the client's address keeps it.
        let bare = try request("GET /")
        #expect(Set(self.clients(100).map { table.groupName(bare, peer: $0) }).count == 2)
        #expect(table.groupName(bare, peer: 7, draw: 1) == table.groupName(bare, peer: 7, draw: 2))
    }

    @Test func `a split that keeps nobody draws each request`() throws {
        let table = self.table(Split([.init("new", weight: 25), .init("old", weight: 75)], by: .none))
        let request = try request("GET /")
        var generator = SeededGenerator(seed: 5)
        let drawn = (0..<10_000).count { _ in table.groupName(request, peer: 1, draw: generator.next()) == "new" }
        #expect(abs(Double(drawn) - 2_500) < 4 * (10_000 * 0.25 * 0.75).squareRoot())
    }

    @Test func `a header reaches a group that gets nothing else, and a target without weight gets nothing`() throws {
        let split = Split(
            [.init("green", weight: 0), .init("blue", weight: 100)],
            overrides: [.init(header: "X-Release", value: "green", group: "green")])
        let table = self.table(split)
        #expect(table.groupName(try request("GET /", ["x-release": "green"])) == "green")
        #expect(table.groupName(try request("GET /", ["x-release": "red"])) == "blue")
        let request = try request("GET /")
        #expect(Set(self.clients(2_000).map { table.groupName(request, peer: $0) }) == ["blue"])
    }
}
