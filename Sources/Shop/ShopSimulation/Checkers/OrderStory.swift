import Chassis
import Essentials
import ShopContracts

/// One order as its log tells it, told by a model that shares no code with the order itself.
struct OrderStory: Sendable {
    var id: UniqueID
    var customer: UniqueID?
    var state = "NONE"
    var pieces: [UniqueID: Int64] = [:]
    var total: Int64 = 0
    var hold: UniqueID?
    var payment: UniqueID?
    var placements = 0
    var refunds = 0
    var facts: [Fact] = []
    /// What is wrong with the story by itself.
    var oddities: [String] = []

    /// The state that an event leads to, and the states from which it may come.
    private static let steps: [String: (to: String, from: Set<String>)] = [
        "OrderDrafted": ("DRAFT", ["NONE"]),
        "OrderPlaced": ("PENDING", ["DRAFT"]),
        "OrderPaymentRequested": ("PAYMENT_PROCESSING", ["PENDING"]),
        "OrderConfirmed": ("CONFIRMED", ["PAYMENT_PROCESSING"]),
        "OrderPaymentFailed": ("PAYMENT_FAILED", ["PAYMENT_PROCESSING"]),
        "OrderPaymentRetried": ("PENDING", ["PAYMENT_FAILED"]),
        "OrderShipped": ("SHIPPED", ["CONFIRMED"]),
        "OrderInTransit": ("IN_TRANSIT", ["SHIPPED"]),
        "OrderDelivered": ("DELIVERED", ["SHIPPED", "IN_TRANSIT"]),
        "OrderLost": ("LOST", ["IN_TRANSIT"]),
        "OrderReturnRequested": ("RETURN_REQUESTED", ["DELIVERED"]),
        "OrderReturned": ("RETURNED", ["RETURN_REQUESTED"]),
        "OrderRefunded": ("REFUNDED", ["LOST", "RETURNED"]),
        "OrderCancelled": ("CANCELLED", ["DRAFT", "PENDING", "PAYMENT_FAILED", "CONFIRMED"]),
        "OrderArchived": ("ARCHIVED", ["DELIVERED", "REFUNDED", "CANCELLED"]),
    ]
    /// The customer has the goods or will have them, and has paid once.
    static let complete: Set<String> = [
        "CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED", "RETURN_REQUESTED",
    ]
    /// Nothing is sold in the end: no money kept, no stock kept.
    static let compensated: Set<String> = ["CANCELLED", "PAYMENT_FAILED", "REFUNDED"]

    var isComplete: Bool { Self.complete.contains(self.state) }
    var isCompensated: Bool { Self.compensated.contains(self.state) }

    init(_ id: UniqueID) {
        self.id = id
    }

    /// All stories of a log, by order.
    static func all(in facts: some Sequence<Fact>) -> [UniqueID: OrderStory] {
        var stories: [UniqueID: OrderStory] = [:]
        for fact in facts where fact.category == "order" {
            stories[fact.aggregate, default: OrderStory(fact.aggregate)].tell(fact)
        }
        return stories
    }

    mutating func tell(_ fact: Fact) {
        self.facts.append(fact)
        if fact.version != Int64(self.facts.count) {
            self.oddities.append("version \(fact.version) is the \(self.facts.count). event of the order")
        }
        if let step = Self.steps[fact.type] {
            if !step.from.contains(self.state) {
                self.oddities.append("\(fact.type) came when the order was \(self.state)")
            }
            self.state = step.to
        }
        switch fact.type {
        case "OrderDrafted":
            self.customer = fact.id("customerId")
            self.pieces = fact.pieces()
            self.total = (fact.data["lines"]?.array ?? []).reduce(0) { sum, line in
                sum + (line["quantity"]?.integer ?? 0) * (line["unitPrice"]?["minor"]?.integer ?? 0)
            }
        case "OrderPlaced":
            self.placements += 1
            if fact.minor("totalAmount") != self.total { self.oddities.append("it was placed for another total") }
        case "OrderStockReserved": self.hold = fact.id("holdId")
        case "OrderPaymentRequested": self.payment = fact.id("paymentId")
        case "OrderConfirmed":
            if fact.minor("amount") != self.total { self.oddities.append("it was confirmed for another amount") }
            if self.hold == nil { self.oddities.append("it was confirmed without stock") }
        case "OrderRefunded", "OrderRefundRecorded": self.refunds += 1
        default: break
        }
        if self.refunds > 1 { self.oddities.append("it was refunded \(self.refunds) times") }
    }

    /// The last events, for an excerpt.
    var excerpt: [String] { self.facts.suffix(6).map(\.line) }

    /// Since when the order was in which state.
    var timeline: Timeline {
        var timeline = Timeline()
        for fact in self.facts {
            guard let state = Self.steps[fact.type]?.to, let known = fact.committed else { continue }
            timeline.append(state, from: known.from, at: known.at)
        }
        return timeline
    }
}
