import Chassis
import Essentials
import EventSourcing
import Messaging
import ShopContracts

/// Moves orders as shipping tells of their parcels.
struct ShipmentConsumer: Sendable {
    let features: OrderFeatures

    var consumer: Consumer<any ServiceUnit> {
        Consumer(
            "shipments", types: [ShipmentProgressed.eventType],
            classify: { $0 is OrderRejection ? .permanent : .standard($0) }
        ) { event, unit in
            try self.handle(event, in: unit)
        }
    }

    private func handle(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        let fact = try EventCoding.decode(ShipmentProgressed.self, from: event.event.data)
        guard let command = try self.command(for: fact, in: unit) else { return }
        let metadata = event.metadata.caused(by: event.id)
        let outcome = try self.features.orders.execute(command, on: fact.orderId, metadata: metadata, in: unit)
        let body = try outcome.root.existing()
        guard body.status == .lost || body.status == .cancelled else { return }
        try self.features.startRefund(of: body, metadata: metadata, in: unit)
    }

    private func command(for fact: ShipmentProgressed, in unit: any ServiceUnit) throws -> OrderCommand? {
        switch ShipmentState.Status(rawValue: fact.status) {
        case .shipped: .shipOrder(trackingNumber: fact.trackingNumber)
        case .inTransit: .updateTracking
        case .delivered: .confirmDelivery(at: fact.at)
        case .lost: .reportLost
        case .cancelled:
            // Usually a consequence of the order's own cancellation. If not, the order must follow its parcel.
            try self.features.orders.load(fact.orderId, in: unit).status == .confirmed
                ? .cancelOrder(reason: "shipment cancelled") : nil
        case .booked, nil: nil
        }
    }
}
