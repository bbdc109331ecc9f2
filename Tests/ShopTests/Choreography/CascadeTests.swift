import Catalog
import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import Gateway
import GatewayCore
import HTTPTypes
import Identity
import Inventory
import Logging
import Orders
import Payments
import Resilience
import ShopContracts
import Simulation
import Synchronization
import Testing

/// Connections from the gateway to the services: so many in all, each call takes its time, and payments may hang.
private final class CascadeWire: ServiceTransport {
    private struct State {
        var free: Int
        var line: [CheckedContinuation<Void, Never>] = []
        var isHanging = false
    }

    private let inner: LocalTransport
    private let simulator: Simulator
    private let state: Mutex<State>

    init(_ inner: LocalTransport, in simulator: Simulator, connections: Int) {
        self.inner = inner
        self.simulator = simulator
        self.state = Mutex(State(free: connections))
    }

    func hang() { self.state.withLock { $0.isHanging = true } }

    func call(_ service: ServiceName, _ request: ServiceRequest, deadline: Deadline) async throws -> ServiceResponse {
        await self.connect()
        defer { self.disconnect() }
        let isHanging = service == .payments && self.state.withLock(\.isHanging)
        let isReport = request.head.path?.hasPrefix("/v1/reports/sales") == true
        let time: Duration = isHanging ? .seconds(30) : isReport ? .milliseconds(800) : .milliseconds(20)
        let outcome = try await self.simulator.time.run(until: deadline.tick) {
            try await self.simulator.time.sleep(for: time)
            return try await self.inner.call(service, request, deadline: deadline)
        }
        guard case .finished(let response) = outcome else {
            throw TransportError(.deadlineExceeded, "\(service) did not answer")
        }
        return response
    }

    private func connect() async {
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLock { state in
                guard state.free > 0 else {
                    state.line.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func disconnect() {
        let next: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil
            }
            return state.line.removeFirst()
        }
        next?.resume()
    }
}

/// The services as they are behind the gateway as it is, in simulated time, with customers who come and go.
private final class Cascade: Sendable {
    let simulator: Simulator
    let wire: CascadeWire
    private let platform: TestPlatform
    private let gateway: GatewayService
    private let token: String
    private let customer: Principal
    private let operatorToken: String
    private let times = Mutex<[String: [Duration]]>([:])

    init(guarded isGuarded: Bool = true) async throws {
        var order = Simulator.Configuration()
        order.scheduling = .firstInFirstOut
        order.stepDuration = .zero
        let (platform, simulator) = (try TestPlatform(), Simulator(seed: 5, configuration: order))
        self.simulator = simulator
        self.wire = CascadeWire(platform.transport, in: simulator, connections: 100)
        func environment(_ name: ServiceName, _ migrations: [Migration]) throws -> ServiceEnvironment {
            var environment = try platform.environment(name, migrations: migrations)
            environment.time = simulator.time
            return environment
        }
        let catalog = try CatalogService(environment(.catalog, CatalogService.migrations))
        let services = [
            catalog.service,
            try InventoryService(environment(.inventory, InventoryService.migrations)).service,
            try PaymentsService(environment(.payments, PaymentsService.migrations)).service,
            try OrdersService(environment(.orders, OrdersService.migrations)).service,
        ]
        for service in services {
            try await service.prepare()
            platform.host(service)
        }
        _ = try await catalog.seedDemo()
        var configuration = GatewayService.Configuration()
        configuration.serviceLimit.initialLimit = isGuarded ? 32 : 10_000
        configuration.serviceLimit.minimumLimit = isGuarded ? 8 : 10_000
        configuration.serviceLimit.maximumLimit = isGuarded ? 48 : 10_000
        if !isGuarded { configuration.background = .init(maximumConcurrency: 10_000, queueLimit: 0) }
        self.gateway = GatewayService(
            GatewayEnvironment(
                transport: self.wire, userKeys: try JWKSet([platform.userSigningKey.publicKey]),
                revocations: RevocationList(wallClock: platform.wallClock.wallClock), time: simulator.time,
                wallClock: platform.wallClock.wallClock,
                ids: platform.ids, chance: Chance(seed: 5),
                logger: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }), version: "test"),
            problems: ProblemType.common, configuration: configuration)
        self.platform = platform
        self.customer = platform.person()
        self.token = try platform.token(of: self.customer)
        self.operatorToken = try platform.token(of: platform.person(.operator))
    }

    /// So many requests a second of one kind, for so many seconds; `kind` is what they are measured as.
    func come(
        _ kind: String, _ rate: Double, for seconds: Double, _ method: HTTPRequest.Method, _ path: String,
        json: JSONValue? = nil,
    ) {
        let chance = Chance(seed: StableSeed.of(kind))
        self.simulator.spawn(kind) {
            await withDiscardingTaskGroup { group in
                while true {
                    let gap = -log(1 - chance.fraction()) / rate
                    guard (try? await self.simulator.time.sleep(for: .seconds(gap))) != nil,
                        self.simulator.now < Tick(nanoseconds: Int64(seconds * 1e9))
                    else { return }
                    group.addTask { await self.ask(kind, method, path, json) }
                }
            }
        }
    }

    private func ask(_ kind: String, _ method: HTTPRequest.Method, _ path: String, _ json: JSONValue?) async {
        let token = kind == "reports" ? self.operatorToken : self.token
        var request = ServiceRequest(method, path, headers: [.authorization: "Bearer \(token)"])
        request.peer = "192.0.2.7"
        if let json {
            request.body = json.serialized
            request.head.headerFields[.contentType] = "application/json"
            request.head.headerFields[.idempotencyKey] = self.platform.ids.next().description
        }
        let start = self.simulator.now
        let status = (try? await self.gateway.handler(request))?.head.status.code ?? 0
        let took = self.simulator.now - start
        self.times.withLock { times in
            times[kind, default: []].append(took)
            if status >= 500 || status == 0 { times["\(kind) refused", default: []].append(took) }
        }
    }

    /// Orders of the customer.
    var order: JSONValue {
        [
            "customerId": .string(self.customer.subject.description),
            "items": [
                ["productId": .string(DemoCatalog.products[0].id.description), "quantity": .integer(1)]
            ],
        ]
    }

    /// Until everybody has been answered: without limits that takes minutes.
    func run() {
        let report = self.simulator.run { try await $0.time.sleep(for: .seconds(300)) }
        if let failure = report.failure { Issue.record("the run failed: \(failure)") }
    }

    func longest(_ kind: String) -> Duration { self.times.withLock { $0[kind]?.max() ?? .zero } }
    func count(_ kind: String) -> Int { self.times.withLock { $0[kind]?.count ?? 0 } }

    func p95(_ kind: String) -> Double {
        let sorted = self.times.withLock { $0[kind] ?? [] }.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count * 95 / 100].fractionalSeconds
    }
}

