import Essentials
import EventSourcing
import Testing

@testable import Notifications
@testable import Orders
@testable import Shipping

/// One sample of every fact and version, as it stands in logs: what was written must be read for ever.
@Suite("Golden samples") struct EventSampleTests {
    static let order = #""019b76da-0000-7000-8000-000000000001""#
    static let customer = #""019b76da-0000-7000-8000-000000000002""#
    static let line = #""019b76da-0000-7000-8000-000000000003""#
    static let product = #""019b76da-0000-7000-8000-000000000004""#
    static let payment = #""019b76da-0000-7000-8000-000000000005""#
    static let shipment = #""019b76da-0000-7000-8000-000000000006""#
    static let at = #""2026-01-01T00:00:00.000Z""#
    static let amount = #"{"currency":"EUR","minor":2500}"#
    static let address =
        #"{"city":"Paris","country":"FR","name":"Ada","postalCode":"75001","street":"1 Main Street"}"#
    static let orderLine =
        #"{"lineId":\#(line),"name":"Pen","productId":\#(product),"quantity":2,"#
        + #""unitPrice":{"currency":"EUR","minor":1250}}"#
    static let who = #""customerId":\#(customer),"orderId":\#(order)"#

    static let orders: [(String, String)] = [
        (
            "OrderDrafted",
            #"{"at":\#(at),"currency":"EUR","customerId":\#(customer),"lines":[\#(orderLine)],"orderId":\#(order),"#
                + #""paymentMethod":"pm_ok","shippingAddress":\#(address)}"#
        ),
        ("OrderLineAdded", #"{"line":\#(orderLine),"orderId":\#(order)}"#),
        ("OrderLineChanged", #"{"lineId":\#(line),"orderId":\#(order),"quantity":3}"#),
        ("OrderLineRemoved", #"{"lineId":\#(line),"orderId":\#(order)}"#),
        (
            "OrderPlaced",
            #"{"customerId":\#(customer),"items":[{"name":"Pen","productId":\#(product),"quantity":2,"#
                + #""unitPrice":{"currency":"EUR","minor":1250}}],"orderId":\#(order),"timestamp":\#(at),"#
                + #""totalAmount":\#(amount)}"#
        ),
        ("OrderStockReserved", #"{"holdId":\#(order),"orderId":\#(order)}"#),
        ("OrderPaymentRequested", #"{\#(who),"paymentId":\#(payment)}"#),
        ("OrderConfirmed", #"{"amount":\#(amount),\#(who),"paymentId":\#(payment)}"#),
        ("OrderPaymentFailed", #"{\#(who),"reason":"payment declined: no money"}"#),
        ("OrderPaymentRetried", #"{"attempt":2,"orderId":\#(order),"paymentMethod":"pm_ok"}"#),
        ("OrderShipped", #"{\#(who),"trackingNumber":"MS1"}"#),
        ("OrderInTransit", #"{"orderId":\#(order)}"#),
        ("OrderDelivered", #"{"at":\#(at),\#(who)}"#),
        ("OrderLost", #"{\#(who)}"#),
        ("OrderReturnRequested", #"{\#(who)}"#),
        ("OrderReturned", #"{"orderId":\#(order)}"#),
        ("OrderRefunded", #"{"amount":\#(amount),\#(who)}"#),
        ("OrderRefundRecorded", #"{"amount":\#(amount),\#(who)}"#),
        ("OrderCancelled", #"{\#(who),"reason":"out of stock"}"#),
        ("OrderArchived", #"{"orderId":\#(order)}"#),
    ]

    static let shipping: [(String, String)] = [
        (
            "ShipmentBooked",
            #"{"address":\#(address),"customerId":\#(customer),"#
                + #""lines":[{"productId":\#(product),"quantity":2}],"orderId":\#(order),"#
                + #""shipmentId":\#(shipment),"trackingNumber":"MS1"}"#
        ),
        ("ShipmentRefused", #"{"orderId":\#(order),"shipmentId":\#(shipment)}"#),
        (
            "ShipmentProgressed",
            #"{"at":\#(at),\#(who),"shipmentId":\#(shipment),"status":"SHIPPED","trackingNumber":"MS1"}"#
        ),
        ("TrackingNoted", #"{"note":"Lyon","shipmentId":\#(shipment)}"#),
    ]

    static let notifications: [(String, String)] = [
        (
            "NotificationRequested",
            #"{"about":\#(order),"body":"Thank you.","channel":"email","kind":"orderPlaced","#
                + #""notificationId":\#(line),"subject":"Your order","userId":\#(customer)}"#
        ),
        ("EmailSent", #"{"notificationId":\#(line),"reference":"a.txt","userId":\#(customer)}"#),
        (
            "NotificationSent",
            #"{"channel":"sms","notificationId":\#(line),"reference":"logged","userId":\#(customer)}"#
        ),
        (
            "PreferencesChanged",
            #"{"preferences":{"email":true,"push":false,"sms":true},"userId":\#(customer)}"#
        ),
    ]

    private func check<Event: EventSum>(_ samples: [(String, String)], _: Event.Type) throws {
        #expect(samples.map(\.0).sorted() == Event.catalog.types)
        for (type, json) in samples {
            let id = UniqueID(high: 1, low: 2)
            let stored = NewEvent(
                id: id, type: type, schemaVersion: 1, timestamp: Timestamp(milliseconds: 0),
                metadata: EventMetadata(correlationID: id), data: Array(json.utf8))
            let event = try Event.catalog.decode(stored)
            let written = try event.newEvent(id: id, timestamp: stored.timestamp, metadata: stored.metadata)
            #expect(String(decoding: written.data, as: UTF8.self) == json, "\(type)")
            #expect(written.type == type)
        }
    }

    @Test func `every fact of orders is read and written as in its sample`() throws {
        try self.check(Self.orders, OrderEvent.self)
    }

    @Test func `every fact of shipping is read and written as in its sample`() throws {
        try self.check(Self.shipping, ShipmentEvent.self)
    }

    @Test func `every fact of notifications is read and written as in its sample`() throws {
        try self.check(Self.notifications, NotificationEvent.self)
    }

    @Test func `a fact with a missing member is refused`() throws {
        let id = UniqueID(high: 1, low: 2)
        let stored = NewEvent(
            id: id, type: "OrderPlaced", schemaVersion: 1, timestamp: Timestamp(milliseconds: 0),
            metadata: EventMetadata(correlationID: id), data: Array("{\"items\":[]}".utf8))
        #expect(throws: EventStoreError.self) { try OrderEvent.catalog.decode(stored) }
    }
}
