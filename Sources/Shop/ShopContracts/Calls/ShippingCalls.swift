public import Chassis
public import Essentials

/// Where a parcel goes.
public struct ShippingAddress: APIModel, Hashable {
    public var name: String
    public var street: String
    public var city: String
    public var postalCode: String
    /// ISO 3166-1 alpha-2.
    public var country: String

    public init(name: String, street: String, city: String, postalCode: String, country: String) {
        self.name = name
        self.street = street
        self.city = city
        self.postalCode = postalCode
        self.country = country
    }

    public static let schema = Schema.object([
        .init("name", .text(1...200)), .init("street", .text(1...200)), .init("city", .text(1...100)),
        .init("postalCode", .text(1...20)), .init("country", .string(.country)),
    ])
}

extension TextFormat {
    /// Two capital letters.
    public static let country = TextFormat(
        accepted: "two capital letters of ISO 3166-1", pattern: "^[A-Z]{2}$",
        matches: { $0.utf8.count == 2 && $0.utf8.allSatisfy { (65...90).contains($0) } })
}

/// `POST /internal/shipments`, `Idempotency-Key`: books a parcel. Answers 201 with a ``ShipmentState``; 409
/// `shipment-cancelled` when the cancellation came first.
///
/// `POST /internal/shipments/{orderId}/cancel` answers 200 with the ``ShipmentState`` (also before the booking has come)
/// and may be repeated; 409 `shipment-under-way` once the parcel has left.
public struct BookShipment: APIModel {
    public var orderId: OrderID
    public var customerId: CustomerID
    public var address: ShippingAddress
    public var lines: [StockLine]

    public init(orderId: OrderID, customerId: CustomerID, address: ShippingAddress, lines: [StockLine]) {
        self.orderId = orderId
        self.customerId = customerId
        self.address = address
        self.lines = lines
    }

    public static let schema = Schema.object([
        .init("orderId", .uuid), .init("customerId", .uuid), .init("address", .model(ShippingAddress.self)),
        .init("lines", .array(.model(StockLine.self), count: 1...100)),
    ])
}

/// Where a parcel stands.
public struct ShipmentState: APIModel, Hashable {
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case booked = "BOOKED"
        case shipped = "SHIPPED"
        case inTransit = "IN_TRANSIT"
        case delivered = "DELIVERED"
        case lost = "LOST"
        case cancelled = "CANCELLED"
    }

    public var shipmentId: ShipmentID
    public var orderId: OrderID
    public var status: Status
    public var trackingNumber: String

    public init(shipmentId: ShipmentID, orderId: OrderID, status: Status, trackingNumber: String) {
        self.shipmentId = shipmentId
        self.orderId = orderId
        self.status = status
        self.trackingNumber = trackingNumber
    }

    public static let schema = Schema.object([
        .init("shipmentId", .uuid), .init("orderId", .uuid),
        .init("status", .oneOf(Status.allCases.map(\.rawValue))), .init("trackingNumber", .text(0...64)),
    ])
}
