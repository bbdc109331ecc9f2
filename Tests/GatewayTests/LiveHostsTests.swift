#if os(Linux)
    import Chassis
    import Essentials
    import ChassisTesting
    import EssentialsTesting
    import GatewayCore
    import HTTPTypes
    import Testing

    @testable import Gateway

    @Suite("Hosts that join, leave, fail and are drained", .timeLimit(.minutes(5)))
    struct LiveHostsTests {
        private static let three = """
            gateway:
              services:
                orders: { hosts: [$a, $b, $c], balancing: { algorithm: round-robin } }
              defaults: { token: false }
              routes:
                - { name: orders, path: /orders, service: orders }
            """

        private func ask(_ farm: Farm, _ count: Int = 1, fields: String = "") async -> [String] {
            let endpoint = farm.edge.endpoint
            return await
                (try? DedicatedThread(name: "client").run {
                    let client = Loopback(to: endpoint)
                    return (0..<count).map { _ in
                        client.send("GET /orders/1 HTTP/1.1\r\nHost: shop\r\n\(fields)\r\n")
                        let answer = client.answer()
                        return answer.map { $0.status == 200 ? $0.fields["x-host"] ?? "?" : "\($0.status)" } ?? "gone"
                    }
                }) ?? []
        }

        @Test func `a hundred reloads under constant load fail no request`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.three) { farm in
                let tally = try await Load.running(farm.edge) { load in
                    for number in 0..<100 {
                        // Hosts, weights, algorithms, routes and services change, and come back.
                        switch number % 4 {
                        case 0: try farm.replace(Self.three.replacing("[$a, $b, $c]", with: "[$b, $c]"))
                        case 1:
                            try farm.replace(Self.three.replacing("round-robin", with: "least-request"))
                        case 2:
                            try farm.replace(
                                Self.three.replacing("service: orders }", with: "service: orders-\(number) }")
                                    .replacing(
                                        "services:\n", with: "services:\n    orders-\(number): { hosts: [$a, $c] }\n"))
                        default: try farm.replace(Self.three)
                        }
                        await load.answers(20)
                    }
                }
                #expect(tally.failures.isEmpty)
                #expect(tally.requests > 2_000)
                #expect(tally.hosts.values.allSatisfy { $0 > 100 } && tally.hosts.count == 3)
                #expect(farm.gateway.plan.generation == 101)
            }
        }

        @Test func `a refused file changes nothing, whatever else it says`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.three) { farm in
                let bad = Self.three.replacing("service: orders }", with: "service: odrers, colour: red }")
                let refused = #expect(throws: ConfigurationRefused.self) { try farm.replace(bad) }
                #expect(refused?.problems.count == 2)
                #expect(farm.gateway.plan.generation == 1)
                let answers = await self.ask(farm, 3)
                #expect(answers.sorted() == ["a", "b", "c"])
            }
        }

        @Test func `a drained host gets nothing new, finishes what it has, and comes back`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.three) { farm in
                let tally = try await Load.running(farm.edge) { load in
                    await load.answers(100)
                    #expect(farm.gateway.control.drain(farm.host("a").address, of: "orders", true))
                    await load.answers(50)
                    let before = farm.host("a").requests
                    await load.answers(200)
                    #expect(farm.host("a").requests == before)
                    #expect(farm.gateway.control.drain(farm.host("a").address, of: "orders", false))
                    await load.answers(200)
                    #expect(farm.host("a").requests > before)
                }
                #expect(tally.failures.isEmpty)
                #expect(!farm.gateway.control.drain("10.0.0.1:1", of: "orders", true))
            }
        }

        @Test func `a service whose hosts are all drained says so`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.three) { farm in
                for host in farm.hosts { farm.gateway.control.drain(host.address, of: "orders", true) }
                #expect(await self.ask(farm) == ["503"])
                farm.gateway.control.drain(farm.host("b").address, of: "orders", false)
                #expect(await self.ask(farm, 2) == ["b", "b"])
            }
        }

        @Test func `a host that goes away costs no request that may be repeated, and is left out`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.three) { farm in
                let tally = try await Load.running(farm.edge) { load in
                    await load.answers(100)
                    farm.host("b").stop()
                    await load.answers(300)
                }
                #expect(tally.failures.isEmpty)
                let after = await self.ask(farm, 30)
                #expect(after.allSatisfy { $0 != "b" })
            }
        }

        private static let checked = three.replacing(
            "[$a, $b, $c],", with: "[$a, $b], health: { interval: 10s, timeout: 5s, failures: 2, successes: 2 },")

        @Test func `a host whose checks fail is left out until they pass again`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.checked) { farm in
                #expect(await Set(self.ask(farm, 10)) == ["a", "b"])
                farm.host("a").answer(health: 503)
                await farm.until(["a": false, "b": true])
                #expect(await Set(self.ask(farm, 10)) == ["b"])
                farm.host("a").answer()
                await farm.until(["a": true, "b": true])
                #expect(await Set(self.ask(farm, 10)) == ["a", "b"])
            }
        }

        @Test func `a service whose hosts all fail their checks answers 503 with the reason`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.checked) { farm in
                for host in farm.hosts { host.answer(health: 500) }
                await farm.until(["a": false, "b": false])
                #expect(await self.ask(farm) == ["503"])
                let report = try await farm.gateway.handler(ServiceRequest(.get, "/health/ready"))
                #expect(report.head.status == .serviceUnavailable)
                #expect(String(decoding: report.body, as: UTF8.self).contains("it answered 500"))
            }
        }

        @Test func `a host that joins is used once its first checks have passed`() async throws {
            try await Farm.serving(["a", "b", "c"], Self.checked) { farm in
                await farm.until(["a": true, "b": true])
                try farm.replace(Self.checked.replacing("[$a, $b]", with: "[$a, $b, $c]"))
                #expect(await Set(self.ask(farm, 10)) == ["a", "b"])
                await farm.until(["a": true, "b": true, "c": true])
                #expect(await Set(self.ask(farm, 10)) == ["a", "b", "c"])
            }
        }

        @Test func `one failure in a row is not two, and a late answer is none`() throws {
            let configuration = try GatewayConfiguration(
                yaml: Self.checked.replacing("$a, $b", with: "10.0.0.1:80, 10.0.0.2:80"))
            var checks = HostChecks()
            let hosts = Dictionary(
                uniqueKeysWithValues: configuration.services.map { ($0.name, GroupHosts($0)) })
            func tick(_ seconds: Int) -> Tick { Tick(nanoseconds: Int64(seconds) * 1_000_000_000) }
            checks.follow(configuration.services, hosts, at: tick(0))
            let targets = checks.begin(at: tick(0))
            #expect(targets.map(\.host) == ["10.0.0.1:80", "10.0.0.2:80"])
            #expect(checks.answered(targets[0], nil, at: tick(1)) == .some(.some(nil)))
            #expect(checks.answered(targets[1], "it answered 503", at: tick(1)) == nil)
            #expect(checks.begin(at: tick(9)).isEmpty && checks.due == tick(10))
            #expect(checks.begin(at: tick(10)).count == 2)
            #expect(checks.answered(targets[0], "it answered 503", at: tick(11)) == .some(.some(nil)))
            #expect(checks.answered(targets[1], nil, at: tick(16)) == .some("Health check timeout"))
        }

        @Test func `a host that fails again and again is ejected, and comes back after its time`() async throws {
            let yaml = Self.three.replacing(
                "round-robin }", with: "round-robin }, outliers: { failures: 3, ejection: 30s, interval: 10s }")
            try await Farm.serving(["a", "b", "c"], yaml) { farm in
                farm.host("a").answer(500)
                let answers = await self.ask(farm, 60)
                #expect(answers.count { $0 == "500" } == 3)
                farm.host("a").answer()
                farm.advance(by: .seconds(41))
                #expect(await Set(self.ask(farm, 30)) == ["a", "b", "c"])
            }
        }

        @Test func `a breaker stops calls to a service that fails, and one call finds out that it works again`()
            async throws
        {
            let yaml = Self.three.replacing(
                "round-robin }",
                with: "round-robin }, outliers: false, breaker: { failures: 50, volume: 10, recovery: 2s }")
            try await Farm.serving(["a", "b", "c"], yaml) { farm in
                for host in farm.hosts { host.answer(500) }
                let answers = await self.ask(farm, 30)
                #expect(answers.count { $0 == "500" } == 10 && answers.count { $0 == "503" } == 20)
                for host in farm.hosts { host.answer() }
                #expect(await self.ask(farm) == ["503"])
                farm.advance(by: .seconds(2))
                let after = await self.ask(farm, 6)
                #expect(after.allSatisfy { $0.count == 1 })
            }
        }

        @Test(arguments: ["ip-hash", "ring-hash", "maglev"])
        func `requests with one key go to one host`(_ algorithm: String) async throws {
            let yaml = Self.three.replacing(
                "{ algorithm: round-robin }", with: "{ algorithm: \(algorithm), key: { header: X-User } }")
            try await Farm.serving(["a", "b", "c"], yaml) { farm in
                var seen: Set<String> = []
                for user in 0..<30 {
                    let answers = await Set(self.ask(farm, 3, fields: "x-user: \(user)\r\n"))
                    #expect(answers.count == 1)
                    seen.formUnion(answers)
                }
                #expect(seen == ["a", "b", "c"])
            }
        }

        @Test func `weights are kept`() async throws {
            let yaml = Self.three.replacing("$a, $b, $c", with: "{ address: $a, weight: 3 }, $b")
                .replacing("round-robin", with: "weighted-round-robin")
            try await Farm.serving(["a", "b", "c"], yaml) { farm in
                let answers = await self.ask(farm, 40)
                #expect(answers.count { $0 == "a" } == 30)
            }
        }

        @Test(arguments: ["dns: orders.internal:80", "file: orders.hosts"])
        func `hosts found by name or in a file come and go, and stay when nothing is found`(
            _ source: String
        ) async throws {
            let name = source.contains("dns") ? "orders.internal:80" : "orders.hosts"
            let yaml = Self.three.replacing("hosts: [$a, $b, $c]", with: source)
            try await Farm.serving(["a", "b", "c"], yaml) { farm in
                #expect(await self.ask(farm) == ["503"])
                let (a, b) = (farm.host("a").address, farm.host("b").address)
                farm.files.write(a, to: name)
                await farm.until(["a": true])
                let seen1 = await Set(self.ask(farm, 4))
                #expect(seen1 == ["a"])
                farm.files.write("\(a)\n\(b)", to: name)
                await farm.until(["a": true, "b": true])
                let seen2 = await Set(self.ask(farm, 4))
                #expect(seen2 == ["a", "b"])
                farm.files.write("", to: name)
                for _ in 0..<5 {
                    await farm.platform.clock.waitForSleepers(farm.sleeperCount)
                    farm.advance(by: .seconds(1))
                }
                let seen3 = await Set(self.ask(farm, 4))
                #expect(seen3 == ["a", "b"])
                farm.files.write(b, to: name)
                await farm.until(["b": true])
                let seen4 = await Set(self.ask(farm, 4))
                #expect(seen4 == ["b"])
            }
        }
    }
#endif
