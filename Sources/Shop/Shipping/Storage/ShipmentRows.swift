import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// One parcel as clients see it.
struct ShipmentRow: Codable, Hashable, Sendable {
    var shipmentId: ShipmentID
    var orderId: OrderID
    var customerId: CustomerID
    var status: ShipmentState.Status
    var trackingNumber: String
    var address: ShippingAddress
    var lines: [StockLine]
    var note: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

/// Keeps ``ShipmentRow``s. A parcel that still moves has the moment of its last move in `moves_since`.
struct ShipmentRows: Projection {
    let name = "shipments"

    static let migration = Migration(
        "shipping/001-shipments",
        [
            """
            CREATE TABLE shipments (
                order_id BLOB NOT NULL PRIMARY KEY, shipment_id BLOB NOT NULL UNIQUE, customer_id BLOB NOT NULL,
                created_at INTEGER NOT NULL, moves_since INTEGER, document TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX shipments_by_customer ON shipments (customer_id, created_at, shipment_id)",
            "CREATE INDEX shipments_moving ON shipments (moves_since) WHERE moves_since IS NOT NULL",
        ])

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM shipments")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == Shipment.category else { return }
        switch try ShipmentEvent.catalog.decode(event.event) {
        case .booked(let fact):
            try Self.put(
                ShipmentRow(
                    shipmentId: fact.shipmentId, orderId: fact.orderId, customerId: fact.customerId, status: .booked,
                    trackingNumber: fact.trackingNumber, address: fact.address, lines: fact.lines,
                    createdAt: event.timestamp, updatedAt: event.timestamp), in: unit)
        case .progressed(let fact):
            try Self.change(event, in: unit) { row in
                if let status = ShipmentState.Status(rawValue: fact.status) { row.status = status }
            }
        case .noted(let fact): try Self.change(event, in: unit) { $0.note = fact.note }
        case .refused: break
        }
    }

    private static func change(
        _ event: RecordedEvent, in unit: any ServiceUnit, _ change: (inout ShipmentRow) -> Void,
    ) throws {
        guard var row = try self.find(order: OrderID(event.aggregateID), in: unit) else { return }
        change(&row)
        row.updatedAt = event.timestamp
        try self.put(row, in: unit)
    }

    private static func put(_ row: ShipmentRow, in unit: any ServiceUnit) throws {
        let moves: SQLValue = row.status.successors.isEmpty ? .null : .integer(row.updatedAt.milliseconds)
        try unit.execute(
            """
            INSERT INTO shipments VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (order_id) DO UPDATE SET moves_since = excluded.moves_since, document = excluded.document
            """,
            [
                .blob(row.orderId.rawValue.bytes), .blob(row.shipmentId.rawValue.bytes),
                .blob(row.customerId.rawValue.bytes), .integer(row.createdAt.milliseconds), moves,
                .text(String(decoding: try EventCoding.encode(row), as: UTF8.self)),
            ])
    }
}

extension ShipmentRows {
    static func find(order: OrderID, in unit: any ServiceUnit) throws -> ShipmentRow? {
        try unit.query("SELECT document FROM shipments WHERE order_id = ?", [.blob(order.rawValue.bytes)])
            .first.map(Self.row)
    }

    static func find(_ id: ShipmentID, in unit: any ServiceUnit) throws -> ShipmentRow? {
        try unit.query("SELECT document FROM shipments WHERE shipment_id = ?", [.blob(id.rawValue.bytes)])
            .first.map(Self.row)
    }

    /// A customer's parcels, the latest first.
    static func list(
        of customer: CustomerID, behind last: (createdAt: Int64, id: UniqueID)?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [ShipmentRow] {
        try unit.query(
            """
            SELECT document FROM shipments WHERE customer_id = ? AND (created_at, shipment_id) < (?, ?)
            ORDER BY created_at DESC, shipment_id DESC LIMIT ?
            """,
            [
                .blob(customer.rawValue.bytes), .integer(last?.createdAt ?? .max),
                .blob(last?.id.bytes ?? Array(repeating: 0xFF, count: 16)), .integer(Int64(limit)),
            ]
        ).map(Self.row)
    }

    /// Parcels that have stood still since `moment`, the longest first.
    static func standing(since moment: Timestamp, limit: Int, in unit: any ServiceUnit) throws -> [ShipmentRow] {
        try unit.query(
            "SELECT document FROM shipments WHERE moves_since <= ? ORDER BY moves_since LIMIT ?",
            [.integer(moment.milliseconds), .integer(Int64(limit))]
        ).map(Self.row)
    }

    /// Since when the parcel that has stood still the longest does so; nil when none moves.
    static func firstStanding(in unit: any ServiceUnit) throws -> Timestamp? {
        try unit.query("SELECT MIN(moves_since) AS first FROM shipments WHERE moves_since IS NOT NULL")
            .first?.optionalInteger("first").map { Timestamp(milliseconds: $0) }
    }

    private static func row(_ row: SQLRow) throws -> ShipmentRow {
        try EventCoding.decode(ShipmentRow.self, from: Array(try row.text("document").utf8))
    }
}
