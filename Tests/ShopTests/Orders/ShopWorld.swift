import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Messaging
import Sagas
import SagasTesting
import ShopContracts
import Synchronization

@testable import Orders
@testable import Shipping

/// Carries calls between the services of a test: counts what is under way, and may fail or die around a call.
final class TestWire: ServiceTransport {
    private struct State {
        var underWay = 0
        var crash: CrashPoint?
        var calls: [String] = []
        /// How often the answers to calls whose path contains the text are still to be lost.
        var losing: [String: Int] = [:]
        /// Paths that are not connected.
        var unplugged: Set<String> = []
    }

    private let inner: LocalTransport
    private let state = Mutex(State())

    init(_ inner: LocalTransport) {
        self.inner = inner
    }

    var underWay: Int { self.state.withLock(\.underWay) }
    /// `POST /internal/holds`, in order.
    var calls: [String] { self.state.withLock(\.calls) }
    func die(at crash: CrashPoint?) { self.state.withLock { $0.crash = crash } }
    func lose(_ path: String, times: Int) { self.state.withLock { $0.losing[path] = times } }
    func unplug(_ path: String) { self.state.withLock { _ = $0.unplugged.insert(path) } }
    func plugIn() { self.state.withLock { $0.unplugged = [] } }

    func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        let name = "\(request.head.method.rawValue) \(request.head.path ?? "")"
        let (crash, isUnplugged) = self.state.withLock { state in
            state.underWay += 1
            state.calls.append(name)
            return (state.crash, state.unplugged.contains { name.contains($0) })
        }
        defer { self.state.withLock { $0.underWay -= 1 } }
        if isUnplugged { throw TransportError(.notConnected, "unplugged") }
        try crash?.reach("before \(name)")
        let response = try await self.inner.call(service, request, deadline: deadline)
        try crash?.reach("after \(name)")
        let isLost = self.state.withLock { state in
            for path in state.losing.keys.sorted() where name.contains(path) && state.losing[path, default: 0] > 0 {
                state.losing[path, default: 0] -= 1
                return true
            }
            return false
        }
        if isLost { throw TransportError(.connectionLost, "the answer was lost") }
        return response
    }
}

/// True once.
private final class Once: Sendable {
    private let isLeft = Mutex(true)

    func take() -> Bool {
        self.isLeft.withLock { isLeft in
            defer { isLeft = false }
            return isLeft
        }
    }
}

/// Orders and shipping as they are, with small stand-ins for catalogue, inventory and payments.
final class ShopWorld: Sendable {
    let platform: TestPlatform
    let wire: TestWire
    let shop: StandInShop
    let environment: ServiceEnvironment
    let orders: OrdersService
    let shipping: ShippingService
    let customer: Principal
    let sequence: CheckoutSequence
    /// Of whoever takes their time in the middle of a call. It goes with the platform's clock.
    let naps: TestClock

    convenience init(_ sequence: CheckoutSequence = .stockFirst) throws {
        let platform = try TestPlatform()
        let wire = TestWire(platform.transport)
        let shop = StandInShop(platform)
        var shippingEnvironment = try platform.environment(.shipping, migrations: ShippingService.migrations)
        shippingEnvironment.transport = wire
        let shipping = try ShippingService(shippingEnvironment)
        platform.host(shipping.service)
        var environment = try platform.environment(.orders, migrations: OrdersService.migrations)
        environment.transport = wire
        try self.init(platform, wire, shop, environment, shipping, customer: platform.person(), sequence, TestClock())
    }

    private init(
        _ platform: TestPlatform, _ wire: TestWire, _ shop: StandInShop, _ environment: ServiceEnvironment,
        _ shipping: ShippingService, customer: Principal, _ sequence: CheckoutSequence, _ naps: TestClock,
    ) throws {
        self.platform = platform
        self.wire = wire
        self.shop = shop
        self.environment = environment
        self.shipping = shipping
        var configuration = OrdersService.Configuration()
        configuration.checkout = sequence
        self.orders = try OrdersService(environment, configuration: configuration)
        self.customer = customer
        self.sequence = sequence
        self.naps = naps
        platform.host(self.orders.service)
    }

