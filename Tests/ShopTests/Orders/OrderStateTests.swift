import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import ShopContracts
import Testing

@testable import Orders

@Suite("The life of an order") struct OrderStateTests {
    /// The drawing: 21 transitions between 14 states.
    static let drawing: Set<String> = [
        "DRAFT placeOrder PENDING", "DRAFT cancelOrder CANCELLED", "PENDING authorizePayment PAYMENT_PROCESSING",
        "PENDING cancelOrder CANCELLED", "PAYMENT_PROCESSING paymentConfirmed CONFIRMED",
        "PAYMENT_PROCESSING paymentDeclined PAYMENT_FAILED", "PAYMENT_FAILED retryPayment PENDING",
        "PAYMENT_FAILED cancelOrder CANCELLED", "CONFIRMED shipOrder SHIPPED", "CONFIRMED cancelOrder CANCELLED",
        "SHIPPED updateTracking IN_TRANSIT", "SHIPPED confirmDelivery DELIVERED",
        "IN_TRANSIT confirmDelivery DELIVERED", "IN_TRANSIT reportLost LOST",
        "DELIVERED requestReturn RETURN_REQUESTED", "DELIVERED archiveOrder ARCHIVED", "LOST issueRefund REFUNDED",
        "RETURN_REQUESTED processReturn RETURNED", "RETURNED issueRefund REFUNDED", "REFUNDED archiveOrder ARCHIVED",
        "CANCELLED archiveOrder ARCHIVED",
    ]

    @Test func `has 14 states, 14 methods and the 21 transitions of the drawing`() {
        let transitions = OrderMethod.allCases.flatMap { method in
            method.origins.map { "\($0.rawValue) \(method.rawValue) \(method.target.rawValue)" }
        }
        #expect(OrderState.allCases.count == 14)
        #expect(OrderMethod.allCases.count == 14)
        #expect(transitions.count == 21)
        #expect(Set(transitions) == Self.drawing)
    }

    @Test(arguments: OrderState.allCases)
    func `in every state each drawn method moves and every other throws and changes nothing`(
        _ state: OrderState,
    ) throws {
        let order = try OrderSamples.order(in: state)
        #expect(order.body?.status == state)
        for method in OrderMethod.allCases {
            // Archiving a delivered order waits for the end of the return window.
            let day: Int64 = method == .archiveOrder ? 31 : 0
            let command = OrderSamples.command(method, day: day)
            if method.origins.contains(state) {
                var moved = order
                for event in try order.decide(command) { moved.evolve(event) }
                #expect(moved.body?.status == method.target)
            } else {
                #expect(throws: OrderRejection.notAllowed(method, in: state)) { try order.decide(command) }
            }
        }
    }

