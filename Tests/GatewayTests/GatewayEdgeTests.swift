#if os(Linux)
    import Chassis
    import ChassisTesting
    import Essentials
    import EssentialsTesting
    import GatewayCore
    import HTTPTransport
    import HTTPTypes
    import HTTPWire
    import Identity
    import Logging
    import Resilience
    import Synchronization
    import Testing

    @testable import Gateway

    /// One gateway in both forms, as a handler and on event loops, in front of services that note what reaches them.
    final class TwoShells: Sendable {
        let platform: TestPlatform
        let gateway: GatewayService
        let revocations: RevocationList
        private let received = Mutex<[ServiceRequest]>([])
        private let reply: @Sendable (ServiceRequest) async -> ServiceResponse

        init(
            _ configuration: GatewayService.Configuration = .init(), routes: RoutingTable = .shop,
            answer: @escaping @Sendable (ServiceRequest) async -> ServiceResponse = { request in
                .document(["asked": .string(request.head.method.rawValue), "body": .integer(request.body.count)])
            }
        ) throws {
            let platform = try TestPlatform()
            self.platform = platform
            self.reply = answer
            self.revocations = RevocationList(wallClock: platform.wallClock.wallClock)
            self.gateway = GatewayService(
                GatewayEnvironment(
                    transport: platform.transport, userKeys: try JWKSet([platform.userSigningKey.publicKey]),
                    revocations: self.revocations, time: .test(platform.clock), wallClock: platform.wallClock.wallClock,
                    ids: platform.ids, chance: platform.chance,
                    logger: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }), version: "test"),
                routes: routes, problems: ProblemType.common + ProblemType.edge, configuration: configuration)
            for service in routes.groups {
                platform.transport.register(ServiceName(rawValue: service)) { await self.answer($0) }
            }
        }

        private func answer(_ request: ServiceRequest) async -> ServiceResponse {
            self.received.withLock { $0.append(request) }
            return await self.reply(request)
        }

        /// What came through since the last call.
        func takeReached() -> [ServiceRequest] {
            self.received.withLock { received in
                defer { received = [] }
                return received
            }
        }

        /// Runs the gateway on an event loop.
        func serving<Value: Sendable>(
            log: AccessLog? = nil, _ play: @escaping @Sendable (GatewayEdge) throws -> Value
        ) async throws -> Value {
            let serve: @Sendable (ProxyRequest) async -> ProxyAnswer = { request in
                guard let asked = ServiceRequest(request) else { return ProxyAnswer(status: 400) }
                return await self.answer(asked).answer
            }
            return try await LoopbackService.serving(serve) { service in
                var configuration = GatewayEdge.Configuration(listen: Endpoint("127.0.0.1", 0))
                configuration.accessLog = log
                let edge = try GatewayEdge(self.gateway, configuration)
                for name in self.gateway.plan.current.table.groups {
                    edge.setAddress("\(service)", of: ServiceName(rawValue: name))
                }
                return try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await edge.run() }
                    defer { edge.drain(within: .zero) }
                    return try await DedicatedThread(name: "client").run { try play(edge) }
                }
            }
        }

        func token() throws -> String { try self.platform.token(of: self.platform.person()) }
    }

    /// What a test asks both shells.
    struct Question: Sendable, CustomTestStringConvertible {
        var method = HTTPRequest.Method.get
        var target: String
        var fields: HTTPFields = [:]
        var hasToken = false
        var body = ""

        var testDescription: String { "\(self.method) \(self.target) \(self.fields) \(self.hasToken)" }

        var text: String {
            let lines = self.fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
            let length = self.body.isEmpty ? "" : "Content-Length: \(self.body.utf8.count)\r\n"
            return "\(self.method.rawValue) \(self.target) HTTP/1.1\r\nHost: shop\r\n\(lines)\(length)\r\n\(self.body)"
        }

        var request: ServiceRequest {
            var request = ServiceRequest(self.method, self.target, headers: self.fields, body: Array(self.body.utf8))
            request.peer = "127.0.0.1"
            return request
        }

        static let all: [Question] = [
            Question(target: "/v1/products"), Question(target: "/v1/products?q=tea&x=%20"),
            Question(target: "/v1/orders"), Question(target: "/v1/orders", fields: [.authorization: "Bearer a.b.c"]),
            Question(target: "/v1/orders", fields: [.authorization: "Basic YTpi"]),
            Question(target: "/v1/orders/7", hasToken: true),
            Question(
                target: "/v1/orders/7",
                fields: [
                    .clientIP: "6.6.6.6", .actor: "root", .deadline: "1", .causation: "x", .serviceRequestID: "y",
                ],
                hasToken: true),
            Question(
                target: "/v1/orders/7",
                fields: [
                    .connection: "close, x-mine", HTTPField.Name("X-Mine")!: "1", HTTPField.Name("Forwarded")!: "for=a",
                    HTTPField.Name("X-Kept")!: "2", HTTPField.Name("X-Forwarded-For")!: "6.6.6.6",
                ], hasToken: true),
            Question(method: .post, target: "/v1/orders", hasToken: true, body: #"{"a":1}"#),
            Question(method: .post, target: "/v1/orders", body: #"{"a":1}"#),
            Question(method: .delete, target: "/v1/users/7", hasToken: true),
            Question(target: "/nothing"), Question(target: "/internal/events"), Question(target: "/v1//orders"),
            Question(target: "/v1/orders/%2e%2e/internal"), Question(target: "/v1/orders/../x"),
            Question(target: "/v1/ordersx"), Question(target: "/v1/orders%2f7", hasToken: true),
            Question(method: .options, target: "/v1/orders"), Question(method: .options, target: "/docs"),
            Question(method: .options, target: "/nothing"), Question(method: .head, target: "/v1/products"),
            Question(method: .head, target: "/docs"), Question(method: .head, target: "/v1/orders"),
            Question(target: "/api/products"), Question(target: "/api/payment"),
            Question(method: .post, target: "/api/transaction", hasToken: true, body: #"{"a":1}"#),
            Question(method: .post, target: "/api/login", body: #"{"a":1}"#),
            Question(method: .post, target: "/v1/sessions", body: #"{"a":1}"#), Question(target: "/"),
            Question(target: "/docs"), Question(target: "/health/live"), Question(target: "/problems"),
            Question(target: "/problems/not-found"), Question(target: "/problems/unheard-of"),
            Question(method: .post, target: "/docs"), Question(method: .trace, target: "/v1/products"),
            Question(method: .init(rawValue: "BREW")!, target: "/v1/products"),
        ]
    }

    @Suite("The gateway on event loops", .timeLimit(.minutes(10)))
    struct GatewayEdgeTests {
        /// Ids and moments differ from request to request.
        private static func withoutIDs(_ text: String) -> String {
            text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "ID")
        }

        /// What must be the same, whichever way an answer came.
        private static func essence(_ status: Int, _ fields: [String: String], _ body: String) -> [String] {
            let names = ["content-type", "content-length", "www-authenticate", "retry-after", "allow", "cache-control"]
            return ["\(status)"] + names.map { "\($0): \(fields[$0] ?? "-")" } + [self.withoutIDs(body)]
        }

        /// What must be the same of what a service got.
        private static func essence(_ request: ServiceRequest) -> [String] {
            let own: Set<String> = ["x-service-request-id", "x-request-timestamp", "traceparent", "via", "host"]
            let fields = request.head.headerFields.filter { !own.contains($0.name.canonicalName) }
                .map { "\($0.name.canonicalName): \($0.value)" }.sorted()
            return ["\(request.head.method) \(request.head.path ?? "")"] + fields
                + [String(decoding: request.body, as: UTF8.self)]
        }

        @Test(arguments: Question.all)
        func `answers as the handler does, and services get the same`(_ question: Question) async throws {
            let shells = try TwoShells()
            var question = question
            if question.hasToken { question.fields[.authorization] = "Bearer \(try shells.token())" }
            let whole = try await shells.gateway.handler(question.request)
            let reachedWhole = shells.takeReached()
            let (text, method) = (question.text, WireMethod(question.method))
            let answer = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send(text)
                return client.answer(to: method)
            }
            let bytes = try #require(answer)
            var fields: [String: String] = [:]
            for field in whole.head.headerFields { fields[field.name.canonicalName] = field.value }
            let hasLength = whole.head.status != .noContent && fields["content-length"] == nil
            if hasLength { fields["content-length"] = "\(whole.body.count)" }
            #expect(
                Self.essence(bytes.status, bytes.fields, bytes.body)
                    == Self.essence(whole.head.status.code, fields, String(decoding: whole.body, as: UTF8.self)))
            let id = bytes.fields["x-service-request-id"]
            #expect((id.flatMap { UniqueID($0) } != nil) == (fields["x-service-request-id"] != nil))
            let reached = shells.takeReached()
            #expect(reached.map(Self.essence) == reachedWhole.map(Self.essence))
            for request in reached {
                #expect(request.head.headerFields[.serviceRequestID] == bytes.fields["x-service-request-id"])
                #expect(request.head.headerFields[.traceparent].map { TraceContext($0) != nil } == true)
                #expect(request.head.headerFields[.requestTimestamp] == shells.platform.wallClock.now.rfc3339)
            }
        }

        @Test func `a token is checked once, and refused from the moment when it is called back or has expired`()
            async throws
        {
            let shells = try TwoShells()
            let person = shells.platform.person()
            let token = try shells.platform.token(of: person)
            let text = Question(target: "/v1/orders", fields: [.authorization: "Bearer \(token)"]).text
            let statuses = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                let ask = { () -> Int? in
                    client.send(text)
                    return client.answer()?.status
                }
                var statuses = [ask(), ask(), ask()]
                shells.platform.wallClock.advance(by: .seconds(86_400 + 31))
                statuses.append(ask())
                shells.platform.wallClock.advance(by: .seconds(-86_400 - 31))
                statuses.append(ask())
                shells.revocations.insert(
                    .tokens(of: person.subject, issuedBefore: shells.platform.wallClock.now + .seconds(1)))
                return statuses + [ask()]
            }
            #expect(statuses == [200, 200, 200, 401, 200, 401])
        }

        @Test func `a client that sends too much is a 429 in both shells, which count together`() async throws {
            var configuration = GatewayService.Configuration()
            configuration.clientRate = Rate(3, per: .seconds(1))
            let shells = try TwoShells(configuration)
            let question = Question(target: "/v1/products")
            let (text, request) = (question.text, question.request)
            let first = try await shells.gateway.handler(request).head.status.code
            let answers = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                let ask = { () -> Loopback.Answer? in
                    client.send(text)
                    return client.answer()
                }
                var answers = [ask(), ask(), ask()]
                shells.platform.clock.advance(by: .seconds(1))
                answers.append(ask())
                return answers
            }
            #expect([first] + answers.map { $0?.status } == [200, 200, 200, 429, 200])
            #expect(answers[2]?.fields["retry-after"] == "1" && answers[2]?.fields["ratelimit"] != nil)
        }

        @Test func `the routes change a hundred times between requests of one connection, and none fails`() async throws
        {
            func configuration(_ percent: Int) throws -> GatewayConfiguration {
                try GatewayConfiguration(
                    yaml: """
                        gateway:
                          services: { old: { hosts: [127.0.0.1:1] }, new: { hosts: [127.0.0.1:1] } }
                          routes:
                            - name: orders
                              path: /orders
                              strangler: { service: new, monolith: old, migrated: \(percent) }
                              rewrite: { prefix: /at-\(percent) }
                        """)
            }
            let shells = try TwoShells(routes: try configuration(0).table)
            let request = Question(target: "/orders/1").request
            let both = try (configuration(0), configuration(100))
            let statuses = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                return (0..<100).map { number in
                    shells.gateway.plan.replace(number.isMultiple(of: 2) ? both.1 : both.0)
                    client.send("GET /orders/1 HTTP/1.1\r\nHost: shop\r\n\r\n")
                    return client.answer()?.status
                }
            }
            #expect(statuses == [Int?](repeating: 200, count: 100))
            let paths = shells.takeReached().map { $0.head.path }
            #expect(paths == (0..<100).map { $0.isMultiple(of: 2) ? "/at-100/1" : "/at-0/1" })
            _ = try await shells.gateway.handler(request)
            shells.gateway.plan.replace(both.1)
            _ = try await shells.gateway.handler(request)
            #expect(shells.takeReached().map { $0.head.path } == ["/at-0/1", "/at-100/1"])
        }

        @Test func `a trace is continued, and a second one is none`() async throws {
            let shells = try TwoShells()
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
            try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                let line = "Traceparent: \(trace)\r\n"
                for lines in [line, line + line] {
                    client.send("GET /v1/products HTTP/1.1\r\nHost: shop\r\n\(lines)\r\n")
                    #expect(client.answer()?.status == 200)
                }
            }
            let traces = shells.takeReached().compactMap { $0.head.headerFields[.traceparent] }
            #expect(traces[0].hasPrefix(trace.prefix(36)) && traces[0].hasSuffix("-00") && traces[0] != trace)
            #expect(!traces[1].hasPrefix(trace.prefix(36)) && TraceContext(traces[1]) != nil)
        }

        @Test func `a service that cannot be reached is a 503 at once and fails fast afterwards`() async throws {
            let shells = try TwoShells()
            let bodies = try await shells.serving { edge in
                // Nobody listens on the port of a connection that has gone.
                edge.setAddress("127.0.0.1:1", of: "catalog")
                let client = Loopback(to: edge.endpoint)
                return (0..<2).map { _ in
                    client.send("GET /v1/products HTTP/1.1\r\nHost: shop\r\n\r\n")
                    let answer = client.answer()
                    return "\(answer?.status ?? 0) \(answer?.fields["retry-after"] ?? "") \(answer?.body ?? "")"
                }
            }
            #expect(bodies[0].hasPrefix("503 1 ") && bodies[0].contains("catalog cannot be reached"))
            #expect(bodies[1].hasPrefix("503 1 ") && bodies[1].contains("catalog is down"))
        }

        @Test func `a body beyond the limit is a 413 that says the limit`() async throws {
            let shells = try TwoShells()
            let answer = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send("POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Length: 10485761\r\n\r\n")
                return client.answer()
            }
            #expect(answer?.status == 413)
            #expect(answer?.body.contains("\"code\":\"body-too-large\"") == true)
            #expect(answer?.body.contains("10485760") == true)
        }

        @Test func `what the transport refuses is told like everything else, and explained`() async throws {
            let shells = try TwoShells()
            let (refused, explained) = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send("GET /v1/products HTTP/1.1\r\nHost: shop\r\nContent-Length: x\r\n\r\n")
                let refused = client.answer()
                let other = Loopback(to: edge.endpoint)
                other.send("GET /problems/malformed-request HTTP/1.1\r\nHost: shop\r\n\r\n")
                return (refused, other.answer())
            }
            let problem = try JSONReader.parse(Array((refused?.body ?? "").utf8))
            #expect(problem["status"] == 400 && problem["code"] == "malformed-request")
            #expect(problem["details"]?["rule"] == "invalid-content-length" && problem["message"] != nil)
            #expect(problem["type"] == "/problems/malformed-request" && explained?.status == 200)
        }

        @Test func `who waits for a place gets it, and who leaves gives it back`() async throws {
            var configuration = GatewayService.Configuration()
            configuration.serviceLimit.initialLimit = 1
            configuration.serviceLimit.minimumLimit = 1
            configuration.serviceLimit.maximumLimit = 1
            configuration.serviceLimit.queueLimit = 1
            let held = Held()
            let shells = try TwoShells(configuration) { request in
                if request.head.path == "/v1/products/slow" { await held.wait() }
                return .empty(.ok)
            }
            let statuses = try await shells.serving { edge in
                let clients = (0..<3).map { _ in Loopback(to: edge.endpoint) }
                clients[0].send("GET /v1/products/slow HTTP/1.1\r\nHost: shop\r\n\r\n")
                held.awaitArrival()
                clients[1].send("GET /v1/products/1 HTTP/1.1\r\nHost: shop\r\n\r\n")
                while edge.counters.suspendedRequests == 0 {}
                clients[2].send("GET /v1/products/2 HTTP/1.1\r\nHost: shop\r\n\r\n")
                let refused = clients[2].answer()
                #expect(refused?.body.contains("\"rule\":\"overLimit\"") == true)
                held.open()
                let others = [clients[0].answer()?.status, clients[1].answer()?.status]
                clients[2].send("GET /v1/products/3 HTTP/1.1\r\nHost: shop\r\n\r\n")
                return others + [refused?.status, clients[2].answer()?.status]
            }
            #expect(statuses == [200, 200, 503, 200])
        }

        @Test(arguments: AccessLog.Format.allCases)
        func `each request is a line of the log, written in batches`(_ format: AccessLog.Format) async throws {
            let lines = Mutex<[UInt8]>([])
            var configuration = AccessLog.Configuration()
            configuration.format = format
            let log = AccessLog(configuration, on: InlineExecutor()) { bytes in lines.withLock { $0 += bytes } }
            let shells = try TwoShells()
            let metrics = try await shells.serving(log: log) { edge in
                let client = Loopback(to: edge.endpoint)
                for target in ["/v1/products?q=1", "/v1/orders", "/health/live"] {
                    client.send("GET \(target) HTTP/1.1\r\nHost: shop\r\n\r\n")
                    _ = client.answer()
                }
                return edge.metrics.text
            }
            let text = String(decoding: lines.withLock { $0 }, as: UTF8.self)
            let written = text.split(separator: "\n")
            #expect(written.count == 3 && text.hasSuffix("\n"))
            switch format {
            case .json:
                let values = try written.map { try JSONReader.parse(Array($0.utf8)) }
                #expect(
                    values.map { $0["line"]?.string } == ["GET /v1/products?q=1", "GET /v1/orders", "GET /health/live"])
                #expect(values.map { $0["status"] } == [200, 401, 200])
                #expect(values.map { $0["ending"]?.string } == ["forwarded", "answered", "answered"])
                #expect(values[0]["upstream"] != nil && values[1]["upstream"] == nil)
            case .common:
                let date = #/\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0000\]/#
                #expect(written[0].contains(date) && written[0].hasPrefix("127.0.0.1 - - ["))
                #expect(written[1].contains(#""GET /v1/orders HTTP/1.1" 401 "#))
            }
            #expect(metrics.contains(#"mainstay_gateway_requests_total{service="catalog",status="2xx"} 1"#))
            #expect(metrics.contains(#"mainstay_gateway_requests_total{service="gateway",status="4xx"} 1"#))
        }

        @Test func `a log that cannot keep up loses lines, counts them, and stays small`() async throws {
            var configuration = AccessLog.Configuration()
            configuration.capacity = ByteCount(bytes: 300)
            let written = Mutex(0)
            let log = AccessLog(configuration, on: NeverExecutor()) { bytes in written.withLock { $0 += bytes.count } }
            let shells = try TwoShells()
            try await shells.serving(log: log) { edge in
                let client = Loopback(to: edge.endpoint)
                for _ in 0..<10 {
                    client.send("GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n")
                    _ = client.answer()
                }
            }
            #expect(log.dropped > 5 && log.dropped < 10)
            #expect(written.withLock { $0 } < 600)
        }
    }

    /// Takes jobs and does none.
    private struct NeverExecutor: BlockingExecutor {
        func submit(_ job: @escaping @Sendable () -> Void) {}
    }

    /// Holds tasks until it is opened.
    final class Held: Sendable {
        private let state = Mutex<(isOpen: Bool, held: [CheckedContinuation<Void, Never>], arrivals: Int)>(
            (false, [], 0))

        func wait() async {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    state.arrivals += 1
                    if !state.isOpen { state.held.append(continuation) }
                    return state.isOpen
                }
                if goesOn { continuation.resume() }
            }
        }

        func awaitArrival() { while self.state.withLock({ $0.arrivals }) == 0 {} }

        func open() {
            let held = self.state.withLock { state in
                state.isOpen = true
                defer { state.held = [] }
                return state.held
            }
            for continuation in held { continuation.resume() }
        }
    }

    extension WireMethod {
        fileprivate init(_ method: HTTPRequest.Method) { self = method == .head ? .head : .get }
    }
#endif