    /// The same world with a new orders process over the same database, which may die.
    /// - Parameter sequence: what is configured by then, if it is something else.
    func restarted(dyingAt crash: CrashPoint, _ sequence: CheckoutSequence? = nil) throws -> ShopWorld {
        var environment = self.environment
        environment.store = crash.guarding(self.environment.store)
        self.wire.die(at: crash)
        return try ShopWorld(
            self.platform, self.wire, self.shop, environment, self.shipping, customer: self.customer,
            sequence ?? self.sequence, self.naps)
    }

    /// The same world with a new orders process, in which something happens right after its first look at the database.
    func interrupted(by intrusion: @escaping @Sendable () async throws -> Void) throws -> ShopWorld {
        let store = self.environment.store
        let first = Once()
        var environment = self.environment
        environment.store = Transactor(commits: store.commits) { mode, body in
            guard mode == .read else { return try await store.write { try body($0) } }
            let seen = try await store.read { try body($0) }
            if first.take() { try await intrusion() }
            return seen
        }
        return try ShopWorld(
            self.platform, self.wire, self.shop, environment, self.shipping, customer: self.customer, self.sequence,
            self.naps)
    }

    /// `POST /v1/orders`.
    func order(
        _ items: [(ProductID, Int)], method: PaymentMethod = .ok, key: UniqueID? = nil, path: String = "/v1/orders",
        as principal: Principal? = nil,
    ) async throws -> TestAnswer {
        let caller = principal ?? self.customer
        let json: JSONValue = [
            "customerId": .string(caller.subject.description), "paymentMethod": .string(method.rawValue),
            "items": .array(
                items.map { ["productId": .string($0.0.description), "quantity": .integer($0.1)] }),
        ]
        return try await self.platform.call(
            .orders, .post, path, as: caller,
            headers: [.idempotencyKey: (key ?? self.platform.ids.next()).description], json: json)
    }

    /// The internal state of an order.
    func state(_ order: OrderID) async throws -> OrderState {
        try await self.orders.features.environment.store.read {
            try self.orders.features.summary(order, in: $0).state
        }
    }

    func summary(_ order: OrderID) async throws -> OrderSummary {
        try await self.orders.features.environment.store.read { try self.orders.features.summary(order, in: $0) }
    }

    /// `POST` on an order.
    func post(
        _ order: OrderID, _ verb: String, as principal: Principal? = nil, key: UniqueID? = nil, json: JSONValue? = nil,
    ) async throws -> TestAnswer {
        var headers: HTTPFields = [:]
        if let key { headers[.idempotencyKey] = key.description }
        return try await self.platform.call(
            .orders, .post, "/v1/orders/\(order)/\(verb)", as: principal ?? self.customer, headers: headers, json: json)
    }

    /// Lets an operator report what the carrier says.
    func track(_ order: OrderID, _ status: String) async throws {
        let list = try await self.platform.call(.shipping, .get, "/v1/shipments", as: self.customer)
        let parcel = list.json["items"]?.array?.first { $0["orderId"]?.string == order.description }
        _ = try await self.platform.call(
            .shipping, .post, "/v1/shipments/\(parcel?["shipmentId"]?.string ?? "none")/tracking",
            as: self.platform.person(.operator), json: ["status": .string(status)])
        try await self.settle()
    }

    /// Lets sagas and consumers do all they can, moving time as they need it.
    func settle(limit: Int = 200) async throws {
        for _ in 0..<limit {
            let due = try await self.pumping { try await self.orders.sagas.runUntilIdle() }
            let handled = try await self.pumping { try await self.orders.consumers.catchUp() }
            if handled > 0 { continue }
            guard let due else { return }
            let step = max(.milliseconds(1), due - self.platform.wallClock.now)
            self.platform.wallClock.advance(by: step)
            self.platform.clock.advance(by: step)
        }
        preconditionFailure("the world did not come to rest")
    }

    /// Runs `body` while the clock moves whenever everybody sleeps and no call is under way: a retry's pause, not a
    /// time-out. It moves in the middle of a call, too, while somebody naps there.
    func pumping<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    await Task.yield()
                    let isNapping = self.naps.sleeperCount > 0
                    guard isNapping || self.wire.underWay == 0, self.platform.clock.sleeperCount > 0 else { continue }
                    let step = Duration.milliseconds(isNapping ? 50 : 2)
                    self.platform.clock.advance(by: step)
                    self.naps.advance(by: step)
                }
                return nil
            }
            defer { group.cancelAll() }
            while let first = try await group.next() {
                if let first { return first }
            }
            throw CancellationError()
        }
    }
}