    @Test(arguments: OrderState.allCases)
    func `a refused method leaves the log untouched, a repeated command gives one event`(
        _ state: OrderState,
    ) async throws {
        let platform = try TestPlatform()
        let environment = try platform.environment(.orders, migrations: OrdersService.migrations)
        let desk = OrderDesk(environment)
        let id = OrderSamples.orderID
        @Sendable func metadata() -> EventMetadata {
            let command = platform.ids.next()
            return EventMetadata(correlationID: command, causationID: command)
        }
        for command in try OrderSamples.commands(to: state) {
            let first = metadata()
            let before = try await environment.store.write { unit in
                try desk.execute(command, on: id, metadata: first, in: unit)
                return try unit.head()
            }
            let again = try await environment.store.write { unit in
                let outcome = try desk.execute(command, on: id, metadata: first, in: unit)
                #expect(outcome.isRepetition)
                return try unit.head()
            }
            #expect(again == before)
        }
        for method in OrderMethod.allCases where !method.origins.contains(state) {
            let command = OrderSamples.command(method, day: 31)
            let before = try await environment.store.read { try $0.head() }
            await #expect(throws: OrderRejection.notAllowed(method, in: state)) {
                try await environment.store.write { try desk.execute(command, on: id, metadata: metadata(), in: $0) }
            }
            #expect(try await environment.store.read { try $0.head() } == before)
            #expect(try await environment.store.read { try desk.load(id, in: $0).status } == state)
        }
    }

    @Test func `every internal state has one of the six public statuses`() {
        let expected: [OrderState: PublicStatus] = [
            .draft: .draft, .pending: .pending, .paymentProcessing: .pending, .paymentFailed: .pending,
            .confirmed: .confirmed, .shipped: .shipped, .inTransit: .shipped, .lost: .shipped,
            .delivered: .delivered, .returnRequested: .delivered, .returned: .delivered, .refunded: .cancelled,
            .cancelled: .cancelled, .archived: .cancelled,
        ]
        #expect(PublicStatus.allCases.count == 6)
        for state in OrderState.allCases { #expect(PublicStatus(state) == expected[state]) }
        #expect(PublicStatus(.archived, archivedFrom: .delivered) == .delivered)
        #expect(PublicStatus(.archived, archivedFrom: .refunded) == .cancelled)
    }

    @Test func `a return is accepted on day 30 and refused on day 31`() throws {
        let order = try OrderSamples.order(in: .delivered)
        #expect(try order.decide(OrderSamples.command(.requestReturn, day: 30)).count == 1)
        #expect(throws: OrderRejection.returnWindowClosed(day: 31)) {
            try order.decide(OrderSamples.command(.requestReturn, day: 31))
        }
    }

    @Test func `a delivered order is archived on day 31 and not on day 30`() throws {
        let order = try OrderSamples.order(in: .delivered)
        #expect(throws: OrderRejection.returnWindowOpen(day: 30)) {
            try order.decide(OrderSamples.command(.archiveOrder, day: 30))
        }
        #expect(try order.decide(OrderSamples.command(.archiveOrder, day: 31)).count == 1)
    }

    @Test func `is confirmed only when the stock is reserved and the whole amount captured`() throws {
        var order = try OrderSamples.order(in: .pending)
        for event in try order.decide(.authorizePayment(OrderSamples.paymentID)) { order.evolve(event) }
        let whole = Money(minor: 2_500, .eur)
        #expect(throws: OrderRejection.stockNotReserved) { try order.decide(.paymentConfirmed(captured: whole)) }
        let ready = try OrderSamples.order(in: .paymentProcessing)
        let part = Money(minor: 2_499, .eur)
        #expect(throws: OrderRejection.wrongAmount(captured: part, total: whole)) {
            try ready.decide(.paymentConfirmed(captured: part))
        }
        #expect(try ready.decide(.paymentConfirmed(captured: whole)).count == 1)
    }

    @Test func `cancelling a confirmed order names the refund, cancelling an unpaid one none`() throws {
        func refund(_ state: OrderState) throws -> Money? {
            guard case .cancelled(let fact) = try OrderSamples.order(in: state).cancelOrder("no").first else {
                return nil
            }
            return fact.refund
        }
        #expect(try refund(.confirmed) == Money(minor: 2_500, .eur))
        #expect(try refund(.pending) == nil)
        var cancelled = try OrderSamples.order(in: .confirmed)
        for event in try cancelled.decide(.cancelOrder(reason: "no")) { cancelled.evolve(event) }
        for event in try cancelled.decide(.recordRefund) { cancelled.evolve(event) }
        #expect(cancelled.body?.status == .cancelled)
        #expect(cancelled.body?.captured == nil)
    }

    @Test func `typed orders lead through a whole life`() throws {
        let pending = try OrderIn.createOrder(OrderSamples.new()).addLine(OrderSamples.line(100, 3))
            .placeOrder(at: OrderSamples.start)
        let delivered = try pending.reserveStock(OrderSamples.orderID).authorizePayment(OrderSamples.paymentID)
            .paymentConfirmed(captured: Money(minor: 2_800, .eur)).shipOrder("MS1").updateTracking()
            .confirmDelivery(at: OrderSamples.start)
        let archived = try delivered.requestReturn(at: OrderSamples.start).processReturn().issueRefund()
            .archiveOrder(at: OrderSamples.start)
        #expect(archived.order.body?.status == .archived)
        #expect(archived.events.count == 13)
        #expect(Order(replaying: archived.events) == archived.order)
        #expect(OrderIn<InDraft>(archived.order) == nil)
        #expect(OrderIn<InArchived>(archived.order) != nil)
    }
}
