import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Carries out commands on parcels inside a transaction, and keeps the read model as fresh as the log.
struct ShippingDesk: Sendable {
    let environment: ServiceEnvironment
    let repository: Repository<Shipment>
    let projector: Projector<any ServiceUnit>

    init(_ environment: ServiceEnvironment) {
        self.environment = environment
        self.repository = Repository(ids: environment.ids, wallClock: environment.wallClock)
        self.projector = Projector([ShipmentRows()], log: { $0 })
    }

    var now: Timestamp { self.environment.wallClock.now }

    /// - Parameter metadata: its causation is the command's id.
    @discardableResult
    func execute(
        _ command: ShipmentCommand, on order: OrderID, metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws -> ShipmentState {
        do {
            let outcome = try self.repository.execute(command, on: order.rawValue, metadata: metadata, in: unit)
            try self.projector.advance(in: unit)
            return try outcome.root.existing()
        } catch let rejection as ShipmentRejection {
            throw rejection.problem
        }
    }
}

extension ShipmentRejection {
    var problem: Problem {
        switch self {
        case .cancelled: Problem(.shipmentCancelled, self.description)
        case .underWay: Problem(.shipmentUnderWay, self.description)
        case .notAllowed(let next, let status):
            Problem(
                .transitionNotAllowed, self.description,
                details: ["state": .string(status.rawValue), "asked": .string(next.rawValue)])
        case .doesNotExist: Problem(.notFound, self.description)
        case .bookedOtherwise: Problem(.conflict, self.description)
        }
    }
}
