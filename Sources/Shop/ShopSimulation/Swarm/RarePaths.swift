import Chassis
import Essentials
import HTTPTypes
import Sagas
import ShopContracts
import Simulation

/// Rare paths that some seed of a thousand must walk, so that a harness that no longer reaches one fails.
enum RarePaths {
    static let names: [String] = [
        "a breaker opened", "a dead letter was dropped", "a compensation ran", "a lease was stolen",
        "a message came twice",
        "unknown payment inquired", "a dead letter was driven again",
        "a refresh token was used twice", "a hold expired", "a tombstone was met",
        "void overtook its authorisation", "a mail was handed out twice, and known", "a payment was declined",
        "a payment was tried again", "stock ran out", "an order was refunded", "a transfer failed",
        "a transfer gave money back", "an answer was replayed", "a client saw nothing of its answer",
        "a saga gave up a step", "an acknowledged commit survived the loss of power", "a disk was full",
        "a process died between two writes", "a request came after its sender had given up",
        "stock was released before it was reserved", "a payment was voided before it was asked for",
        "a leg was voided before it came", "a parcel was cancelled before it was booked",
        "a paid order was called off before its parcel was booked",
    ]

    /// Refusals that only a request meets that came after what undid it.
    private static let tombstones: Set<String> = [
        "hold-released", "payment-voided", "posting-voided", "shipment-cancelled",
    ]

    /// What an answer on its way back tells.
    static func take(_ response: ServiceResponse, _ simulation: Simulator) {
        if response.head.headerFields[.idempotencyReplayed] != nil { simulation.sometimes("an answer was replayed") }
        let status = response.head.status.code
        guard status == 409 || status == 503, let json = try? JSONReader.parse(response.body) else { return }
        if let code = json["code"]?.string, Self.tombstones.contains(code) {
            simulation.sometimes("a tombstone was met")
        }
        let detail = json["detail"]?.string ?? ""
        if detail.contains("no room is left") { simulation.sometimes("a disk was full") }
        if detail.contains("Circuit breaker is OPEN") { simulation.sometimes("a breaker opened") }
    }

    /// What the faults that struck tell.
    static func take(_ faults: [FaultRecord], into sightings: inout [String: Int]) {
        if faults.contains(where: { $0.id.site.hasSuffix("straggler") }) {
            sightings["a request came after its sender had given up", default: 0] += 1
        }
        if faults.contains(where: { $0.id.site.hasSuffix("duplicate") }) {
            sightings["a message came twice", default: 0] += 1
        }
    }

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
        let journals = books[.orders].journals + books[.transfers].journals
        let errors = journals.flatMap { journal in
            journal.facts.compactMap { entry -> String? in
                if case .failed(_, _, let error, _, _) = entry.fact { return error }
                return nil
            }
        }
        simulation.sometimes("a breaker opened", errors.contains { $0.contains("Circuit breaker is OPEN") })
        let reasons = books[.orders].facts.filter { $0.type == "OrderCancelled" }.compactMap {
            $0.data["reason"]?.string
        }
        simulation.sometimes("stock ran out", reasons.contains("out of stock"))
        simulation.sometimes("a saga gave up a step", reasons.contains { $0.contains("failed:") })
        func begins(_ service: ServiceName, _ type: String) -> Bool {
            books[service].facts.contains { $0.type == type && $0.version == 1 }
        }
        simulation.sometimes("stock was released before it was reserved", begins(.inventory, "StockReleased"))
        simulation.sometimes("a payment was voided before it was asked for", begins(.payments, "PaymentVoided"))
        simulation.sometimes("a parcel was cancelled before it was booked", begins(.shipping, "ShipmentRefused"))
        let isLegEarly = books[.payments].entries.contains { $0.kind == "voidPending" && $0.debit == nil }
        simulation.sometimes("a leg was voided before it came", isLegEarly)
        let parcels = Set(books[.shipping].facts.filter { $0.type == "ShipmentRefused" }.map(\.aggregate))
        let calledOff = orders.values.contains { story in
            story.state == "CANCELLED" && story.facts.contains { $0.type == "OrderConfirmed" }
                && parcels.contains(story.id)
        }
        simulation.sometimes("a paid order was called off before its parcel was booked", calledOff)
        let releases = books[.inventory].facts.filter { $0.type == "StockReleased" }
        simulation.sometimes("a hold expired", releases.contains { $0.data["reason"]?.string == "expired" })
    }
}
