import EventSourcing
import ShopContracts
import Testing

@testable import Catalog
@testable import Inventory
@testable import Notifications
@testable import Orders
@testable import Payments
@testable import Shipping
@testable import Transfers
@testable import Users

@Suite struct EventKindTests {
    private let kinds: [[String: EventKind]] = [
        UserEvent.catalog.kinds, CatalogEvent.catalog.kinds, StockEvent.catalog.kinds, PaymentEvent.catalog.kinds,
        AccountEvent.catalog.kinds, OrderEvent.catalog.kinds, TransferEvent.catalog.kinds, ShipmentEvent.catalog.kinds,
        NotificationEvent.catalog.kinds,
    ]

    @Test func `what services read in each other's logs are integration events, and nothing else is`() {
        let shared = Set(self.kinds.flatMap { $0.filter { $0.value == .integration }.keys })
        let read = Templates.ofUsers.union(Templates.ofOrders).union(Templates.ofShipping)
        #expect(read.isSubset(of: shared))
        #expect(shared.subtracting(read) == [ProductUpdated.eventType])
    }

    @Test func `who may come in is the platform's own affair`() {
        #expect(
            Set(UserEvent.catalog.kinds.filter { $0.value == .system }.keys)
                == [
                    "PasswordChanged", "PasswordRehashed", "RoleChanged", "TokensRevoked", "UserBlocked",
                    "UserUnblocked",
                ])
    }

    @Test func `every fact has one name in the whole shop`() {
        let names = self.kinds.flatMap(\.keys)
        #expect(names.count == Set(names).count)
        #expect(names.count > 50)
    }
}
