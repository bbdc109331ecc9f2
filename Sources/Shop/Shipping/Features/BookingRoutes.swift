import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// What the checkout asks for: book and cancel. Both may be repeated, and the cancellation may come first.
struct BookingRoutes: Sendable {
    let desk: ShippingDesk

    var routes: [Route] { [self.book, self.cancel, self.read] }

    private static let key = Parameter.header(
        "Idempotency-Key", .uuid, required: true, "Names the request: sent again with it, it is not carried out again.")
    private static let order = Parameter.path("orderId", .uuid, "The order.")

    private var book: Route {
        Route(
            .post, "/internal/shipments", "bookShipment", tag: "Internal", "Books the parcel of an order",
            access: .services, parameters: [Self.key], body: .model(BookShipment.self),
            answers: [.json(.created, ShipmentState.self, "The parcel is booked")],
            problems: [.shipmentCancelled, .conflict]
        ) { request in
            let booking = try request.decode(BookShipment.self)
            let command = ShipmentCommand.book(self.desk.environment.ids.next(), booking, at: self.desk.now)
            return try .json(.created, try await self.perform(command, on: booking.orderId, request))
        }
    }

    private var cancel: Route {
        Route(
            .post, "/internal/shipments/{orderId}/cancel", "cancelShipment", tag: "Internal",
            "Cancels the parcel of an order, also before it is booked", access: .services,
            parameters: [Self.order, Self.key], answers: [.json(.ok, ShipmentState.self, "The parcel is cancelled")],
            problems: [.shipmentUnderWay]
        ) { request in
            let order = try request.id("orderId", as: OrderID.self)
            let command = ShipmentCommand.cancel(order, id: self.desk.environment.ids.next(), at: self.desk.now)
            return try .json(.ok, try await self.perform(command, on: order, request))
        }
    }

    private var read: Route {
        Route(
            .get, "/internal/shipments/{orderId}", "readShipment", tag: "Internal", "Tells where a parcel stands",
            access: .services, parameters: [Self.order], answers: [.json(.ok, ShipmentState.self, "The parcel")],
            problems: [.notFound]
        ) { request in
            let order = try request.id("orderId", as: OrderID.self)
            let state = try await self.desk.environment.store.read {
                try self.desk.repository.load(order.rawValue, in: $0).root.state
            }
            guard let state else { throw ShipmentRejection.doesNotExist.problem }
            return try .json(.ok, state)
        }
    }

    /// Idempotent by what it asks for: a repetition under another key changes nothing either.
    private func perform(
        _ command: ShipmentCommand, on order: OrderID, _ request: RoutedRequest,
    ) async throws -> ShipmentState {
        let metadata = request.metadata.caused(by: self.desk.environment.ids.next())
        return try await self.desk.environment.store.write {
            try self.desk.execute(command, on: order, metadata: metadata, in: $0)
        }
    }
}
