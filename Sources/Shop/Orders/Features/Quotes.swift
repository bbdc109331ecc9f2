import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

extension OrderFeatures {
    /// Lines at the catalogue's prices of this moment. Asked before the transaction: a call must not hold one open.
    /// - Throws: a ``Problem`` for unknown products, a price that is not the catalogue's, or two currencies.
    func quotedLines(_ items: [OrderItemRequest], metadata: EventMetadata) async throws -> [OrderLine] {
        guard !items.isEmpty else { return [] }
        let quote = try await self.quote(items.map(\.productId), metadata: metadata)
        let lines = try items.enumerated().map { index, item in
            guard let offer = quote.lines.first(where: { $0.productId == item.productId }) else {
                throw Problem(
                    .unknownProduct, "items/\(index)/productId: \(item.productId) is not sold",
                    details: ["productId": .string(item.productId.description)])
            }
            let price = try offer.unitPrice.money(at: "items/\(index)/unitPrice")
            try Self.check(item, index, against: price)
            return try OrderLine(
                lineId: self.environment.ids.next(), productId: item.productId, name: offer.name,
                quantity: item.quantity, unitPrice: price)
        }
        let currencies = lines.map(\.unitPrice.currency)
        if let other = currencies.first(where: { $0 != currencies[0] }) {
            throw OrderRejection.mixedCurrencies(currencies[0], other).problem
        }
        return lines
    }

    private static func check(_ item: OrderItemRequest, _ index: Int, against price: Money) throws {
        guard let asked = try item.unitPrice?.money(at: "items/\(index)/unitPrice"), asked != price else { return }
        throw Problem(
            .unprocessable, "items/\(index)/unitPrice: the price is \(price), not \(asked)",
            details: [
                "productId": .string(item.productId.description), "amount": .string(price.decimal),
                "currency": .string(price.currency.code),
            ])
    }

    private func quote(_ products: [ProductID], metadata: EventMetadata) async throws -> Quote {
        var unique: [ProductID] = []
        for product in products where !unique.contains(product) { unique.append(product) }
        do {
            return try await self.catalog.call(
                .post, "/internal/quotes", body: QuoteRequest(products: unique), key: self.environment.ids.next(),
                metadata: metadata)
        } catch let problem as RemoteProblem where problem.code == ProblemType.unknownProduct.code {
            var own = Problem(.unknownProduct, problem.detail)
            own.details = problem.details
            throw own
        }
    }
}
