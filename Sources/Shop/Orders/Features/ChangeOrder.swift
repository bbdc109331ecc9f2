import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// The transitions that a person can ask for: one route each.
struct ChangeOrder: Sendable {
    let features: OrderFeatures

    var routes: [Route] {
        [self.cancel, self.retryPayment, self.requestReturn, self.processReturn, self.archive]
    }

    /// Where a parcel is booked, shipping is asked first: what has left cannot be cancelled. Should we die between the
    /// two, shipping's fact of the cancellation finishes it (``ShipmentConsumer``).
    private var cancel: Route {
        self.route("/v1/orders/{orderId}/cancel", "cancelOrder", "Cancels an order, with a refund if it was paid") {
            request in
            let id = try request.id("orderId", as: OrderID.self)
            let caller = try request.caller()
            #if PlantedFaults
                if PlantedFault.cancelWithoutAskingShipping.isPlanted {
                    return try await self.cancel(request, caller, isParcelCancelled: true)
                }
            #endif
            let order = try await self.features.environment.store.read {
                try self.features.visible(id, to: caller, in: $0)
            }
            guard order.state != .confirmed else { return try await self.cancelConfirmed(id, request, caller) }
            do {
                return try await self.cancel(request, caller, isParcelCancelled: false)
            } catch is ConfirmedMeanwhile {
                return try await self.cancelConfirmed(id, request, caller)
            }
        }
    }

    private func cancelConfirmed(
        _ id: OrderID, _ request: RoutedRequest, _ caller: Principal,
    ) async throws -> OrderSummary {
        try await self.cancelShipment(of: id, request)
        do {
            return try await self.cancel(request, caller, isParcelCancelled: true)
        } catch let problem as Problem where problem.details["state"] == .string(OrderState.cancelled.rawValue) {
            // The cancelled shipment has cancelled the order already: what the caller wants has happened.
            return try await self.features.environment.store.read { try self.features.summary(id, in: $0) }
        }
    }

    /// - Throws: ``ConfirmedMeanwhile`` when the order is paid and nobody has asked shipping: the checkout would send the
    ///   goods and the refund would give the money back.
    private func cancel(
        _ request: RoutedRequest, _ caller: Principal, isParcelCancelled: Bool,
    ) async throws -> OrderSummary {
        let reason = caller.isOperator ? "cancelled by us" : "cancelled by the customer"
        return try await self.features.perform(
            { _ in .cancelOrder(reason: reason) }, request, named: "cancelOrder"
        ) { body, metadata, unit in
            guard isParcelCancelled || body.captured == nil else { throw ConfirmedMeanwhile() }
            try self.features.startRefund(of: body, metadata: metadata, in: unit)
        }
    }

    private func cancelShipment(of id: OrderID, _ request: RoutedRequest) async throws {
        let metadata = request.command("cancelShipment")
        do {
            let _: ShipmentState = try await self.features.shipping.call(
                .post, "/internal/shipments/\(id)/cancel", key: metadata.causationID, metadata: metadata)
        } catch let problem as RemoteProblem where problem.code == ProblemType.shipmentUnderWay.code {
            throw Problem(.transitionNotAllowed, "the parcel has left already; it can be returned when it has arrived")
        }
    }

    private var retryPayment: Route {
        self.route(
            "/v1/orders/{orderId}/retry-payment", "retryPayment", "Tries to pay an order again",
            body: .model(RetryPaymentRequest.self)
        ) { request in
            let method = try request.decode(RetryPaymentRequest.self).paymentMethod
            return try await self.features.perform(
                { _ in .retryPayment(method) }, request, named: "retryPayment"
            ) { body, metadata, unit in
                try self.features.startCheckout(of: body, metadata: metadata, in: unit)
            }
        }
    }

    private var requestReturn: Route {
        self.route(
            "/v1/orders/{orderId}/return", "returnOrder", "Announces that a delivered order is sent back",
            problems: [.returnWindowClosed]
        ) { request in
            try await self.features.perform(
                { .requestReturn(at: $0.now) }, request, named: "returnOrder")
        }
    }

    private var processReturn: Route {
        self.route(
            "/v1/orders/{orderId}/process-return", "processReturn",
            "Takes in a returned order; the money goes back and the goods on the shelf", access: .operators
        ) { request in
            try await self.features.perform({ _ in .processReturn }, request, named: "processReturn") {
                body, metadata, unit in
                try self.features.startRefund(of: body, metadata: metadata, in: unit)
            }
        }
    }

    private var archive: Route {
        self.route(
            "/v1/orders/{orderId}/archive", "archiveOrder", "Puts a finished order away", access: .operators
        ) { request in
            try await self.features.perform({ .archiveOrder(at: $0.now) }, request, named: "archiveOrder")
        }
    }

    private func route(
        _ path: PathPattern, _ operation: String, _ summary: String, access: Access = .signedIn, body: Schema? = nil,
        problems: [ProblemType] = [], handler: @escaping @Sendable (RoutedRequest) async throws -> OrderSummary,
    ) -> Route {
        Route(
            .post, path, operation, tag: OrderFeatures.tag, summary, access: access,
            parameters: [OrderFeatures.orderID, OrderFeatures.optionalKey], body: body,
            answers: [.json(.ok, OrderV1.self, "The order afterwards")],
            problems: [.notFound, .transitionNotAllowed] + problems
        ) { request in
            try .json(.ok, OrderV1(try await handler(request)))
        }
    }
}

/// With what to try to pay again.
struct RetryPaymentRequest: APIModel {
    var paymentMethod: PaymentMethod

    static let schema = Schema.object([.init("paymentMethod", .oneOf(PaymentMethod.allCases.map(\.rawValue)))])
}

/// The order was confirmed between the look at it and its cancellation.
private struct ConfirmedMeanwhile: Error {}
