#if os(Linux)
    import Chassis
    import ChassisTesting
    import Essentials
    import EssentialsTesting
    import GatewayCore
    import HTTPTypes
    import Identity
    import Testing

    @testable import Gateway

    @Suite("Releases under live traffic", .timeLimit(.minutes(5)))
    struct LiveReleaseTests {
        private static let yaml = """
            gateway:
              services:
                blue: { hosts: [$b1, $b2], health: { path: /health/ready } }
                green: { hosts: [$g1, $g2], health: { path: /health/ready } }
              releases:
                shop:
                  blue: blue
                  green: green
                  key: { header: X-User }
                  steps: [10, 50, 100]
                  hold: 5s
                  smoke-tests: [/health/ready]
              defaults: { token: false }
              routes:
                - { name: orders, path: /orders, release: shop }
            """
        private static let names = ["b1", "b2", "g1", "g2"]

        private func percent(_ farm: Farm) -> Int { farm.gateway.plan.current.configuration.releases[0].greenPercent }

        private func state(_ farm: Farm) -> ReleaseMachine.State {
            farm.gateway.control.releases.releases[0].machine.state
        }

        /// A second in which so many requests are answered.
        private func second(_ farm: Farm, _ load: Load, answers: Int) async {
            await load.answers(answers)
            await farm.platform.clock.waitForSleepers(farm.sleeperCount)
            farm.advance(by: .seconds(1))
            await farm.platform.clock.waitForSleepers(farm.sleeperCount)
        }

        /// Begins the release and waits until traffic moves.
        private func start(_ farm: Farm, _ load: Load) async throws {
            #expect(try farm.gateway.control.order(.start, of: "shop"))
            while self.percent(farm) == 0 { await self.second(farm, load, answers: 1) }
            #expect(self.percent(farm) == 10)
        }

        private func running(_ farm: Farm, _ body: (Load) async throws -> Void) async throws -> Load.Tally {
            try await Load.running(farm.edge, fields: { client, number in "X-User: \(client)-\(number)\r\n" }, body)
        }

        @Test func `green gets 10, 50 and 100 per cent under load, and no request fails`() async throws {
            try await Farm.serving(Self.names, Self.yaml) { farm in
                let tally = try await self.running(farm) { load in
                    try await self.start(farm, load)
                    var seen = [10]
                    for _ in 0..<120 where self.state(farm) != .stable {
                        await self.second(farm, load, answers: 300)
                        if seen.last != self.percent(farm) { seen.append(self.percent(farm)) }
                    }
                    #expect(seen == [10, 50, 100])
                    #expect(farm.gateway.control.releases.releases[0].machine.active == .green)
                    let before = farm.host("b1").requests + farm.host("b2").requests
                    await load.answers(200)
                    // The few that were on their way.
                    #expect(farm.host("b1").requests + farm.host("b2").requests <= before + 4)
                }
                #expect(tally.failures.isEmpty)
                #expect(tally.hosts.count == 4)
            }
        }

        @Test(arguments: [10, 50])
        func `a green that fails is rolled back within five seconds`(_ step: Int) async throws {
            try await Farm.serving(Self.names, Self.yaml) { farm in
                _ = try await self.running(farm) { load in
                    try await self.start(farm, load)
                    while self.percent(farm) < step { await self.second(farm, load, answers: 300) }
                    for name in ["g1", "g2"] { farm.host(name).answer(500) }
                    let began = farm.platform.clock.now
                    while self.percent(farm) > 0 { await self.second(farm, load, answers: 200) }
                    let took = began.duration(to: farm.platform.clock.now)
                    #expect(took <= .seconds(5))
                    let release = farm.gateway.control.releases.releases[0].machine
                    #expect(release.active == .blue && release.lastRollback?.hasPrefix("success ") == true)
                    let before = farm.host("g1").requests + farm.host("g2").requests
                    await load.answers(200)
                    #expect(farm.host("g1").requests + farm.host("g2").requests <= before + 4)
                }
            }
        }

        @Test func `a green that is not well gets no traffic at all`() async throws {
            try await Farm.serving(Self.names, Self.yaml) { farm in
                farm.host("g2").answer(health: 503)
                let tally = try await self.running(farm) { load in
                    try farm.gateway.control.order(.start, of: "shop")
                    while self.state(farm) != .stable { await self.second(farm, load, answers: 20) }
                    let reason = farm.gateway.control.releases.releases[0].machine.lastRollback
                    #expect(reason?.hasPrefix("gate healthy: ") == true && reason?.contains("503") == true)
                }
                #expect(tally.failures.isEmpty && tally.hosts["g1"] == nil && tally.hosts["g2"] == nil)
            }
        }

        @Test func `an operator promotes and rolls back, and a reload keeps what was shifted`() async throws {
            try await Farm.serving(Self.names, Self.yaml) { farm in
                let tally = try await self.running(farm) { load in
                    try await self.start(farm, load)
                    #expect(throws: ReleaseMachine.Refusal.underWay) {
                        try farm.gateway.control.order(.start, of: "shop")
                    }
                    try farm.gateway.control.order(.promote, of: "shop")
                    #expect(self.percent(farm) == 50)
                    try farm.replace(Self.yaml.replacing("hold: 5s", with: "hold: 50s"))
                    #expect(self.percent(farm) == 50 && self.state(farm) != .stable)
                    try farm.gateway.control.order(.rollBack, of: "shop")
                    #expect(self.percent(farm) == 0 && self.state(farm) == .stable)
                    // Who writes another percentage into the file means it.
                    try farm.replace(Self.yaml.replacing("hold: 5s", with: "green-percent: 25"))
                    #expect(self.percent(farm) == 25)
                    #expect(try !farm.gateway.control.order(.start, of: "other"))
                }
                #expect(tally.failures.isEmpty)
            }
        }
    }

    @Suite("Steering a running gateway", .timeLimit(.minutes(5)))
    struct GatewayAdminTests {
        private static let yaml = """
            gateway:
              services:
                auth: { hosts: [$a] }
                monolith: { hosts: [$m, $n], health: { path: /health/ready } }
              resources:
                things: { path: /things, default: 1, versions: { 1: { service: monolith }, 2: { service: auth } }, token: false }
              routes:
                - { name: auth, path: /auth, token: false, strangler: { service: auth, monolith: monolith, migrated: 100 } }
            """

        private func serving(
            _ play:
                @Sendable (Farm, (HTTPRequest.Method, String, JSONValue?) async throws -> TestAnswer) async throws ->
                Void
        ) async throws {
            try await Farm.serving(["a", "m", "n"], Self.yaml) { farm in
                let admin = GatewayAdmin(
                    farm.gateway, authenticator: try farm.platform.authenticator(GatewayAdmin.service))
                farm.platform.transport.register(GatewayAdmin.service, admin.handler)
                try await play(farm) { method, path, json in
                    try await farm.platform.call(
                        GatewayAdmin.service, method, path, as: .service("admin"), json: json)
                }
            }
        }

        private func ask(_ farm: Farm, _ target: String) async -> String? {
            let endpoint = farm.edge.endpoint
            return try? await DedicatedThread(name: "client").run {
                let client = Loopback(to: endpoint)
                client.send("GET \(target) HTTP/1.1\r\nHost: shop\r\n\r\n")
                return client.answer()?.fields["x-host"]
            }
        }

        @Test func `nobody gets in without a token of a service`() async throws {
            try await self.serving { farm, _ in
                let none = try await farm.platform.call(GatewayAdmin.service, .get, "/internal/gateway")
                let person = try await farm.platform.call(
                    GatewayAdmin.service, .get, "/internal/gateway", as: farm.platform.person(.admin))
                #expect(none.response.head.status == .unauthorized && person.response.head.status == .forbidden)
                // The gateway itself leads nobody there.
                let through = try await farm.gateway.handler(ServiceRequest(.get, "/internal/gateway"))
                #expect(through.head.status == .notFound)
            }
        }

        @Test func `a strangler is reverted at once`() async throws {
            try await self.serving { farm, call in
                #expect(await self.ask(farm, "/auth/login") == "a")
                let answer = try await call(.put, "/internal/gateway/routes/auth/weights", ["weights": [0, 100]])
                #expect(answer.json["changes"]?.array?.count == 1)
                #expect(await self.ask(farm, "/auth/login") != "a")
                let wrong = try await call(.put, "/internal/gateway/routes/auth/weights", ["weights": [0, 0]])
                let unknown = try await call(.put, "/internal/gateway/routes/other/weights", ["weights": [1]])
                #expect(wrong.response.head.status == .badRequest && unknown.response.head.status == .notFound)
            }
        }

        @Test func `a host is drained and shown as such`() async throws {
            try await self.serving { farm, call in
                let host = farm.host("m").address
                let path = "/internal/gateway/services/monolith/hosts/\(host)"
                let drained = try await call(.patch, path, ["draining": true])
                #expect(drained.json["hosts"]?.array?.first?["state"] == "draining")
                for _ in 0..<6 { #expect(await self.ask(farm, "/things") == "n") }
                let back = try await call(.patch, path, ["draining": false, "weight": 7])
                #expect(back.json["hosts"]?.array?.first?["state"] == "healthy")
                #expect(back.json["hosts"]?.array?.first?["weight"] == 7)
                let unknown = try await call(.patch, "\(path)1", ["draining": true])
                #expect(unknown.response.head.status == .notFound)
            }
        }

        @Test func `decisions are explained, versions and requests counted, pipelines shown`() async throws {
            try await self.serving { farm, call in
                for version in [1, 2, 2] { _ = await self.ask(farm, "/things?api_version=\(version)") }
                let question: JSONValue = ["method": "GET", "target": "/things", "headers": ["Accept: text/html"]]
                let explained = try await call(.post, "/internal/gateway/explain", question)
                #expect(explained.json["decision"]?.array?.first == ["forward", "monolith"])
                let versions = try await call(.get, "/internal/gateway/versions", nil)
                let counts = versions.json["items"]?.array?.map { $0["requests"] }
                #expect(counts == [1, 2])
                let metrics = String(decoding: try await call(.get, "/metrics", nil).response.body, as: UTF8.self)
                #expect(metrics.contains(#"mainstay_gateway_requests_total{service="auth",status="2xx"} 2"#))
                #expect(metrics.contains(#"mainstay_pipeline"#) && metrics.hasSuffix("# EOF\n"))
                let pipelines = try await call(.get, "/internal/pipelines", nil)
                let names = pipelines.json["items"]?.array?.compactMap { $0["name"]?.string }
                #expect(names == ["auth", "auth background", "monolith", "monolith background"])
                let all = try await call(.get, "/internal/gateway", nil)
                #expect(all.json["services"]?.array?.count == 2)
                #expect(all.json["routes"]?.array?.contains { $0["name"] == "auth" } == true)
            }
        }
    }
#endif
