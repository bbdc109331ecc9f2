import Chassis
import Essentials
import ShopContracts

/// The life of every payment, hold of stock, parcel and transfer as its log tells it: each goes from state to state as its
/// states allow, and what is over stays over. Orders have a model of their own, ``OrderStory``.
struct LifeCheck {
    private typealias Step = (to: String, from: Set<String>)

    /// By category: which service keeps it, and the state that each event leads to with those from which it may come.
    private static let lives: [(service: ServiceName, category: String, steps: [String: Step])] = [
        (
            .payments, "payment",
            [
                "PaymentRequested": ("requested", ["none"]),
                "PaymentOutcomeUnknown": ("unknown", ["requested"]),
                "PaymentAuthorized": ("authorized", ["requested", "unknown"]),
                "PaymentDeclined": ("declined", ["requested", "unknown"]),
                "PaymentCaptured": ("captured", ["authorized"]),
                "PaymentVoided": ("voided", ["none", "requested", "unknown", "authorized"]),
                "PaymentRefunded": ("refunded", ["captured"]),
            ]
        ),
        (
            .inventory, "hold",
            [
                "StockReserved": ("reserved", ["none"]),
                "StockCommitted": ("committed", ["reserved"]),
                "StockReleased": ("released", ["none", "reserved"]),
                "StockReturned": ("returned", ["committed"]),
            ]
        ),
        (
            .shipping, "shipment",
            [
                "ShipmentBooked": ("booked", ["none"]),
                "ShipmentRefused": ("refused", ["none"]),
                "BOOKED": ("BOOKED", ["booked"]),
                "CANCELLED": ("CANCELLED", ["BOOKED"]),
                "SHIPPED": ("SHIPPED", ["BOOKED"]),
                "IN_TRANSIT": ("IN_TRANSIT", ["SHIPPED"]),
                "DELIVERED": ("DELIVERED", ["SHIPPED", "IN_TRANSIT"]),
                "LOST": ("LOST", ["IN_TRANSIT"]),
            ]
        ),
        (
            .transfers, "transfer",
            [
                "TransferRequested": ("requested", ["none"]),
                "AccountDebited": ("debited", ["requested"]),
                "AccountCredited": ("credited", ["debited"]),
                "TransactionCompleted": ("completed", ["credited"]),
                "AccountRefunded": ("given back", ["debited"]),
                "TransferFailed": ("failed", ["requested", "given back"]),
            ]
        ),
    ]

    static func anomalies(_ books: Books) -> [Anomaly] {
        self.lives.flatMap { Self.anomalies(books[$0.service].facts, of: $0.category) }
    }

    /// - Parameter facts: a log; those of other categories are passed over.
    static func anomalies(_ facts: [Fact], of category: String) -> [Anomaly] {
        let steps = Self.lives.first { $0.category == category }?.steps ?? [:]
        var found: [Anomaly] = []
        var states: [UniqueID: String] = [:]
        var trails: [UniqueID: [String]] = [:]
        for fact in facts where fact.category == category {
            let name = fact.type == "ShipmentProgressed" ? fact.data["status"]?.string ?? "" : fact.type
            trails[fact.aggregate, default: []].append(fact.line)
            guard let step = steps[name] else { continue }
            let state = states[fact.aggregate] ?? "none"
            states[fact.aggregate] = step.to
            guard !step.from.contains(state) else { continue }
            found.append(
                Anomaly(
                    .impossibleTransition,
                    "\(fact.category) \(fact.aggregate.short): \(name) came when it was \(state)",
                    excerpt: (trails[fact.aggregate] ?? []).suffix(6)))
        }
        return found
    }
}
