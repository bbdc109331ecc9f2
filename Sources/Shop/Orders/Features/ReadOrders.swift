import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// `GET /v1/orders/{orderId}`, `GET /v1/orders` and their second versions: from the read model, without a join.
struct ReadOrders: Sendable {
    /// Orders of a page when the client names no number.
    static let defaultLimit = 10

    let features: OrderFeatures

    var routes: [Route] {
        [
            self.one("/v1/orders/{orderId}", "getOrder") { OrderV1($0) },
            self.one("/v2/orders/{orderId}", "getOrderV2") { OrderV2($0) },
            self.list("/v1/orders", "listOrders") { OrderV1($0) },
            self.list("/v2/orders", "listOrdersV2") { OrderV2($0) },
            self.statistics,
        ]
    }

    private func one<Model: APIModel>(
        _ path: PathPattern, _ operation: String, _ model: @escaping @Sendable (OrderSummary) -> Model,
    ) -> Route {
        Route(
            .get, path, operation, tag: OrderFeatures.tag, "Tells where an order stands",
            parameters: [OrderFeatures.orderID], answers: [.json(.ok, Model.self, "The order")], problems: [.notFound]
        ) { request in
            let id = try request.id("orderId", as: OrderID.self)
            let caller = try request.caller()
            let summary = try await self.features.environment.store.read {
                try self.features.visible(id, to: caller, in: $0)
            }
            return try .json(.ok, model(summary))
        }
    }

    private func list<Model: APIModel>(
        _ path: PathPattern, _ operation: String, _ model: @escaping @Sendable (OrderSummary) -> Model,
    ) -> Route {
        Route(
            .get, path, operation, tag: OrderFeatures.tag, "Lists the caller's orders, the latest first",
            parameters: PageRequest.parameters(defaultLimit: Self.defaultLimit),
            answers: [.json(.ok, Page<Model>.self, "A page of orders")]
        ) { request in
            let page = try PageRequest(request, keyParts: 2, defaultLimit: Self.defaultLimit)
            let customer = CustomerID(try request.caller().subject)
            let last = try page.after.map { try OrderPlace(cursor: $0) }
            let rows = try await self.features.environment.store.read {
                try OrderSummaries.list(of: customer, behind: last, limit: page.limit + 1, in: $0)
            }
            return try .json(
                .ok,
                page.page(
                    of: rows, key: { [String($0.createdAt.milliseconds), $0.orderId.description] }, item: { model($0) }
                ))
        }
    }

    private var statistics: Route {
        Route(
            .get, "/v1/orders/statistics", "orderStatistics", tag: OrderFeatures.tag,
            "Counts and sums of the caller's orders, by currency",
            answers: [
                .json(.ok, OrderStatistics.self, "What the caller has ordered")
            ]
        ) { request in
            let customer = CustomerID(try request.caller().subject)
            let counts = try await self.features.environment.store.read {
                try CustomerCounters.counts(of: customer, in: $0)
            }
            return try .json(.ok, OrderStatistics(currencies: counts.map { OrderStatistics.Count($0) }))
        }
    }
}

/// How much a customer has ordered.
struct OrderStatistics: APIModel {
    /// In one currency.
    struct Count: APIModel {
        var currency: String
        var placed: Int
        var delivered: Int
        var cancelled: Int
        var placedAmount: MoneyAmount
        var refundedAmount: MoneyAmount

        init(_ count: CustomerCount) {
            self.currency = count.currency.code
            self.placed = count.placed
            self.delivered = count.delivered
            self.cancelled = count.cancelled
            self.placedAmount = MoneyAmount(count.placedAmount)
            self.refundedAmount = MoneyAmount(count.refundedAmount)
        }

        static let schemaName = "OrderCount"
        static let schema = Schema.object([
            .init("currency", .string(.currency)), .init("placed", .integer(0...Int64.max)),
            .init("delivered", .integer(0...Int64.max)), .init("cancelled", .integer(0...Int64.max)),
            .init("placedAmount", .model(MoneyAmount.self)), .init("refundedAmount", .model(MoneyAmount.self)),
        ])
    }

    var currencies: [Count]

    static let schema = Schema.object([.init("currencies", .array(.model(Count.self), count: 0...200))])
}
