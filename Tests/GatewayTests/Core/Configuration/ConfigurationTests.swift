import Essentials
import Foundation
import GatewayCore
import LoadBalancing
import Testing

@Suite("The gateway's configuration")
struct GatewayConfigurationTests {
    private static let yaml = """
        gateway:
          services:
            blue: { hosts: [10.0.0.1:80, { address: 10.0.0.2:80, weight: 3 }] }
            green: { hosts: [10.0.1.1:80], balancing: { algorithm: maglev, slow-start: 30s } }
          releases:
            shop: { blue: blue, green: green, green-percent: 10, steps: [5, 100], hold: 1m }
          routes:
            - { name: shop, path: /, release: shop, timeout: 2s, rate-limit: { requests: 10, per: 1s } }
        """

    @Test func `every part arrives as it was written`() throws {
        let configuration = try GatewayConfiguration(yaml: Self.yaml)
        #expect(configuration.services.map(\.name) == ["blue", "green"])
        #expect(
            configuration.services[0].source
                == .list([BalancedHost("10.0.0.1:80"), BalancedHost("10.0.0.2:80", weight: 3)]))
        #expect(configuration.services[1].balancing.algorithm == .maglev)
        #expect(configuration.services[1].balancing.slowStart.window == .seconds(30))
        #expect(configuration.releases[0].steps == [5, 100])
        #expect(configuration.releases[0].hold == .seconds(60))
        let route = try #require(configuration.routes?.first)
        #expect(route.policy.timeout == .seconds(2))
        #expect(route.policy.rateLimit == RateLimitPolicy(10, per: .seconds(1)))
        guard case .forward(let split) = route.action else {
            Issue.record("the route does not forward")
            return
        }
        #expect(split.shares == "green 10 %, blue 90 %")
    }

    @Test func `a dry run says what would change, and nothing when nothing would`() throws {
        let old = try GatewayConfiguration(yaml: Self.yaml)
        #expect(old.changes(to: old) == [])
        let text = Self.yaml.replacingOccurrences(of: "green-percent: 10", with: "green-percent: 50")
            .replacingOccurrences(of: "weight: 3", with: "weight: 1")
            .replacingOccurrences(of: "10.0.1.1:80", with: "10.0.1.9:80")
            .replacingOccurrences(of: "timeout: 2s", with: "timeout: 3s")
        let new = try GatewayConfiguration(
            yaml: text + "\n    - { name: home, exact: /home, redirect: { scheme: https } }\n")
        #expect(
            old.changes(to: new).map(\.description) == [
                "changed: service blue (weight of 10.0.0.2:80 3 → 1)",
                "changed: service green (host 10.0.1.9:80 joins; host 10.0.1.1:80 leaves)",
                "changed: release shop (green 10 % → 50 %)", "added: route home",
                "changed: route shop (green 10 %, blue 90 % → green 50 %, blue 50 %; policies)",
            ])
        #expect(new.changes(to: old).map(\.description).contains("removed: route home"))
    }

    @Test func `a refused configuration leaves the old one in force, an accepted one replaces all of it`() throws {
        let plan = GatewayPlan(try GatewayConfiguration(yaml: Self.yaml))
        let before = plan.current
        #expect(throws: ConfigurationRefused.self) {
            try plan.replace(yaml: Self.yaml.replacingOccurrences(of: "release: shop", with: "release: shpo"))
        }
        #expect(plan.generation == 1)
        #expect(plan.current.configuration == before.configuration)
        let changes = try plan.replace(
            yaml: Self.yaml.replacingOccurrences(of: "green-percent: 10", with: "green-percent: 11"))
        #expect(changes.count == 2)
        #expect(plan.generation == 2)
        #expect(plan.current.generation == 2)
        #expect(plan.current.configuration.releases[0].greenPercent == 11)
        // Requests under way know groups by their index.
        let joining = Self.yaml.replacingOccurrences(
            of: "services:", with: "services:\n    third: { hosts: [10.0.2.1:80] }")
        try plan.replace(yaml: joining)
        #expect(plan.current.table.groups == before.table.groups + ["third"])
        let leaving = Self.yaml.replacingOccurrences(of: "release: shop", with: "service: blue")
        try plan.replace(yaml: leaving)
        #expect(plan.current.table.groups == before.table.groups + ["third"])
    }

    @Test func `a release shifts on every route that leads to it, and a strangler is reverted at once`() throws {
        var configuration = try GatewayConfiguration(
            yaml: Self.yaml + """

                    - { name: beta, path: /beta, release: shop }
                    - { name: auth, path: /auth, strangler: { service: green, monolith: blue, migrated: 100 } }
                """)
        #expect(configuration.setGreen(50, of: "other") == false)
        #expect(configuration.setGreen(100, of: "shop") == true)
        #expect(configuration.setWeights([0, 100], ofRoute: "auth") == true)
        #expect(configuration.setWeights([0, 0], ofRoute: "auth") == false)
        #expect(configuration.setWeights([1], ofRoute: "auth") == false)
        let table = configuration.table
        #expect(table.groupName(try request("GET /beta/x")) == "green")
        #expect(table.groupName(try request("GET /x")) == "green")
        #expect(table.groupName(try request("GET /auth/login")) == "blue")
    }

    @Test func `the schema in the documents is that of the code`() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Docs/Gateway/schema.json")
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try GatewayConfiguration.schemaText.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == GatewayConfiguration.schemaText)
        let parsed = try JSONReader.parse(Array(GatewayConfiguration.schemaText.utf8))
        #expect(parsed == GatewayConfiguration.schema)
    }

    @Test func `whatever a file holds, it is accepted or refused with problems, and never more than that`() {
        let pieces = Self.yaml.split(separator: "\n").map(String.init)
        for seed in 0..<300 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var lines = pieces
            for _ in 0..<(1 + generator.next() % 3) {
                let index = Int(generator.next(upperBound: UInt64(lines.count)))
                switch generator.next() % 4 {
                case 0: lines.remove(at: index)
                case 1: lines[index] = String(lines[index].dropLast(Int(generator.next() % 9)))
                case 2: lines.swapAt(index, Int(generator.next(upperBound: UInt64(lines.count))))
                default: lines[index] = lines[index].replacingOccurrences(of: "1", with: "-")
                }
                if lines.isEmpty { break }
            }
            do throws(ConfigurationRefused) {
                let configuration = try GatewayConfiguration(yaml: lines.joined(separator: "\n"))
                #expect(!configuration.table.routes.isEmpty)
            } catch {
                #expect(!error.problems.isEmpty)
            }
        }
    }
}
