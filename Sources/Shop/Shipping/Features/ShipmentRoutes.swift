import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// A parcel, as clients see it.
struct ShipmentModel: APIModel {
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

    init(_ row: ShipmentRow) {
        self.shipmentId = row.shipmentId
        self.orderId = row.orderId
        self.customerId = row.customerId
        self.status = row.status
        self.trackingNumber = row.trackingNumber
        self.address = row.address
        self.lines = row.lines
        self.note = row.note
        self.createdAt = row.createdAt
        self.updatedAt = row.updatedAt
    }

    static let schemaName = "Shipment"
    static let schema = Schema.object([
        .init("shipmentId", .uuid), .init("orderId", .uuid), .init("customerId", .uuid),
        .init("status", .oneOf(ShipmentState.Status.allCases.map(\.rawValue))),
        .init("trackingNumber", .text(1...64)), .init("address", .model(ShippingAddress.self)),
        .init("lines", .array(.model(StockLine.self), count: 1...100)),
        .init("note", .text(1...400).about("What the carrier said last."), required: false),
        .init("createdAt", .timestamp), .init("updatedAt", .timestamp),
    ])
}

/// `/v1/shipments`: a customer's own parcels; operators see all and report their progress.
struct ShipmentRoutes: Sendable {
    let desk: ShippingDesk

    var routes: [Route] { [self.list, self.one, self.track] }

    private static let shipment = Parameter.path("shipmentId", .uuid, "The parcel.")

    private var list: Route {
        Route(
            .get, "/v1/shipments", "listShipments", tag: "Shipments", "Lists the caller's parcels, the latest first",
            parameters: PageRequest.parameters, answers: [.json(.ok, Page<ShipmentModel>.self, "A page of parcels")]
        ) { request in
            let page = try PageRequest(request, keyParts: 2)
            let customer = CustomerID(try request.caller().subject)
            let last = try page.after.map { parts in
                guard let createdAt = Int64(parts[0]), let id = UniqueID(parts[1]) else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return (createdAt: createdAt, id: id)
            }
            let rows = try await self.desk.environment.store.read {
                try ShipmentRows.list(of: customer, behind: last, limit: page.limit + 1, in: $0)
            }
            return try .json(
                .ok,
                page.page(
                    of: rows, key: { [String($0.createdAt.milliseconds), $0.shipmentId.description] },
                    item: { ShipmentModel($0) }))
        }
    }

    private var one: Route {
        Route(
            .get, "/v1/shipments/{shipmentId}", "getShipment", tag: "Shipments", "Tells where a parcel stands",
            parameters: [Self.shipment], answers: [.json(.ok, ShipmentModel.self, "The parcel")], problems: [.notFound]
        ) { request in
            let id = try request.id("shipmentId", as: ShipmentID.self)
            let caller = try request.caller()
            let row = try await self.desk.environment.store.read { try ShipmentRows.find(id, in: $0) }
            guard let row, row.customerId.rawValue == caller.subject || caller.role != .user else {
                throw Problem(.notFound, "there is no shipment \(id)")
            }
            return try .json(.ok, ShipmentModel(row))
        }
    }

    private var track: Route {
        Route(
            .post, "/v1/shipments/{shipmentId}/tracking", "trackShipment", tag: "Shipments",
            "Reports what the carrier says about a parcel", access: .operators, parameters: [Self.shipment],
            body: .model(TrackingReport.self), answers: [.json(.ok, ShipmentModel.self, "The parcel afterwards")],
            problems: [.notFound, .transitionNotAllowed]
        ) { request in
            let id = try request.id("shipmentId", as: ShipmentID.self)
            let report = try request.decode(TrackingReport.self)
            let metadata = request.metadata.caused(by: self.desk.environment.ids.next())
            let row = try await self.desk.environment.store.write { unit in
                guard let row = try ShipmentRows.find(id, in: unit) else {
                    throw Problem(.notFound, "there is no shipment \(id)")
                }
                try self.desk.execute(
                    .progress(report.status, note: report.note, at: self.desk.now), on: row.orderId,
                    metadata: metadata, in: unit)
                return try ShipmentRows.find(id, in: unit) ?? row
            }
            return try .json(.ok, ShipmentModel(row))
        }
    }
}

/// What the carrier says. Reporting the state that the parcel is in already only adds the note.
struct TrackingReport: APIModel {
    var status: ShipmentState.Status
    var note: String?

    static let schema = Schema.object([
        .init("status", .oneOf(["SHIPPED", "IN_TRANSIT", "DELIVERED", "LOST"])),
        .init("note", .text(1...400), required: false),
    ])
}
