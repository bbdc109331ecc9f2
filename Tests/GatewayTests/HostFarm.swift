#if os(Linux)
    import Chassis
    import ChassisTesting
    import Essentials
    import EssentialsTesting
    import GatewayCore
    import HTTPTransport
    import HTTPTypes
    import Identity
    import LoadBalancing
    import Logging
    import Synchronization

    @testable import Gateway

    /// A service over sockets that says its name, and answers as it is told.
    final class FarmHost: Sendable {
        private final class Sheet: Sendable {
            let state = Mutex<(requests: Int, status: Int, health: Int)>((0, 200, 200))
        }

        let name: String
        private let sheet = Sheet()
        private let server: ProxyServer

        init(_ name: String) throws {
            self.name = name
            let sheet = self.sheet
            var configuration = ProxyConfiguration()
            configuration.upstreams = [[]]
            self.server = try ProxyServer(
                configuration,
                router: LoopbackService { request in
                    let status = sheet.state.withLock { state in
                        state.requests += 1
                        return state.status
                    }
                    return ProxyAnswer(status: status, ["X-Host": name], body: "\(name) \(request.target)")
                })
        }

        var address: String { self.server.endpoint.description }
        /// Requests so far, but for checks.
        var requests: Int { self.sheet.state.withLock { $0.requests } }
        /// What checks are answered.
        var health: Int { self.sheet.state.withLock { $0.health } }

        func answer(_ status: Int = 200, health: Int = 200) {
            self.sheet.state.withLock { ($0.status, $0.health) = (status, health) }
        }

        func run() async throws { try await self.server.run() }
        func stop() { self.server.drain(within: .seconds(5)) }
    }

    /// A gateway on an event loop in front of hosts, made of a configuration file.
    struct Farm: Sendable {
        let platform: TestPlatform
        let gateway: GatewayService
        let edge: GatewayEdge
        let hosts: [FarmHost]
        let files: FarmFiles

        func host(_ name: String) -> FarmHost {
            guard let host = self.hosts.first(where: { $0.name == name }) else {
                preconditionFailure("no host \(name)")
            }
            return host
        }

        /// How many of the gateway's works wait for the clock; copies of requests wait for requests.
        var sleeperCount: Int { self.gateway.background.filter { $0.name != "mirrored requests" }.count }

        /// Puts another file into force; `$a` stands for the address of host a.
        func replace(_ yaml: String) throws {
            self.gateway.control.replace(try GatewayConfiguration(yaml: Self.filled(yaml, self.hosts)))
        }

        /// Moves time on second by second until the board says of the hosts of `orders` what is wanted: which are listed, and
        /// which of them are well.
        func until(_ wanted: [String: Bool]) async {
            while true {
                await self.platform.clock.waitForSleepers(self.sleeperCount)
                let members = self.gateway.control.board.groups["orders"]?.members ?? []
                let known = members.map { member in
                    (self.hosts.first { $0.address == member.host.name }?.name ?? "?", member.failure == nil)
                }
                if Dictionary(known, uniquingKeysWith: { first, _ in first }) == wanted { return }
                self.advance(by: .seconds(1))
                for _ in 0..<20 { await Task.yield() }
            }
        }

        func advance(by duration: Duration) { self.platform.clock.advance(by: duration) }

        static func filled(_ yaml: String, _ hosts: [FarmHost]) -> String {
            hosts.reduce(yaml) { $0.replacing("$\($1.name)", with: $1.address) }
        }

        static func serving<Value: Sendable>(
            _ names: [String], _ yaml: String, play: @Sendable (Farm) async throws -> Value
        ) async throws -> Value {
            let hosts = try names.map { try FarmHost($0) }
            let platform = try TestPlatform()
            for host in hosts {
                platform.transport.register(ServiceName(rawValue: host.address)) { _ in
                    .empty(.init(code: host.health))
                }
            }
            let files = FarmFiles()
            var environment = GatewayEnvironment(
                transport: platform.transport, userKeys: try JWKSet([platform.userSigningKey.publicKey]),
                revocations: RevocationList(wallClock: platform.wallClock.wallClock), time: .test(platform.clock),
                wallClock: platform.wallClock.wallClock, ids: platform.ids, chance: platform.chance,
                logger: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }), version: "test")
            environment.hosts = files
            let gateway = GatewayService(
                environment, plan: GatewayPlan(try GatewayConfiguration(yaml: Self.filled(yaml, hosts))),
                problems: ProblemType.common + ProblemType.edge)
            let edge = try GatewayEdge(gateway, .init(listen: Endpoint("127.0.0.1", 0)))
            let farm = Farm(platform: platform, gateway: gateway, edge: edge, hosts: hosts, files: files)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                for host in hosts { group.addTask { try await host.run() } }
                for work in gateway.background { group.addTask { try? await work.run() } }
                group.addTask { try await edge.run() }
                defer {
                    edge.drain(within: .zero)
                    for host in hosts { host.stop() }
                    group.cancelAll()
                }
                return try await play(farm)
            }
        }
    }

    /// Names and files in memory.
    final class FarmFiles: HostSource {
        private let texts = Mutex<[String: String]>([:])

        func write(_ text: String, to file: String) { self.texts.withLock { $0[file] = text } }

        struct Missing: Error {}

        func addresses(of name: String) async throws -> [String] {
            try await self.text(of: name).split(separator: "\n").map(String.init)
        }

        func text(of file: String) async throws -> String {
            guard let text = self.texts.withLock({ $0[file] }) else { throw Missing() }
            return text
        }
    }

    /// Clients that ask without a pause until they are told to stop.
    final class Load: Sendable {
        struct Tally: Hashable, Sendable {
            var requests = 0
            /// What went wrong.
            var failures: [String] = []
            /// Answers by the host that gave them.
            var hosts: [String: Int] = [:]
        }

        private let tally = Mutex(Tally())
        private let isOver = Atomic<Bool>(false)

        var answered: Int { self.tally.withLock(\.requests) }

        /// Plays `body` while clients ask.
        /// - Parameter fields: lines of a client's head, by its number.
        static func running(
            _ edge: GatewayEdge, clients: Int = 4, target: String = "/orders/1",
            fields: @escaping @Sendable (Int, Int) -> String = { _, _ in "" }, _ body: (Load) async throws -> Void
        ) async throws -> Tally {
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<clients {
                    group.addTask {
                        try await DedicatedThread(name: "client").run { load.ask(edge, client, target, fields) }
                    }
                }
                defer { load.isOver.store(true, ordering: .relaxed) }
                try await body(load)
            }
            return load.tally.withLock { $0 }
        }

        /// Returns when so many more requests have been answered.
        func answers(_ count: Int) async {
            let goal = self.answered + count
            while self.answered < goal { await Task.yield() }
        }

        private func ask(
            _ edge: GatewayEdge, _ client: Int, _ target: String, _ fields: (Int, Int) -> String
        ) {
            var connection = Loopback(to: edge.endpoint)
            var number = 0
            while !self.isOver.load(ordering: .relaxed) {
                connection.send("GET \(target) HTTP/1.1\r\nHost: shop\r\n\(fields(client, number))\r\n")
                number += 1
                let answer = connection.answer()
                self.tally.withLock { tally in
                    tally.requests += 1
                    if let answer, answer.status == 200 {
                        tally.hosts[answer.fields["x-host"] ?? "?", default: 0] += 1
                    } else {
                        tally.failures.append(answer.map { "\($0.status) \($0.body)" } ?? "no answer")
                    }
                }
                if answer == nil { connection = Loopback(to: edge.endpoint) }
            }
        }
    }
#endif
