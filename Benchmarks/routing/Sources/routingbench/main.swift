// What one choice of a host and one decision about a route cost.
import Essentials
import Glibc
import HTTPWire
import LoadBalancing
import Routing

/// User time of this process, in nanoseconds.
func cpuTime() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_utime.tv_sec * 1_000_000_000 + usage.ru_utime.tv_usec * 1_000
}

func median(_ rounds: Int, _ body: (Int) -> Int) -> Double {
    var samples: [Double] = []
    for _ in 0..<5 {
        var sum = 0
        let start = cpuTime()
        for round in 0..<rounds { sum &+= body(round) }
        samples.append(Double(cpuTime() - start) / Double(rounds))
        precondition(sum != -1, "the compiler must not drop the work")
    }
    return samples.sorted()[2]
}

/// A choice and its end, with 20 calls under way, among so many hosts.
func pick(_ algorithm: LoadBalancer.Algorithm, hosts: Int, rounds: Int) -> Double {
    var now = Tick(nanoseconds: 0)
    var balancer = LoadBalancer(
        (0..<hosts).map { BalancedHost("10.0.0.\($0):80", weight: $0 % 3 + 1) }, LoadBalancer.Configuration(algorithm),
        seed: 1, at: now)
    var underWay = (0..<20).compactMap { balancer.pick(key: UInt64($0), at: now) }
    return median(rounds) { round in
        now = Tick(nanoseconds: now.nanoseconds + 10_000)
        let slot = balancer.pick(key: UInt64(round) &* 0x9E37_79B9_7F4A_7C15, at: now) ?? 0
        balancer.ended(underWay[round % 20], .success, took: .milliseconds(1), at: now)
        underWay[round % 20] = slot
        return slot
    }
}

/// A decision about a head as a browser sends it, in a table of so many routes.
func decide(_ table: RoutingTable, _ target: String, rounds: Int) throws -> Double {
    let request = try RequestText(
        "GET", target, host: "shop.example.com",
        fields: [
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", "en-US,en;q=0.5"), ("Cookie", "session=4f8c1d2e3b5a69788796a5b4c3d2e1f0"),
        ])
    let head = request.head
    let bytes = request.bytes
    precondition(table.decide(head, bytes.span.bytes, peer: 1, draw: 1).group != nil, "\(target) leads nowhere")
    return median(rounds) { round in
        table.decide(head, bytes.span.bytes, peer: UInt64(round), draw: UInt64(round)).route
    }
}

func run() throws {
    let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1 : 300_000
    var line = "routing"
    for algorithm in LoadBalancer.Algorithm.allCases {
        for hosts in [10, 1_000] {
            line += " \(algorithm.rawValue)_\(hosts)_ns=\(Int(pick(algorithm, hosts: hosts, rounds: rounds)))"
        }
    }
    let target = "/v1/orders/018f3c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f?expand=items"
    line += " shop_route_ns=\(Int(try decide(.shop, target, rounds: rounds)))"
    let many = RoutingTable(
        (0..<1_000).map { Route("r\($0)", RouteMatch(.prefix("/v1/r\($0)")), .forward(to: "s\($0 % 20)")) }
            + [Route("orders", RouteMatch(.pattern("/v1/orders/{id}")), .forward(to: "orders"))])
    line += " thousand_routes_ns=\(Int(try decide(many, target, rounds: rounds)))"
    let canary = RoutingTable([
        Route(
            "orders", RouteMatch(.prefix("/v1/orders")), .forward(.migrating(20, of: "orders", from: "old", to: "new")))
    ])
    line += " split_ns=\(Int(try decide(canary, target, rounds: rounds)))"
    print(line)
}

try run()
