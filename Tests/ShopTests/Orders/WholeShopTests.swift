import Catalog
import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Inventory
import Payments
import Sagas
import ShopContracts
import Synchronization
import Testing

@testable import Orders

/// Orders, catalogue, inventory, payments and shipping as they are, in one process.
@Suite("The whole shop", .timeLimit(.minutes(10))) struct WholeShopTests {
    private struct Shop {
        let world: ShopWorld
        let inventory: InventoryService
        let payments: PaymentsService
        let pen = DemoCatalog.product("DSK-PEN-1")!
        let soldOut = DemoCatalog.product(DemoCatalog.soldOutSKU)!

        /// - Parameter provider: the provider over the payments database, if it is another than the usual.
        init(
            _ sequence: CheckoutSequence = .stockFirst,
            provider: (ServiceEnvironment, ShopWorld) -> (any PaymentProvider)? = { _, _ in nil },
        ) async throws {
            let world = try ShopWorld(sequence)
            let platform = world.platform
            let catalog = try CatalogService(
                platform.environment(.catalog, migrations: CatalogService.migrations))
            self.inventory = try InventoryService(
                platform.environment(.inventory, migrations: InventoryService.migrations))
            let environment = try platform.environment(.payments, migrations: PaymentsService.migrations)
            self.payments = try PaymentsService(environment, provider: provider(environment, world))
            for service in [catalog.service, self.inventory.service, self.payments.service] {
                try await service.prepare()
                platform.host(service)
            }
            _ = try await catalog.seedDemo()
            try await self.inventory.seed(DemoCatalog.products.map { ($0.id, $0.stock) })
            self.world = world
        }

        func order(_ product: ProductID, _ quantity: Int = 1, _ method: PaymentMethod = .ok) async throws -> OrderID {
            let answer = try await self.world.pumping {
                try await self.world.order([(product, quantity)], method: method)
            }
            try #require(answer.status == 201, "\(answer.json)")
            return try #require(answer.json["orderId"]?.string.flatMap { OrderID($0) })
        }

        func statuses() async throws -> [String] {
            let answer = try await self.world.platform.call(
                .payments, .get, "/v1/payments?limit=100", as: self.world.customer)
            return (answer.json["items"]?.array ?? []).compactMap { $0["status"]?.string }.sorted()
        }

        /// Debits equal credits in every ledger.
        func checkBalance() async throws {
            for service in [ServiceName.payments, .inventory] {
                let answer = try await self.world.platform.call(
                    service, .get, "/internal/ledger/trial-balance", as: .service("orders"))
                #expect(answer.status == 200)
                #expect(answer.json["equal"]?.bool == true, "\(answer.json)")
            }
        }
    }

    @Test(arguments: [PaymentMethod.ok, .lost, .unknown])
    func `an order is confirmed whatever the provider does to the answer`(_ method: PaymentMethod) async throws {
        let shop = try await Shop()
        let order = try await shop.order(shop.pen.id, 2, method)
        try await shop.world.settle()
        #expect(try await shop.world.state(order) == .confirmed)
        #expect(try await shop.statuses() == ["CAPTURED"])
        try await shop.checkBalance()
    }

    /// 3 seconds are within the time of one call, 7 beyond it, 60 beyond that of the whole step.
    @Test(arguments: [3, 7, 60], CheckoutSequence.allCases)
    func `an order is confirmed and charged once however long the provider takes to answer`(
        _ seconds: Int64, _ sequence: CheckoutSequence,
    ) async throws {
        let shop = try await Shop(sequence) { environment, world in
            var configuration = SimulatedProvider.Configuration()
            configuration.slowLatency = .seconds(seconds)
            return SimulatedProvider(
                environment.store, configuration: configuration, wallClock: environment.wallClock,
                time: TimeSource(world.naps))
        }
        let order = try await shop.order(shop.pen.id, 1, .slow)
        try await shop.world.settle()
        #expect(try await shop.world.state(order) == .confirmed)
        #expect(try await shop.statuses() == ["CAPTURED"])
        try await shop.checkBalance()
    }

    @Test(arguments: [true, false])
    func `while the provider answers nobody in time the checkout inquires, and goes on when it recovers`(
        _ isHeard: Bool,
    ) async throws {
        let asked = Mutex<[String]>([])
        let shop = try await Shop { environment, world in
            BrownOut(
                inner: SimulatedProvider(environment.store, wallClock: environment.wallClock), isHeard: isHeard,
                time: TimeSource(world.naps), asked: { what in asked.withLock { $0.append(what) } })
        }
        let order = try await shop.order(shop.pen.id)
        try await shop.world.settle()
        #expect(try await shop.world.state(order) == .confirmed)
        #expect(try await shop.statuses() == ["CAPTURED"])
        let view = try await shop.world.orders.sagas.view(order.rawValue)
        let step = try #require(view.steps.first { $0.name == CheckoutSaga.authorize })
        #expect(step.action.error != nil, "the step's own time-out has passed at least once")
        let questions = asked.withLock { $0 }
        #expect(questions.first == "authorize")
        #expect(questions.filter { $0 == "inquire" }.count >= 2)
        // Asked again only when the provider has said that it knows nothing of it.
        #expect(questions.filter { $0 == "authorize" }.count == (isHeard ? 1 : 2))
        try await shop.checkBalance()
    }

    @Test func `a declined payment can be tried again and is captured once`() async throws {
        let shop = try await Shop()
        let order = try await shop.order(shop.pen.id, 1, .declined)
        try await shop.world.settle()
        #expect(try await shop.world.state(order) == .paymentFailed)
        #expect(try await shop.world.post(order, "retry-payment", json: ["paymentMethod": "pm_lost"]).status == 200)
        try await shop.world.settle()
        #expect(try await shop.world.state(order) == .confirmed)
        #expect(try await shop.statuses() == ["CAPTURED", "DECLINED"])
        try await shop.checkBalance()
    }

    @Test func `what is sold out is cancelled`() async throws {
        let shop = try await Shop()
        let order = try await shop.order(shop.soldOut.id)
        try await shop.world.settle()
        #expect(try await shop.world.summary(order).reason == "out of stock")
        #expect(try await shop.statuses().isEmpty)
    }

    @Test func `cancelled, returned and lost orders are paid back, and the books balance`() async throws {
        let shop = try await Shop()
        let world = shop.world
        let cancelled = try await shop.order(shop.pen.id)
        let returned = try await shop.order(shop.pen.id)
        let lost = try await shop.order(shop.pen.id)
        try await world.settle()
        #expect(try await world.post(cancelled, "cancel").status == 200)
        for status in ["SHIPPED", "IN_TRANSIT", "DELIVERED"] { try await world.track(returned, status) }
        for status in ["SHIPPED", "IN_TRANSIT", "LOST"] { try await world.track(lost, status) }
        #expect(try await world.post(returned, "return").status == 200)
        #expect(
            try await world.post(returned, "process-return", as: world.platform.person(.operator)).status == 200)
        try await world.settle()
        #expect(try await world.state(cancelled) == .cancelled)
        #expect(try await world.summary(cancelled).refunded == shop.pen.price)
        #expect(try await world.state(returned) == .refunded)
        #expect(try await world.state(lost) == .refunded)
        #expect(try await shop.statuses() == ["REFUNDED", "REFUNDED", "REFUNDED"])
        try await shop.checkBalance()
    }

    @Test func `40 parallel buyers of 20 pieces buy exactly 20`() async throws {
        let shop = try await Shop()
        let tent = try #require(DemoCatalog.product("OUT-TENT-2"))
        // 80 on the shelf, 4 an order.
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 {
                group.addTask { try await shop.world.order([(tent.id, 4)]).status }
            }
            for try await status in group { #expect(status == 201) }
        }
        try await shop.world.settle()
        let orders = try await shop.world.environment.store.read {
            try OrderSummaries.list(
                of: CustomerID(shop.world.customer.subject), behind: nil, limit: 100, in: $0)
        }
        #expect(orders.filter { $0.state == .confirmed }.count == 20)
        #expect(orders.filter { $0.state == .cancelled && $0.reason == "out of stock" }.count == 20)
        #expect(try await shop.statuses() == Array(repeating: "CAPTURED", count: 20))
        try await shop.checkBalance()
    }
}

