import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
import Identity
import Sagas
import SagasTesting
import ShopContracts
import Testing

@testable import Orders

@Suite("The checkout", .timeLimit(.minutes(10))) struct CheckoutTests {
    /// An order that was accepted.
    private func placed(_ world: ShopWorld, _ product: ProductID, _ method: PaymentMethod = .ok) async throws -> OrderID
    {
        let answer = try await world.order([(product, 2)], method: method)
        try #require(answer.status == 201)
        return try #require(answer.json["orderId"]?.string.flatMap { OrderID($0) })
    }

    @Test func `a good order is confirmed, charged once, its stock sold and its parcel booked`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        #expect(try await world.state(order) == .pending)
        try await world.settle()
        #expect(try await world.state(order) == .confirmed)
        #expect(world.shop.stock(product) == 98)
        #expect(world.shop.payments.map(\.status) == [.captured])
        #expect(world.shop.snapshot.holds.values.map(\.status) == [.committed])
        let parcels = try await world.platform.call(.shipping, .get, "/v1/shipments", as: world.customer)
        #expect(parcels.json["items"]?.array?.first?["status"]?.string == "BOOKED")
        #expect(try await world.orders.sagas.view(order.rawValue).state == .completed)
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `stock and money are asked for in the configured order`(_ sequence: CheckoutSequence) async throws {
        let world = try ShopWorld(sequence)
        let order = try await self.placed(world, world.shop.product())
        try await world.settle()
        #expect(try await world.state(order) == .confirmed)
        let asked = world.wire.calls.filter { ["POST /internal/holds", "POST /internal/payments"].contains($0) }
        #expect(
            asked
                == (sequence == .stockFirst
                    ? ["POST /internal/holds", "POST /internal/payments"]
                    : ["POST /internal/payments", "POST /internal/holds"]))
    }

    @Test func `with the payment first, no stock is asked for when it is declined`() async throws {
        let world = try ShopWorld(.paymentFirst)
        let order = try await self.placed(world, world.shop.product(), .declined)
        try await world.settle()
        #expect(try await world.state(order) == .paymentFailed)
        #expect(!world.wire.calls.contains("POST /internal/holds"))
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `a checkout ends in the order in which it began, whatever is configured by then`(
        _ sequence: CheckoutSequence,
    ) async throws {
        let world = try ShopWorld(sequence)
        let order = try await self.placed(world, world.shop.product())
        let began = try await world.orders.sagas.view(order.rawValue).steps.map(\.name)
        let other = CheckoutSequence.allCases.first { $0 != sequence }
        let changed = try world.restarted(dyingAt: CrashPoint(), other)
        try await changed.settle()
        #expect(try await changed.state(order) == .confirmed)
        #expect(try await changed.orders.sagas.view(order.rawValue).steps.map(\.name) == began)
        let next = try await self.placed(changed, changed.shop.product())
        try await changed.settle()
        #expect(try await changed.orders.sagas.view(next.rawValue).steps.map(\.name) != began)
    }

    @Test func `the parcel's progress moves the order to DELIVERED`() async throws {
        let world = try ShopWorld()
        let order = try await self.placed(world, world.shop.product())
        try await world.settle()
        for (status, state) in [("SHIPPED", OrderState.shipped), ("IN_TRANSIT", .inTransit), ("DELIVERED", .delivered)]
        {
            try await world.track(order, status)
            #expect(try await world.state(order) == state)
        }
        #expect(try await world.summary(order).trackingNumber?.hasPrefix("MS") == true)
    }

    @Test func `without stock the order is cancelled and nobody is charged`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product(stock: 1)
        let order = try await self.placed(world, product)
        try await world.settle()
        #expect(try await world.state(order) == .cancelled)
        #expect(try await world.summary(order).reason == "out of stock")
        #expect(world.shop.stock(product) == 1)
        #expect(world.shop.payments.isEmpty)
        let view = try await world.orders.sagas.view(order.rawValue)
        #expect(view.failedStep == "reserve stock")
        #expect(view.failure?.rejection?.code == "out-of-stock")
    }

    @Test func `a declined payment leaves PAYMENT_FAILED with the stock released, and can be tried again`()
        async throws
    {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product, .declined)
        try await world.settle()
        #expect(try await world.state(order) == .paymentFailed)
        #expect(try await world.summary(order).reason == "payment declined: insufficient funds")
        #expect(world.shop.stock(product) == 100)
        let again = try await world.post(order, "retry-payment", json: ["paymentMethod": "pm_ok"])
        #expect(again.status == 200)
        #expect(again.json["status"]?.string == "PENDING")
        try await world.settle()
        #expect(try await world.state(order) == .confirmed)
        #expect(world.shop.stock(product) == 98)
        #expect(world.shop.payments.map(\.status).filter { $0 == .captured }.count == 1)
    }

    @Test func `an order that nobody pays again is cancelled when the window closes`() async throws {
        let world = try ShopWorld()
        let order = try await self.placed(world, world.shop.product(), .declined)
        try await world.settle()
        #expect(try await world.orders.paymentWindow.closeOverdue() == 0)
        world.platform.wallClock.advance(by: .seconds(86_401))
        #expect(try await world.orders.paymentWindow.closeOverdue() == 1)
        #expect(try await world.state(order) == .cancelled)
    }

    @Test func `an unknown outcome is inquired until it is known, and charged once`() async throws {
        let world = try ShopWorld()
        let order = try await self.placed(world, world.shop.product(), .unknown)
        try await world.settle()
        #expect(try await world.state(order) == .confirmed)
        #expect(world.shop.snapshot.charges.values.sorted() == [1])
        #expect(world.wire.calls.filter { $0.hasPrefix("GET /internal/payments/") }.count >= 3)
    }

    @Test func `a lost answer is inquired and charged once`() async throws {
        let world = try ShopWorld()
        let order = try await self.placed(world, world.shop.product(), .lost)
        // More often than the client itself repeats.
        world.wire.lose("POST /internal/payments", times: 3)
        try await world.settle()
        #expect(try await world.state(order) == .confirmed)
        #expect(world.shop.snapshot.charges.values.sorted() == [1])
        #expect(world.wire.calls.contains { $0.hasPrefix("GET /internal/payments/") })
    }

    @Test func `a participant that stays away calls the checkout off, and the payment is taken back`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        world.wire.unplug("POST /internal/payments")
        for _ in 0..<60 where try await world.state(order) != .paymentFailed {
            _ = try await world.pumping { try await world.orders.sagas.runUntilIdle() }
            world.platform.wallClock.advance(by: .seconds(30))
            world.platform.clock.advance(by: .seconds(30))
        }
        world.wire.plugIn()
        try await world.settle()
        #expect(try await world.state(order) == .cancelled)
        #expect(world.shop.stock(product) == 100)
        #expect(world.shop.payments.allSatisfy { $0.status == .voided })
    }

    @Test func `cancelling a confirmed order gives back money and stock and calls the parcel off`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        try await world.settle()
        let answer = try await world.post(order, "cancel")
        #expect(answer.status == 200)
        #expect(answer.json["status"]?.string == "CANCELLED")
        try await world.settle()
        #expect(world.shop.payments.map(\.status) == [.refunded])
        #expect(world.shop.stock(product) == 100)
        let summary = try await world.summary(order)
        #expect(summary.state == .cancelled)
        #expect(summary.refunded == Money(minor: 2_500, .eur))
        let parcels = try await world.platform.call(.shipping, .get, "/v1/shipments", as: world.customer)
        #expect(parcels.json["items"]?.array?.first?["status"]?.string == "CANCELLED")
    }

    @Test func `an order that is confirmed between the look at it and its cancellation has its parcel called off`()
        async throws
    {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        let hasty = try world.interrupted { try await world.settle() }
        #expect(try await hasty.post(order, "cancel").status == 200)
        try await world.settle()
        #expect(try await world.state(order) == .cancelled)
        #expect(world.shop.payments.map(\.status) == [.refunded])
        #expect(world.shop.stock(product) == 100)
        let parcels = try await world.platform.call(.shipping, .get, "/v1/shipments", as: world.customer)
        #expect(parcels.json["items"]?.array?.first?["status"]?.string == "CANCELLED")
    }

    @Test func `an order that is cancelled before its parcel is booked is undone once`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        world.wire.unplug("POST /internal/shipments")
        _ = try await world.pumping { try await world.orders.sagas.runUntilIdle() }
        #expect(try await world.state(order) == .confirmed)
        world.wire.plugIn()
        world.platform.clock.advance(by: .seconds(5))
        #expect(try await world.post(order, "cancel").status == 200)
        try await world.settle()
        #expect(try await world.state(order) == .cancelled)
        #expect(world.shop.payments.map(\.status) == [.refunded])
        #expect(world.shop.stock(product) == 100)
        #expect(try await world.summary(order).refunded == Money(minor: 2_500, .eur))
        for saga in try await world.orders.sagas.list() { #expect(saga.state.hasEnded) }
    }

    @Test func `a parcel that has left keeps its order from being cancelled`() async throws {
        let world = try ShopWorld()
        let order = try await self.placed(world, world.shop.product())
        try await world.settle()
        let parcel = try await world.platform.call(.shipping, .get, "/v1/shipments", as: world.customer)
        let id = try #require(parcel.json["items"]?.array?.first?["shipmentId"]?.string)
        let left = try await world.platform.call(
            .shipping, .post, "/v1/shipments/\(id)/tracking", as: world.platform.person(.operator),
            json: ["status": "SHIPPED"])
        #expect(left.status == 200)
        // Orders has not heard of it yet.
        let answer = try await world.post(order, "cancel")
        #expect(answer.status == 409)
        #expect(answer.code == "transition-not-allowed")
        try await world.settle()
        #expect(try await world.state(order) == .shipped)
        #expect(world.shop.payments.map(\.status) == [.captured])
    }

    @Test func `an order that is cancelled before its checkout begins undoes nothing and charges nobody`()
        async throws
    {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        #expect(try await world.post(order, "cancel").status == 200)
        try await world.settle()
        #expect(try await world.state(order) == .cancelled)
        #expect(world.shop.stock(product) == 100)
        #expect(world.shop.payments.isEmpty)
        #expect(try await world.orders.sagas.view(order.rawValue).state == .compensated)
    }

    @Test func `a return is taken in, paid back and put on the shelf`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        try await world.settle()
        for status in ["SHIPPED", "IN_TRANSIT", "DELIVERED"] { try await world.track(order, status) }
        #expect(try await world.post(order, "return").status == 200)
        #expect(try await world.post(order, "process-return").status == 403)
        let answer = try await world.post(order, "process-return", as: world.platform.person(.operator))
        #expect(answer.status == 200)
        try await world.settle()
        #expect(try await world.state(order) == .refunded)
        #expect(world.shop.payments.map(\.status) == [.refunded])
        #expect(world.shop.stock(product) == 100)
        let archived = try await world.post(order, "archive", as: world.platform.person(.operator))
        #expect(archived.json["status"]?.string == "CANCELLED")
        #expect(try await world.state(order) == .archived)
    }

    @Test func `a lost parcel is paid back, its stock is not`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let order = try await self.placed(world, product)
        try await world.settle()
        for status in ["SHIPPED", "IN_TRANSIT", "LOST"] { try await world.track(order, status) }
        #expect(try await world.state(order) == .refunded)
        #expect(world.shop.payments.map(\.status) == [.refunded])
        #expect(world.shop.stock(product) == 98)
    }
}
