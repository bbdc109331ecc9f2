import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import Gateway
import GatewayCore
import HTTPTypes
import Identity
import Logging
import Resilience
import Synchronization
import Testing

/// A service that answers when it is told to.
private final class HeldTransport: ServiceTransport {
    private struct State {
        var isOpen = false
        var held: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func call(_ service: ServiceName, _ request: ServiceRequest, deadline: Deadline) async throws -> ServiceResponse {
        guard service.rawValue == "orders" else { return .empty(.ok) }
        await withCheckedContinuation { continuation in
            let woken: [CheckedContinuation<Void, Never>] = self.state.withLock { state in
                if state.isOpen { return [continuation] }
                state.held.append(continuation)
                defer { state.watchers.removeAll { $0.count <= state.held.count } }
                return state.watchers.filter { $0.count <= state.held.count }.map(\.continuation)
            }
            for one in woken { one.resume() }
        }
        return .empty(.ok)
    }

    /// Returns when so many requests are held.
    func waitForArrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                if state.held.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    func open() {
        let held = self.state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }
}

@Suite("A gateway before a service that has too much to do", .timeLimit(.minutes(10)))
struct OverloadTests {
    private let platform: TestPlatform
    private let transport = HeldTransport()
    private let gateway: GatewayService
    private let token: String

    init() throws {
        let platform = try TestPlatform()
        var configuration = GatewayService.Configuration()
        configuration.serviceLimit.initialLimit = 2
        configuration.serviceLimit.minimumLimit = 2
        configuration.serviceLimit.maximumLimit = 2
        configuration.serviceLimit.queueLimit = 1
        self.gateway = GatewayService(
            GatewayEnvironment(
                transport: self.transport, userKeys: try JWKSet([platform.userSigningKey.publicKey]),
                revocations: RevocationList(wallClock: platform.wallClock.wallClock), time: .test(platform.clock),
                wallClock: platform.wallClock.wallClock,
                ids: platform.ids, chance: platform.chance,
                logger: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }), version: "test"),
            problems: ProblemType.common, configuration: configuration)
        self.platform = platform
        self.token = try platform.token(of: platform.person())
    }

    private func send(_ method: HTTPRequest.Method, _ path: String) async throws -> ServiceResponse {
        var request = ServiceRequest(method, path, headers: [.authorization: "Bearer \(self.token)"])
        request.peer = "192.0.2.7"
        return try await self.gateway.handler(request)
    }

    @Test func `a report gives its place in the queue to an order, and the service's neighbours notice nothing`()
        async throws
    {
        let reads = (0..<2).map { _ in Task { try await self.send(.get, "/v1/orders") } }
        await self.transport.waitForArrivals(2)
        let report = Task { try await self.send(.get, "/v1/orders/statistics") }
        await self.platform.clock.waitForSleepers(1)
        let order = Task { try await self.send(.post, "/v1/orders") }
        let refused = try await report.value
        #expect(refused.head.status == .serviceUnavailable)
        #expect(refused.head.headerFields[.retryAfter] == "1")
        #expect(String(decoding: refused.body, as: UTF8.self).contains("one that is needed more than background"))
        // Another standard request finds the queue full of something more important.
        #expect(try await self.send(.get, "/v1/orders/7").head.status == .serviceUnavailable)
        #expect(try await self.send(.get, "/v1/products").head.status == .ok)
        self.transport.open()
        #expect(try await order.value.head.status == .ok)
        for read in reads { #expect(try await read.value.head.status == .ok) }
    }
}
