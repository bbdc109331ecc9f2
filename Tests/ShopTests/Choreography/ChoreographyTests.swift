import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import ShopContracts
import Synchronization
import Testing

@testable import Orders

@Suite("The checkout as choreography", .timeLimit(.minutes(10))) struct ChoreographyTests {
    @Test func `facts alone lead from OrderPlaced to ShippingScheduled, and each names its cause`() async throws {
        let dance = try Choreography()
        let order = try await dance.place(by: dance.platform.ids.next())
        try await dance.settle()
        func event(_ service: ServiceName, _ type: String) async throws -> RecordedEvent {
            try #require(try await dance.log(service).first { $0.type == type })
        }
        let placed = try await event(.orders, "OrderPlaced")
        let reserved = try await event(.inventory, "StockReserved")
        let captured = try await event(.payments, "PaymentCaptured")
        let confirmed = try await event(.orders, "OrderConfirmed")
        let scheduled = try await event(.shipping, "ShippingScheduled")
        #expect(reserved.metadata.causationID == placed.id)
        #expect(captured.metadata.causationID == reserved.id)
        #expect(confirmed.metadata.causationID == captured.id)
        #expect(scheduled.metadata.causationID == confirmed.id)
        #expect(Set([placed, reserved, captured, confirmed, scheduled].map(\.metadata.correlationID)).count == 1)
        #expect(try await self.state(order, dance) == .confirmed)
    }

    @Test func `a declined payment ends in CANCELLED and the stock is released`() async throws {
        let dance = try Choreography()
        let customer: CustomerID = dance.platform.ids.next()
        dance.poor.withLock { _ = $0.insert(customer) }
        let order = try await dance.place(by: customer)
        try await dance.settle()
        #expect(try await self.state(order, dance) == .cancelled)
        #expect(try await dance.log(.inventory).contains { $0.type == "StockReleased" })
        #expect(try await !dance.log(.shipping).contains { $0.type == "ShippingScheduled" })
    }

    @Test func `every fact delivered again and again has its effect once`() async throws {
        let dance = try Choreography(redeliveries: 3)
        for _ in 0..<4 { _ = try await dance.place(by: dance.platform.ids.next()) }
        try await dance.settle()
        try await dance.settle()
        #expect(try await dance.log(.inventory).filter { $0.type == "StockReserved" }.count == 4)
        #expect(try await dance.log(.payments).filter { $0.type == "PaymentCaptured" }.count == 4)
        #expect(try await dance.log(.notifications).count == 4)
        #expect(try await dance.log(.orders).filter { $0.type == "OrderConfirmed" }.count == 4)
    }

    @Test func `subscribers work independently: one that is blocked holds up nobody else`() async throws {
        let dance = try Choreography()
        dance.blocked.withLock { _ = $0.insert(.inventory) }
        var sum: Int64 = 0
        for amount in [Int64(100), 250, 999] {
            _ = try await dance.place(amount, by: dance.platform.ids.next())
            sum += amount
        }
        try? await dance.settle()
        for service in ["notifications", "analytics"] as [ServiceName] {
            for _ in 0..<3 { try? await dance.settle() }
            #expect(try await dance.log(service).count == 3)
        }
        #expect(try await dance.log(.inventory).isEmpty)
        let counted = try await dance.log("analytics").reduce(Int64(0)) { total, event in
            total + (try EventCoding.decode(Choreography.PaymentCaptured.self, from: event.event.data)).amount.minor
        }
        #expect(counted == sum)
        dance.blocked.withLock { $0 = [] }
        try await dance.settle()
        #expect(try await dance.log(.orders).filter { $0.type == "OrderConfirmed" }.count == 3)
    }

    private func state(_ order: OrderID, _ dance: Choreography) async throws -> OrderState {
        try await dance.stores[.orders]!.store.read { try dance.desk.load(order, in: $0).status }
    }
}
