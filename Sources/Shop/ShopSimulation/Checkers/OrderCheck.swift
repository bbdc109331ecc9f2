import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Orders against what customers were promised, and against each other service's part in them.
struct OrderCheck {
    let books: Books
    let claims: Claims
    let orders: [UniqueID: OrderStory]
    /// Whether every saga has ended.
    let isSettled: Bool
    private(set) var found: [Anomaly] = []

    init(_ books: Books, _ claims: Claims, _ orders: [UniqueID: OrderStory], isSettled: Bool) {
        self.books = books
        self.claims = claims
        self.orders = orders
        self.isSettled = isSettled
    }

    mutating func run() -> [Anomaly] {
        self.stories()
        self.promises()
        self.keys()
        if self.isSettled {
            self.ends()
            self.summaries()
            self.parcels()
        }
        return self.found
    }

    private var sorted: [OrderStory] { self.orders.values.sorted { $0.id < $1.id } }

    private mutating func report(_ kind: AnomalyKind, _ what: String, _ story: OrderStory? = nil) {
        self.found.append(Anomaly(kind, what, excerpt: story?.excerpt ?? []))
    }

    private mutating func stories() {
        for story in self.sorted {
            for oddity in story.oddities {
                self.report(.impossibleTransition, "order \(story.id.short): \(oddity)", story)
            }
        }
    }

    private mutating func promises() {
        for (intent, ids, promises) in self.claims.intents(.order) {
            if ids.count > 1 {
                self.report(
                    .duplicateEffect, "the key \(intent) led to \(ids.count) orders: \(ids.map(\.short))",
                    self.orders[ids[1]])
            }
            for promise in promises where promise.isAcknowledged {
                guard let id = promise.id else { continue }
                guard let story = self.orders[id] else {
                    self.report(.lostUpdate, "the acknowledged order \(id.short) is in no log")
                    continue
                }
                if story.total != promise.amount || story.customer != promise.owner {
                    self.report(
                        .lostUpdate,
                        "order \(id.short) is not what was ordered: \(story.total) for \(promise.amount ?? 0)", story)
                }
            }
        }
    }

    /// Every order has one key, and no key two orders.
    private mutating func keys() {
        guard self.claims.isComplete else { return }
        var led: [UniqueID: [String]] = [:]
        for row in self.books[.orders].tables["idempotency"] ?? [] {
            guard let scope = try? row.text("scope"), scope.hasPrefix("createOrder/"),
                let order = (try? row.blob("resource")).flatMap({ UniqueID(bytes: $0) }),
                let key = (try? row.blob("key")).flatMap({ UniqueID(bytes: $0) })
            else { continue }
            led[order, default: []].append(key.description)
        }
        let known = Set(self.claims.of(.order).map(\.intent))
        for story in self.sorted {
            let keys = led[story.id] ?? []
            if keys.count != 1 {
                self.report(.duplicateEffect, "order \(story.id.short) was made by \(keys.count) keys", story)
            } else if !known.contains(keys[0]) {
                self.report(.phantom, "order \(story.id.short) has a key that nobody sent", story)
            }
        }
    }

    private mutating func ends() {
        for story in self.sorted where !story.isComplete && !story.isCompensated {
            self.report(.stuckSaga, "order \(story.id.short) has ended \(story.state)", story)
        }
    }

    private mutating func summaries() {
        var states: [UniqueID: String] = [:]
        for row in self.books[.orders].tables["order_summaries"] ?? [] {
            guard let id = (try? row.blob("order_id")).flatMap({ UniqueID(bytes: $0) }) else { continue }
            states[id] = try? row.text("state")
        }
        for story in self.sorted where states[story.id] != story.state {
            self.report(
                .divergedReadModel,
                "order \(story.id.short) is \(story.state), but listed as \(states[story.id] ?? "nothing")", story)
        }
    }

    private mutating func parcels() {
        var parcels: [UniqueID: String] = [:]
        var bookings: [UniqueID: Int] = [:]
        for fact in self.books[.shipping].facts(of: "shipment") {
            switch fact.type {
            case "ShipmentBooked":
                bookings[fact.aggregate, default: 0] += 1
                parcels[fact.aggregate] = "BOOKED"
            case "ShipmentRefused": parcels[fact.aggregate] = "CANCELLED"
            case "ShipmentProgressed": parcels[fact.aggregate] = fact.data["status"]?.string
            default: break
            }
        }
        for story in self.sorted {
            let parcel = parcels[story.id]
            if story.isComplete, parcel == nil || parcel == "CANCELLED" {
                self.report(
                    .lostEffect, "order \(story.id.short) is \(story.state), its parcel is \(parcel ?? "nowhere")",
                    story
                )
            }
            if story.state == "CANCELLED" || story.state == "PAYMENT_FAILED", let parcel, parcel != "CANCELLED" {
                self.report(
                    .disagreement, "order \(story.id.short) is \(story.state), but its parcel is \(parcel)", story)
            }
            if bookings[story.id] ?? 0 > 1 {
                self.report(.duplicateEffect, "order \(story.id.short) has \(bookings[story.id] ?? 0) parcels", story)
            }
        }
        for id in parcels.keys.sorted() where self.orders[id] == nil {
            self.report(.phantom, "a parcel goes out for order \(id.short), which does not exist")
        }
    }
}
