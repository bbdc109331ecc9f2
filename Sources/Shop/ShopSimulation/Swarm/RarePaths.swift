import Chassis
import Essentials
import ShopContracts
import Simulation

/// Rare paths that some seed of a thousand must walk, so that a harness that no longer reaches one fails.
enum RarePaths {
    static let names: [String] = [
        "a breaker opened", "a compensation ran", "a lease was stolen", "a message came twice",
        "unknown payment inquired", "an event was parked", "a dead letter was driven again",
        "a refresh token was used twice", "a hold expired", "a tombstone was met",
        "void overtook its authorisation", "a mail was handed out twice, and known", "a payment was declined",
        "a payment was tried again", "stock ran out", "an order was refunded", "a transfer failed",
        "a transfer gave money back", "an answer was replayed", "a client saw nothing of its answer",
        "a saga gave up a step", "an acknowledged commit survived the loss of power", "a disk was full",
    ]

    /// What the books tell of the paths that were walked.
    static func take(_ books: Books, _ orders: [UniqueID: OrderStory], _ simulation: Simulator) {
        let types = Set(ServiceName.shop.flatMap { books[$0].facts.map(\.type) })
        simulation.sometimes("a payment was declined", types.contains("PaymentDeclined"))
        simulation.sometimes("a payment was tried again", types.contains("OrderPaymentRetried"))
        simulation.sometimes("an order was refunded", orders.values.contains { $0.refunds > 0 })
        simulation.sometimes("a transfer failed", types.contains("TransferFailed"))
        simulation.sometimes("a transfer gave money back", types.contains("AccountRefunded"))
        let sagas = books[.orders].sagas + books[.transfers].sagas
        simulation.sometimes("a compensation ran", sagas.contains { $0.status == "compensated" })
        let reasons = books[.orders].facts.filter { $0.type == "OrderCancelled" }.compactMap { $0.data["reason"]?.string }
        simulation.sometimes("stock ran out", reasons.contains("out of stock"))
        simulation.sometimes("a saga gave up a step", reasons.contains { $0.contains("failed:") })
        let releases = books[.inventory].facts.filter { $0.type == "StockReleased" }
        simulation.sometimes("a hold expired", releases.contains { $0.data["reason"]?.string == "expired" })
    }
}
