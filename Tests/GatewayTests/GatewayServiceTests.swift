import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import Gateway
import GatewayCore
import HTTPTypes
import Identity
import Logging
import Synchronization
import Testing

/// A gateway in front of one service that repeats what reaches it.
private final class Front: Sendable {
    let platform: TestPlatform
    let gateway: GatewayService
    let revocations: RevocationList
    private let received = Mutex<[ServiceRequest]>([])

    /// - Parameter transport: what the gateway calls through, if not the platform's own.
    init(
        transport: (any ServiceTransport)? = nil, routes: RoutingTable = .shop,
        answer: @escaping @Sendable (ServiceRequest) -> ServiceResponse = { _ in .empty(.ok) },
    ) throws {
        let platform = try TestPlatform()
        self.platform = platform
        self.revocations = RevocationList(wallClock: platform.wallClock.wallClock)
        self.gateway = GatewayService(
            GatewayEnvironment(
                transport: transport ?? platform.transport, userKeys: try JWKSet([platform.userSigningKey.publicKey]),
                revocations: self.revocations, time: platform.time, wallClock: platform.wallClock.wallClock,
                ids: platform.ids, chance: platform.chance,
                logger: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }), version: "test"),
            routes: routes, problems: ProblemType.common)
        for service in routes.groups {
            platform.transport.register(ServiceName(rawValue: service)) { request in
                self.received.withLock { $0.append(request) }
                return answer(request)
            }
        }
    }

    /// What came through to any service.
    var reached: [ServiceRequest] { self.received.withLock { $0 } }

    func get(_ path: String, token: String? = nil, headers: HTTPFields = [:]) async throws -> ServiceResponse {
        try await self.send(.get, path, token: token, headers: headers)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, headers: HTTPFields = [:],
    ) async throws -> ServiceResponse {
        var request = ServiceRequest(method, path, headers: headers)
        request.peer = "192.0.2.7"
        if let token { request.head.headerFields[.authorization] = "Bearer \(token)" }
        return try await self.gateway.handler(request)
    }
}

/// Knows no address until the services listen.
private final class Starting: ServiceTransport {
    let isListening = Mutex(false)

    func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        guard self.isListening.withLock({ $0 }) else {
            throw TransportError(.unknownService, "no address is known for \(service)")
        }
        return .empty(.ok)
    }
}

@Suite struct GatewayServiceTests {
    @Test func `an answer tells of the life of the version that it is from, and by what it varies`() async throws {
        let resource = VersionedResource(
            "orders", path: "/orders",
            [
                .init(1, .forward(to: "orders-1"), deprecated: Timestamp(rfc3339: "2026-01-01T00:00:00Z")),
                .init(2, .forward(to: "orders-2")),
            ])
        let front = try Front(routes: RoutingTable(resource.routes))
        let old = try await front.get("/v1/orders/7")
        #expect(old.head.headerFields[HTTPField.Name("Deprecation")!] == "@1767225600")
        #expect(old.head.headerFields[HTTPField.Name("Sunset")!] == "Sun, 27 Dec 2026 00:00:00 GMT")
        #expect(old.head.headerFields[.vary] == nil)
        let new = try await front.get("/orders/7", headers: [.accept: "application/vnd.api+json;version=2"])
        #expect(new.head.headerFields[HTTPField.Name("Deprecation")!] == nil)
        #expect(new.head.headerFields[.vary] == "Accept")
        #expect(front.reached.map { $0.head.path } == ["/v1/orders/7", "/v2/orders/7"])
    }

    @Test func `without a valid token a guarded route is a 401 and the service is not reached`() async throws {
        let front = try Front()
        for token in [nil, "forged", "a.b.c"] {
            let answer = try await front.get("/v1/orders", token: token)
            #expect(answer.head.status == .unauthorized)
        }
        #expect(front.reached.isEmpty)
    }

    @Test func `a token that has been called back is a 401 and the service is not reached`() async throws {
        let front = try Front()
        let person = front.platform.person()
        let token = try front.platform.token(of: person)
        front.revocations.insert(
            .tokens(of: person.subject, issuedBefore: front.platform.wallClock.now + .seconds(1)))
        let answer = try await front.get("/v1/orders", token: token)
        #expect(answer.head.status == .unauthorized)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("revoked"))
        #expect(front.reached.isEmpty)
    }

    @Test func `with a token the request reaches its service with the platform's headers`() async throws {
        let front = try Front()
        let token = try front.platform.token(of: front.platform.person())
        let answer = try await front.get(
            "/v1/orders/7?x=1", token: token,
            headers: [.clientIP: "6.6.6.6", .actor: "somebody else", .callPriority: "critical"])
        #expect(answer.head.status == .ok)
        let reached = try #require(front.reached.first)
        #expect(reached.head.path == "/v1/orders/7?x=1")
        #expect(reached.head.headerFields[.clientIP] == "192.0.2.7")
        #expect(reached.head.headerFields[.actor] == nil)
        #expect(reached.head.headerFields[.callPriority] == "important")
        #expect(reached.head.headerFields[.serviceRequestID] == answer.head.headerFields[.serviceRequestID])
        #expect(reached.head.headerFields[.traceparent] != nil)
    }

