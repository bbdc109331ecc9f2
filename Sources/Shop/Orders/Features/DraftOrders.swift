import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Sagas
import ShopContracts

/// Orders that are put together line by line before they are placed.
struct DraftOrders: Sendable {
    let features: OrderFeatures

    var routes: [Route] { [self.create, self.addLine, self.changeLine, self.removeLine, self.place] }

    private var create: Route {
        Route(
            .post, "/v1/orders/drafts", "createDraft", tag: OrderFeatures.tag, "Begins an order without placing it",
            parameters: [OrderFeatures.optionalKey], body: .model(CreateDraftRequest.self),
            answers: [.json(.created, OrderV1.self, "The draft")],
            problems: [.forbidden, .unknownProduct, .unprocessable, .mixedCurrencies]
        ) { request in
            let order = try await self.draft(request)
            return try .json(.created, OrderV1(order), headers: [.location: "/v1/orders/\(order.orderId)"])
        }
    }

    private func draft(_ request: RoutedRequest) async throws -> OrderSummary {
        let body = try request.decode(CreateDraftRequest.self)
        guard try body.customerId.rawValue == request.caller().subject else {
            throw Problem(.forbidden, "customerId: orders can only be drafted for oneself")
        }
        let lines = try await self.features.quotedLines(body.items ?? [], metadata: request.metadata)
        guard let currency = lines.first?.unitPrice.currency ?? Currency(body.currency ?? "EUR") else {
            throw Problem(.validationFailed, "body/currency: '\(body.currency ?? "")' is no currency of ISO 4217")
        }
        let metadata = request.command("createDraft")
        let caller = try request.caller()
        // With a key the id follows from key and caller, so that a repetition finds the draft.
        let id = request.header(.idempotencyKey).flatMap { _ in metadata.causationID }.map {
            StepContext.key(saga: $0, step: caller.subject.description, direction: .action)
        }
        let new = NewOrder(
            orderId: OrderID(id ?? self.features.environment.ids.next()), customerId: body.customerId,
            currency: currency, lines: lines, shippingAddress: body.shippingAddress,
            paymentMethod: body.paymentMethod ?? .ok, at: self.features.now)
        return try await self.features.environment.store.write { unit in
            do {
                try self.features.orders.execute(.createOrder(new), on: new.orderId, metadata: metadata, in: unit)
            } catch let rejection as OrderRejection {
                throw rejection.problem
            }
            return try self.features.visible(new.orderId, to: caller, in: unit)
        }
    }

    private var addLine: Route {
        self.route(
            .post, "/v1/orders/{orderId}/lines", "addLine", "Adds a line to a draft",
            parameters: [OrderFeatures.orderID, OrderFeatures.optionalKey], body: .model(OrderItemRequest.self),
            problems: [.unknownProduct]
        ) { request in
            let item = try request.decode(OrderItemRequest.self)
            let lines = try await self.features.quotedLines([item], metadata: request.metadata)
            return try await self.features.perform({ _ in .addLine(lines[0]) }, request, named: "addLine")
        }
    }

    private var changeLine: Route {
        self.route(
            .put, "/v1/orders/{orderId}/lines/{lineId}", "changeLine", "Changes the quantity of a line of a draft",
            parameters: [OrderFeatures.orderID, OrderFeatures.lineID, OrderFeatures.optionalKey],
            body: .model(ChangeLineRequest.self)
        ) { request in
            let quantity = try request.decode(ChangeLineRequest.self).quantity
            let line = try request.id("lineId", as: OrderLineID.self)
            return try await self.features.perform(
                { _ in .changeLine(line, quantity: quantity) }, request, named: "changeLine")
        }
    }

    private var removeLine: Route {
        self.route(
            .delete, "/v1/orders/{orderId}/lines/{lineId}", "removeLine", "Removes a line from a draft",
            parameters: [OrderFeatures.orderID, OrderFeatures.lineID, OrderFeatures.optionalKey]
        ) { request in
            let line = try request.id("lineId", as: OrderLineID.self)
            return try await self.features.perform({ _ in .removeLine(line) }, request, named: "removeLine")
        }
    }

    private var place: Route {
        self.route(
            .post, "/v1/orders/{orderId}/place", "placeOrder", "Places a draft",
            parameters: [OrderFeatures.orderID, OrderFeatures.optionalKey]
        ) { request in
            try await self.features.perform({ .placeOrder(at: $0.now) }, request, named: "placeOrder") {
                body, metadata, unit in
                try self.features.startCheckout(of: body, metadata: metadata, in: unit)
            }
        }
    }

    private func route(
        _ method: HTTPRequest.Method, _ path: PathPattern, _ operation: String, _ summary: String,
        parameters: [Parameter], body: Schema? = nil, problems: [ProblemType] = [],
        handler: @escaping @Sendable (RoutedRequest) async throws -> OrderSummary,
    ) -> Route {
        Route(
            method, path, operation, tag: OrderFeatures.tag, summary, parameters: parameters, body: body,
            answers: [.json(.ok, OrderV1.self, "The order afterwards")],
            problems: OrderRejection.problems + problems
        ) { request in
            try .json(.ok, OrderV1(try await handler(request)))
        }
    }
}

/// What a draft begins with.
struct CreateDraftRequest: APIModel {
    var customerId: CustomerID
    var items: [OrderItemRequest]?
    var currency: String?
    var shippingAddress: ShippingAddress?
    var paymentMethod: PaymentMethod?

    static let schema = Schema.object([
        .init("customerId", .uuid.about("The caller's own.")),
        .init("items", .array(.model(OrderItemRequest.self), count: 0...100), required: false),
        .init(
            "currency", .string(.currency).about("Of a draft that begins without lines. Default: EUR."),
            required: false),
        .init("shippingAddress", .model(ShippingAddress.self), required: false),
        .init("paymentMethod", .oneOf(PaymentMethod.allCases.map(\.rawValue)), required: false),
    ])
}

/// How many pieces a line is to have.
struct ChangeLineRequest: APIModel {
    var quantity: Int

    static let schema = Schema.object([.init("quantity", .integer(1...100))])
}
