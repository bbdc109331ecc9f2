import Essentials
import EventSourcing
import ShopContracts

/// A parcel was booked.
struct ShipmentBooked: EventPayload {
    static let eventType = "ShipmentBooked"
    var shipmentId: ShipmentID
    var orderId: OrderID
    var customerId: CustomerID
    var address: ShippingAddress
    var lines: [StockLine]
    var trackingNumber: String
}

/// A cancellation came before its booking: the booking will be refused.
struct ShipmentRefused: EventPayload {
    static let eventType = "ShipmentRefused"
    var shipmentId: ShipmentID
    var orderId: OrderID
}

/// The facts of a parcel's life. ``ShipmentProgressed`` is shared with other services.
enum ShipmentEvent: EventSum {
    case booked(ShipmentBooked)
    case refused(ShipmentRefused)
    case progressed(ShipmentProgressed)
    case noted(TrackingNoted)

    var payload: any EventPayload {
        switch self {
        case .booked(let fact): fact
        case .refused(let fact): fact
        case .progressed(let fact): fact
        case .noted(let fact): fact
        }
    }

    static let catalog = EventCatalog<ShipmentEvent>([
        .fact(ShipmentBooked.self, ShipmentEvent.booked),
        .fact(ShipmentRefused.self, ShipmentEvent.refused),
        .fact(ShipmentProgressed.self, ShipmentEvent.progressed),
        .fact(TrackingNoted.self, ShipmentEvent.noted),
    ])
}

/// What the carrier said about a parcel, in words.
struct TrackingNoted: EventPayload {
    static let eventType = "TrackingNoted"
    var shipmentId: ShipmentID
    var note: String
}

/// What a parcel can be told.
enum ShipmentCommand: Sendable {
    case book(ShipmentID, BookShipment, at: Timestamp)
    /// Also before the booking: then `id` names the shipment that will never be.
    case cancel(OrderID, id: ShipmentID, at: Timestamp)
    case progress(ShipmentState.Status, note: String?, at: Timestamp)
}

/// Why a parcel does not do what it is told.
enum ShipmentRejection: Error, Hashable, Sendable {
    /// The cancellation came first.
    case cancelled
    /// It has left and cannot be called back.
    case underWay(ShipmentState.Status)
    case notAllowed(ShipmentState.Status, from: ShipmentState.Status)
    case doesNotExist
    /// The order is booked already, with other lines or another address.
    case bookedOtherwise
}

extension ShipmentRejection: CustomStringConvertible {
    var description: String {
        switch self {
        case .cancelled: "the shipment of this order has been cancelled"
        case .underWay(let status): "the parcel has left already: it is \(status.rawValue)"
        case .notAllowed(let next, let status): "a parcel that is \(status.rawValue) cannot become \(next.rawValue)"
        case .doesNotExist: "nothing has been booked"
        case .bookedOtherwise: "the order is booked already, with other lines or another address"
        }
    }
}

/// The parcel of one order. Its stream is named by the order, so that a cancellation can come before the booking.
struct Shipment: Aggregate {
    static let category = "shipment"

    private(set) var state: ShipmentState?
    private(set) var booking: ShipmentBooked?

    init() {}

    /// - Throws: ``ShipmentRejection/doesNotExist``.
    func existing() throws(ShipmentRejection) -> ShipmentState {
        guard let state else { throw .doesNotExist }
        return state
    }

    func decide(_ command: ShipmentCommand) throws -> [ShipmentEvent] {
        switch command {
        case .book(let id, let booking, let moment): try self.book(id, booking, at: moment)
        case .cancel(let order, let id, let moment): try self.cancel(order, id: id, at: moment)
        case .progress(let status, let note, let moment): try self.progress(to: status, note: note, at: moment)
        }
    }

    private func book(
        _ id: ShipmentID, _ request: BookShipment, at moment: Timestamp,
    ) throws(ShipmentRejection) -> [ShipmentEvent] {
        guard let state else { return Self.booked(id, request, at: moment) }
        guard state.status != .cancelled, let booking else { throw .cancelled }
        guard booking.lines == request.lines, booking.address == request.address else { throw .bookedOtherwise }
        return []
    }

    private static func booked(_ id: ShipmentID, _ request: BookShipment, at moment: Timestamp) -> [ShipmentEvent] {
        let number = "MS" + String(id.description.suffix(12)).uppercased()
        return [
            .booked(
                ShipmentBooked(
                    shipmentId: id, orderId: request.orderId, customerId: request.customerId,
                    address: request.address, lines: request.lines, trackingNumber: number)),
            .progressed(
                ShipmentProgressed(
                    shipmentId: id, orderId: request.orderId, customerId: request.customerId,
                    status: ShipmentState.Status.booked.rawValue, trackingNumber: number, at: moment)),
        ]
    }

    private func cancel(
        _ order: OrderID, id: ShipmentID, at moment: Timestamp,
    ) throws(ShipmentRejection) -> [ShipmentEvent] {
        guard let state else { return [.refused(ShipmentRefused(shipmentId: id, orderId: order))] }
        switch state.status {
        case .cancelled: return []
        case .booked: return [try self.progressed(to: .cancelled, at: moment)]
        case .shipped, .inTransit, .delivered, .lost: throw .underWay(state.status)
        }
    }

    private func progress(
        to status: ShipmentState.Status, note: String?, at moment: Timestamp,
    ) throws(ShipmentRejection) -> [ShipmentEvent] {
        let state = try self.existing()
        var events: [ShipmentEvent] = []
        if state.status != status {
            guard state.status.successors.contains(status) else { throw .notAllowed(status, from: state.status) }
            events.append(try self.progressed(to: status, at: moment))
        }
        if let note { events.append(.noted(TrackingNoted(shipmentId: state.shipmentId, note: note))) }
        return events
    }

    private func progressed(
        to status: ShipmentState.Status, at moment: Timestamp,
    ) throws(ShipmentRejection) -> ShipmentEvent {
        guard let booking else { throw .doesNotExist }
        return .progressed(
            ShipmentProgressed(
                shipmentId: booking.shipmentId, orderId: booking.orderId, customerId: booking.customerId,
                status: status.rawValue, trackingNumber: booking.trackingNumber, at: moment))
    }

    mutating func evolve(_ event: ShipmentEvent) {
        switch event {
        case .booked(let fact):
            self.booking = fact
            self.state = ShipmentState(
                shipmentId: fact.shipmentId, orderId: fact.orderId, status: .booked,
                trackingNumber: fact.trackingNumber)
        case .refused(let fact):
            self.state = ShipmentState(
                shipmentId: fact.shipmentId, orderId: fact.orderId, status: .cancelled, trackingNumber: "")
        case .progressed(let fact):
            if let status = ShipmentState.Status(rawValue: fact.status) { self.state?.status = status }
        case .noted: break
        }
    }
}

extension ShipmentState.Status {
    /// What a carrier may report next.
    var successors: [ShipmentState.Status] {
        switch self {
        case .booked: [.shipped]
        case .shipped: [.inTransit, .delivered]
        case .inTransit: [.delivered, .lost]
        case .delivered, .lost, .cancelled: []
        }
    }
}