    @Test func `an unrouted path is a 404, and internal ones are never routed`() async throws {
        let front = try Front()
        for (path, status) in [("/nothing", 404), ("/internal/events", 404), ("/v1/orders/%2e%2e/internal", 400)] {
            #expect(try await front.get(path).head.status.code == status)
        }
        #expect(front.reached.isEmpty)
    }

    @Test func `a service that cannot be reached is a 503 at once and fails fast afterwards`() async throws {
        let front = try Front()
        front.platform.transport.remove("catalog")
        let first = try await front.get("/v1/products")
        #expect(first.head.status == .serviceUnavailable)
        #expect(first.head.headerFields[.retryAfter] != nil)
        let second = try JSONReader.parse(try await front.get("/v1/products").body)
        #expect(second["detail"]?.string?.contains("catalog is down") == true)
        #expect(try await front.get("/health/ready").head.status == .serviceUnavailable)
        front.platform.transport.register("catalog") { _ in .empty(.ok) }
        #expect(try await front.get("/health/ready").head.status == .ok)
        #expect(try await front.get("/v1/products").head.status == .ok)
    }

    @Test func `a service that was asked before it listened answers as soon as it does`() async throws {
        let starting = Starting()
        let front = try Front(transport: starting)
        #expect(try await front.get("/health/ready").head.status == .serviceUnavailable)
        #expect(try await front.get("/v1/products").head.status == .serviceUnavailable)
        starting.isListening.withLock { $0 = true }
        #expect(try await front.get("/v1/products").head.status == .ok)
    }

    @Test func `an older route gets its envelope, refusals too`() async throws {
        let front = try Front { _ in
            ServiceResponse(status: .ok, headers: [.contentType: "application/json"], body: Array(#"{"a":1}"#.utf8))
        }
        let good = try JSONReader.parse(try await front.get("/api/products").body)
        #expect(good["success"] == true)
        #expect(good["data"]?["a"] == 1)
        let refused = try await front.get("/api/payment")
        #expect(refused.head.status == .unauthorized)
        let bad = try JSONReader.parse(refused.body)
        #expect(bad["success"] == false)
        #expect(bad["error"] == "Unauthorized")
    }

    @Test(arguments: ["/v1/products", "/api/products", "/docs", "/health/live", "/nothing"])
    func `HEAD answers as GET does, without the body and with its length`(_ path: String) async throws {
        let front = try Front { .document(["asked": .string($0.head.method.rawValue)]) }
        let get = try await front.get(path)
        let head = try await front.send(.head, path)
        #expect(head.head.status == get.head.status)
        #expect(head.body.isEmpty)
        #expect(!get.body.isEmpty)
        #expect(head.head.headerFields[.contentLength] == String(get.body.count))
        #expect(front.reached.allSatisfy { $0.head.method == .get })
    }

    @Test func `HEAD needs a token where GET does`() async throws {
        let front = try Front()
        #expect(try await front.send(.head, "/v1/orders").head.status == .unauthorized)
        #expect(front.reached.isEmpty)
    }

    @Test func `OPTIONS is answered by the service, without a token`() async throws {
        let front = try Front { _ in AllowedMethods([.get, .post]).answer }
        for path in ["/v1/orders", "/api/payment"] {
            let answer = try await front.send(.options, path)
            #expect(answer.head.status == .noContent)
            #expect(answer.head.headerFields[.allow] == "GET, HEAD, OPTIONS, POST")
            #expect(answer.body.isEmpty)
        }
        let own = try await front.send(.options, "/docs")
        #expect(own.head.status == .noContent)
        #expect(own.head.headerFields[.allow] == "GET, HEAD, OPTIONS")
        #expect(try await front.send(.options, "/nothing").head.status == .notFound)
    }

    @Test func `the hundred and first failed log-in of an address is a 429`() async throws {
        let front = try Front { _ in .empty(.unauthorized) }
        for _ in 0..<100 { #expect(try await front.send(.post, "/v1/sessions").head.status == .unauthorized) }
        let refused = try await front.send(.post, "/v1/sessions")
        #expect(refused.head.status == .tooManyRequests)
        #expect(refused.head.headerFields[.retryAfter] == "900")
        front.platform.clock.advance(by: .seconds(900))
        #expect(try await front.send(.post, "/v1/sessions").head.status == .unauthorized)
    }

    @Test func `the gateway's own pages answer`() async throws {
        let front = try Front()
        for path in [
            "/docs", "/openapi.json", "/openapi-3.0.json", "/problems", "/problems/not-found", "/api/health",
        ] {
            #expect(try await front.get(path).head.status == .ok, "\(path)")
        }
        #expect(try await front.get("/problems/unheard-of").head.status == .notFound)
        #expect(try await front.send(.post, "/docs").head.status == .methodNotAllowed)
    }
}
