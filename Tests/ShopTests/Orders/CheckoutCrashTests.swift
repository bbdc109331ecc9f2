import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Sagas
import SagasTesting
import ShopContracts
import Testing

@testable import Orders

/// The orders process dies before and after every write and every call, once a place, and is started again.
@Suite("A checkout that is killed anywhere", .timeLimit(.minutes(10))) struct CheckoutCrashTests {
    private struct Case: Sendable {
        let world: ShopWorld
        let product: ProductID
        let key: UniqueID
    }

    private func exhaust(
        _ method: PaymentMethod, _ sequence: CheckoutSequence, stock: Int = 5, thenCancel: Bool = false,
        expecting verify: @escaping @Sendable (ShopWorld, ProductID, OrderID, String) async throws -> Void,
    ) async throws -> Int {
        try await CrashMatrix.exhaust {
            let world = try ShopWorld(sequence)
            return Case(world: world, product: world.shop.product(stock: stock), key: world.platform.ids.next())
        } life: { run, crash in
            defer { run.world.wire.die(at: nil) }
            let world = try run.world.restarted(dyingAt: crash)
            let answer = try await world.pumping {
                try await world.order([(run.product, 2)], method: method, key: run.key)
            }
            if let death = crash.crash { throw death }
            try #require([201, 409].contains(answer.status))
            try await world.settle()
            if let death = crash.crash { throw death }
            guard thenCancel else { return }
            let id = try #require(answer.json["orderId"]?.string.flatMap { OrderID($0) })
            let cancelled = try await world.pumping { try await world.post(id, "cancel", key: run.key) }
            if let death = crash.crash { throw death }
            // Shipping's fact may have cancelled it in an earlier life.
            #expect(cancelled.status == 200 || cancelled.status == 409)
            try await world.settle()
            if let death = crash.crash { throw death }
        } verify: { run, place in
            let list = try await run.world.environment.store.read {
                try OrderSummaries.list(
                    of: CustomerID(run.world.customer.subject), behind: nil, limit: 10, in: $0)
            }
            #expect(list.count == 1, "\(place)")
            guard let order = list.first else { return }
            try await self.checkSagas(run.world, place)
            try await verify(run.world, run.product, order.orderId, place)
        }
    }

    private func checkSagas(_ world: ShopWorld, _ place: String) async throws {
        for saga in try await world.orders.sagas.list() {
            #expect(saga.state.hasEnded, "\(saga.definition) is \(saga.state), killed \(place)")
        }
        for (payment, count) in world.shop.snapshot.charges { #expect(count == 1, "\(payment), killed \(place)") }
        for status in world.shop.payments.map(\.status) {
            #expect([.captured, .voided, .refunded, .declined].contains(status), "killed \(place)")
        }
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `ends complete, charged once, with the stock sold once`(_ sequence: CheckoutSequence) async throws {
        let places = try await self.exhaust(.ok, sequence) { world, product, order, place in
            let state = try await world.summary(order).state
            #expect(state == .confirmed, "killed \(place)")
            #expect(world.shop.stock(product) == 3, "killed \(place)")
            #expect(world.shop.payments.map(\.status) == [.captured], "killed \(place)")
            let parcels = try await world.platform.call(.shipping, .get, "/v1/shipments", as: world.customer)
            #expect(parcels.json["items"]?.array?.count == 1, "killed \(place)")
        }
        #expect(places > 20)
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `ends PAYMENT_FAILED with everything undone when the payment is declined`(
        _ sequence: CheckoutSequence
    ) async throws {
        let places = try await self.exhaust(.declined, sequence) { world, product, order, place in
            let state = try await world.summary(order).state
            #expect(state == .paymentFailed, "killed \(place)")
            #expect(world.shop.stock(product) == 5, "killed \(place)")
        }
        #expect(places > 12)
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `ends cancelled with nothing held and nothing charged when the stock is short`(
        _ sequence: CheckoutSequence,
    ) async throws {
        try await _ = self.exhaust(.ok, sequence, stock: 1) { world, product, order, place in
            let state = try await world.summary(order).state
            #expect(state == .cancelled, "killed \(place)")
            #expect(world.shop.stock(product) == 1, "killed \(place)")
            let payments: [PaymentState.Status] = sequence == .stockFirst ? [] : [.voided]
            #expect(world.shop.payments.map(\.status) == payments, "killed \(place)")
        }
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `ends complete when the outcome of the payment was unknown`(_ sequence: CheckoutSequence) async throws {
        try await _ = self.exhaust(.unknown, sequence) { world, product, order, place in
            let state = try await world.summary(order).state
            #expect(state == .confirmed, "killed \(place)")
            #expect(world.shop.payments.map(\.status) == [.captured], "killed \(place)")
        }
    }

    @Test(arguments: CheckoutSequence.allCases)
    func `ends refunded once when it is cancelled after it was confirmed`(_ sequence: CheckoutSequence) async throws {
        try await _ = self.exhaust(.ok, sequence, thenCancel: true) { world, product, order, place in
            let summary = try await world.summary(order)
            #expect(summary.state == .cancelled, "killed \(place)")
            #expect(summary.refunded == Money(minor: 2_500, .eur), "killed \(place)")
            #expect(world.shop.payments.map(\.status) == [.refunded], "killed \(place)")
            #expect(world.shop.stock(product) == 5, "killed \(place)")
        }
    }
}