/// A provider that answers nobody in time for the first 45 seconds, and well afterwards.
private struct BrownOut: PaymentProvider {
    let inner: SimulatedProvider
    /// Whether a request takes effect although its answer is late.
    let isHeard: Bool
    let time: TimeSource
    let began: Tick
    let asked: @Sendable (String) -> Void

    init(
        inner: SimulatedProvider, isHeard: Bool, time: TimeSource, asked: @escaping @Sendable (String) -> Void,
    ) {
        self.inner = inner
        self.isHeard = isHeard
        self.time = time
        self.began = time.now
        self.asked = asked
    }

    func authorize(_ charge: ProviderCharge) async throws -> ProviderAnswer {
        self.asked("authorize")
        if self.isHeard { _ = try await self.inner.authorize(charge) }
        try await self.takeTime()
        return try await self.inner.authorize(charge)
    }

    func inquire(_ payment: PaymentID) async throws -> ProviderAnswer {
        self.asked("inquire")
        try await self.takeTime()
        return try await self.inner.inquire(payment)
    }

    func capture(_ payment: PaymentID) async throws -> ProviderAnswer { try await self.inner.capture(payment) }
    func void(_ payment: PaymentID) async throws -> ProviderAnswer { try await self.inner.void(payment) }
    func refund(_ payment: PaymentID) async throws -> ProviderAnswer { try await self.inner.refund(payment) }

    private func takeTime() async throws {
        guard self.time.now < self.began + .seconds(45) else { return }
        try await self.time.sleep(for: .seconds(120))
    }
}
