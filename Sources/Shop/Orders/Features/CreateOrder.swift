import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// `POST /v1/orders` and `POST /v2/orders`: an order is created, placed, remembered under its key, and its checkout
/// started, all in one transaction.
struct CreateOrder: Sendable {
    let features: OrderFeatures

    private static let key = Parameter.header(
        "Idempotency-Key", .uuid, required: true,
        "Names the request: 50 of them with one key make one order. Any version of UUID.")
    private static let problems: [ProblemType] = [
        .forbidden, .unknownProduct, .unprocessable, .mixedCurrencies, .idempotencyKeyReused,
    ]

    /// What a key led to.
    private enum Result: Sendable {
        case created(OrderSummary)
        case repeated(OrderSummary)
    }

    /// A repeated key is answered with 409 and the existing order.
    var version1: Route {
        Route(
            .post, "/v1/orders", "createOrder", tag: OrderFeatures.tag, "Places an order",
            parameters: [Self.key], body: .model(CreateOrderRequest.self),
            answers: [
                .json(.created, OrderV1.self, "The order is placed"),
                .json(.conflict, OrderV1.self, "The key has been used for the same request: the existing order"),
            ], problems: Self.problems
        ) { request in
            switch try await self.create(request) {
            case .created(let order): try Self.answer(.created, OrderV1(order), at: "/v1/orders/\(order.orderId)")
            case .repeated(let order): try Self.answer(.conflict, OrderV1(order), at: "/v1/orders/\(order.orderId)")
            }
        }
    }

    /// A repeated key is answered as the first time (draft-ietf-httpapi-idempotency-key-header-07).
    var version2: Route {
        Route(
            .post, "/v2/orders", "createOrderV2", tag: OrderFeatures.tag, "Places an order; a repeated key is replayed",
            parameters: [Self.key], body: .model(CreateOrderRequest.self),
            answers: [.json(.created, OrderV2.self, "The order is placed, now or by the first request with this key")],
            problems: Self.problems
        ) { request in
            switch try await self.create(request) {
            case .created(let order):
                return try Self.answer(.created, OrderV2(order), at: "/v2/orders/\(order.orderId)")
            case .repeated(let order):
                var response = try Self.answer(
                    .created, OrderV2(order.asPlaced), at: "/v2/orders/\(order.orderId)")
                response.head.headerFields[.idempotencyReplayed] = "true"
                return response
            }
        }
    }

    private static func answer(
        _ status: HTTPResponse.Status, _ model: some APIModel, at location: String,
    ) throws -> ServiceResponse {
        try .json(status, model, headers: [.location: location])
    }

    private func create(_ request: RoutedRequest) async throws -> Result {
        let body = try request.decode(CreateOrderRequest.self)
        let caller = try request.caller()
        guard body.customerId.rawValue == caller.subject else {
            throw Problem(
                .forbidden, "customerId: orders can only be placed for oneself",
                details: ["customerId": .string(body.customerId.description)])
        }
        let attempt = Attempt(request, customer: body.customerId)
        // Looked up before the catalogue is asked, so that a repetition needs nobody else.
        if let earlier = try await self.features.environment.store.read({ try self.find(attempt, in: $0) }) {
            return .repeated(earlier)
        }
        let lines = try await self.features.quotedLines(body.items, metadata: request.metadata)
        guard let currency = lines.first?.unitPrice.currency else { throw OrderRejection.noLines.problem }
        let order = NewOrder(
            orderId: self.features.environment.ids.next(), customerId: body.customerId, currency: currency,
            lines: lines, shippingAddress: body.shippingAddress, paymentMethod: body.paymentMethod ?? .ok,
            at: self.features.now)
        #if PlantedFaults
            if PlantedFault.keyOutsideTransaction.isPlanted || PlantedFault.checkoutOutsideTransaction.isPlanted {
                return try await self.placeInTwo(order, attempt)
            }
        #endif
        return try await self.features.environment.store.write { try self.place(order, attempt, in: $0) }
    }

    #if PlantedFaults
        /// Two transactions where there must be one.
        private func placeInTwo(_ new: NewOrder, _ attempt: Attempt) async throws -> Result {
            let store = self.features.environment.store
            let isKeyLate = PlantedFault.keyOutsideTransaction.isPlanted
            let recordKey: @Sendable (any ServiceUnit) throws -> Void = { unit in
                try IdempotencyStore.record(
                    attempt.key, scope: attempt.scope, fingerprint: attempt.fingerprint,
                    resource: new.orderId.rawValue, at: self.features.now, in: unit)
            }
            let body = try await store.write { unit in
                let outcome = try self.features.orders.execute(
                    .createAndPlace(new), on: new.orderId, metadata: attempt.metadata, in: unit)
                let body = try outcome.root.existing()
                if isKeyLate {
                    try self.features.startCheckout(of: body, metadata: attempt.metadata, in: unit)
                } else {
                    try recordKey(unit)
                }
                return body
            }
            return try await store.write { unit in
                if isKeyLate {
                    try recordKey(unit)
                } else {
                    try self.features.startCheckout(of: body, metadata: attempt.metadata, in: unit)
                }
                return .created(try self.features.summary(new.orderId, in: unit))
            }
        }
    #endif

    private func place(_ new: NewOrder, _ attempt: Attempt, in unit: any ServiceUnit) throws -> Result {
        if let earlier = try self.find(attempt, in: unit) { return .repeated(earlier) }
        do {
            let outcome = try self.features.orders.execute(
                .createAndPlace(new), on: new.orderId, metadata: attempt.metadata, in: unit)
            try IdempotencyStore.record(
                attempt.key, scope: attempt.scope, fingerprint: attempt.fingerprint, resource: new.orderId.rawValue,
                at: self.features.now, in: unit)
            try self.features.startCheckout(of: outcome.root.existing(), metadata: attempt.metadata, in: unit)
        } catch let rejection as OrderRejection {
            throw rejection.problem
        }
        return .created(try self.features.summary(new.orderId, in: unit))
    }

    /// One request under one key.
    private struct Attempt: Sendable {
        let key: UniqueID
        let scope: String
        let fingerprint: String
        let metadata: EventMetadata

        init(_ request: RoutedRequest, customer: CustomerID) {
            self.key = request.header(.idempotencyKey).flatMap { UniqueID($0) } ?? request.requestID
            self.scope = "createOrder/\(customer)"
            self.fingerprint = String(decoding: request.body?.serialized ?? [], as: UTF8.self)
            self.metadata = request.command("createOrder")
        }
    }

    /// The order that the key led to.
    /// - Throws: ``Problem`` `idempotency-key-reused` when it was another request.
    private func find(_ attempt: Attempt, in unit: any ServiceUnit) throws -> OrderSummary? {
        let finding = try IdempotencyStore.find(
            attempt.key, scope: attempt.scope, fingerprint: attempt.fingerprint, in: unit)
        switch finding {
        case .new: return nil
        case .repeated(let resource): return try self.features.summary(OrderID(resource), in: unit)
        case .mismatch:
            throw Problem(
                .idempotencyKeyReused, "header/Idempotency-Key: the key \(attempt.key) was used for another body",
                details: ["key": .string(attempt.key.description)])
        }
    }
}

extension OrderSummary {
    /// The order as it was when it had just been placed: lines do not change after that.
    fileprivate var asPlaced: OrderSummary {
        var first = self
        first.state = .pending
        first.updatedAt = self.createdAt
        first.reason = nil
        first.refunded = nil
        first.trackingNumber = nil
        return first
    }
}