/// A number of its own for each kind of traffic.
private enum StableSeed {
    static func of(_ text: String) -> UInt64 { text.utf8.reduce(17) { $0 &* 31 &+ UInt64($1) } }
}

@Suite("A cascade stops where it begins", .timeLimit(.minutes(10)))
struct CascadeTests {
    /// Browsing for half a minute, while payments hang or not.
    private func browse(payments isHanging: Bool, guarded isGuarded: Bool = true) async throws -> Cascade {
        let shop = try await Cascade(guarded: isGuarded)
        if isHanging { shop.wire.hang() }
        shop.come("browsing", 20, for: 30, .get, "/v1/products?limit=5")
        shop.come("payments", 20, for: 30, .get, "/v1/payments")
        shop.run()
        return shop
    }

    @Test func `payments that hang hold nobody past the deadline, and browsing does not notice`() async throws {
        let quiet = try await self.browse(payments: false)
        let hanging = try await self.browse(payments: true)
        #expect(quiet.count("browsing") > 500 && quiet.count("browsing refused") == 0)
        #expect(hanging.count("payments") > 500)
        // The gateway's deadline, and the second that a request may wait for its turn before.
        #expect(hanging.longest("payments") <= .seconds(16))
        #expect(hanging.count("browsing refused") == 0)
        #expect(hanging.p95("browsing") <= quiet.p95("browsing") * 1.1)
        // Without limits the hanging calls take all connections, and browsing waits with them.
        let open = try await self.browse(payments: true, guarded: false)
        #expect(open.p95("browsing") > quiet.p95("browsing") * 10)
    }

    /// Orders for half a minute, with so many reports a second.
    private func order(reports: Double, guarded isGuarded: Bool = true) async throws -> Cascade {
        let shop = try await Cascade(guarded: isGuarded)
        shop.come("orders", 8, for: 30, .post, "/v1/orders", json: shop.order)
        if reports > 0 { shop.come("reports", reports, for: 30, .get, "/v1/reports/sales") }
        shop.run()
        return shop
    }

    @Test func `reports beyond all measure do not move the time of an order`() async throws {
        let quiet = try await self.order(reports: 0)
        let busy = try await self.order(reports: 150)
        #expect(quiet.count("orders") > 180 && quiet.count("orders refused") == 0)
        #expect(busy.count("reports refused") > busy.count("reports") / 2)
        #expect(busy.count("orders refused") == 0)
        #expect(busy.p95("orders") <= quiet.p95("orders") * 1.1)
        let open = try await self.order(reports: 150, guarded: false)
        #expect(open.p95("orders") > quiet.p95("orders") * 1.5)
    }
}
