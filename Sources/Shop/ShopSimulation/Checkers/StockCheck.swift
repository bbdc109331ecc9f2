import Chassis
import Essentials
import ShopContracts

/// Stock: received = on the shelf + sold, for every product; every piece sold belongs to an order.
struct StockCheck {
    let books: Books
    let claims: Claims
    let orders: [UniqueID: OrderStory]
    let isSettled: Bool

    init(_ books: Books, _ claims: Claims, _ orders: [UniqueID: OrderStory], isSettled: Bool) {
        self.books = books
        self.claims = claims
        self.orders = orders
        self.isSettled = isSettled
    }

    func anomalies() -> [Anomaly] {
        LedgerCheck(self.books[.inventory]).anomalies(isSettled: self.isSettled) + self.receipts()
            + (self.isSettled ? self.holds() + self.shelves() : [])
    }

    private func receipts() -> [Anomaly] {
        var found: [Anomaly] = []
        var received: [UniqueID: Int] = [:]
        for fact in self.books[.inventory].facts(of: "stock") where fact.type == "StockReceived" {
            if let id = fact.id("receiptId") { received[id, default: 0] += 1 }
        }
        for id in received.keys.sorted() where received[id] != 1 {
            found.append(
                Anomaly(.duplicateEffect, "the receipt \(id.short) was put on the shelf \(received[id] ?? 0) times"))
        }
        for (intent, ids, promises) in self.claims.intents(.receipt) {
            if ids.count > 1 {
                found.append(Anomaly(.duplicateEffect, "the key \(intent) led to \(ids.count) receipts"))
            }
            for id in promises.filter(\.isAcknowledged).compactMap(\.id) where received[id] == nil {
                found.append(Anomaly(.lostUpdate, "the acknowledged receipt \(id.short) is in no log"))
            }
        }
        return found
    }

    private func holds() -> [Anomaly] {
        var found: [Anomaly] = []
        var ends: [UniqueID: (type: String, pieces: [UniqueID: Int64], trail: [String])] = [:]
        for fact in self.books[.inventory].facts(of: "hold") {
            let pieces = fact.pieces()
            var end = ends[fact.aggregate] ?? (fact.type, [:], [])
            end.type = fact.type
            if !pieces.isEmpty { end.pieces = pieces }
            end.trail.append(fact.line)
            ends[fact.aggregate] = end
        }
        var due: Set<UniqueID> = []
        for story in self.orders.values.sorted(by: { $0.id < $1.id }) where story.isComplete {
            guard let hold = story.hold else { continue }
            due.insert(hold)
            if ends[hold]?.type != "StockCommitted" || ends[hold]?.pieces != story.pieces {
                found.append(
                    Anomaly(
                        .lostEffect,
                        "order \(story.id.short) is \(story.state), but its stock is \(ends[hold]?.type ?? "nowhere")",
                        excerpt: story.excerpt + (ends[hold]?.trail ?? [])))
            }
        }
        for (hold, end) in ends.sorted(by: { $0.key < $1.key }) {
            if end.type == "StockReserved" {
                found.append(
                    Anomaly(.stuckWork, "stock is still set aside under \(hold.short)", excerpt: end.trail))
            }
            if end.type == "StockCommitted", !due.contains(hold) {
                found.append(
                    Anomaly(.brokenConservation, "stock is sold under \(hold.short) for no order", excerpt: end.trail))
            }
        }
        return found
    }

    private func shelves() -> [Anomaly] {
        var found: [Anomaly] = []
        var received: [UniqueID: Int64] = [:]
        for fact in self.books[.inventory].facts(of: "stock") where fact.type == "StockReceived" {
            received[fact.aggregate, default: 0] += fact.data["quantity"]?.integer ?? 0
        }
        var sold: [UniqueID: Int64] = [:]
        for story in self.orders.values where story.isComplete {
            for (product, pieces) in story.pieces { sold[product, default: 0] += pieces }
        }
        for product in received.keys.sorted() {
            let accounts = self.books[.inventory].accounts.filter { $0.ledger == "stock/\(product)" }
            func balance(_ code: String) -> Int64 { accounts.first { $0.code == code }?.balance ?? 0 }
            let shelf = (received[product] ?? 0) - (sold[product] ?? 0)
            guard
                -balance("world") != received[product] || balance("sold") != sold[product] ?? 0
                    || balance("shelf") != shelf
            else { continue }
            found.append(
                Anomaly(
                    .brokenConservation,
                    "product \(product.short): \(received[product] ?? 0) received and \(sold[product] ?? 0) sold; the "
                        + "ledger says \(-balance("world")), \(balance("sold")) and \(balance("shelf")) on the shelf"))
        }
        return found
    }
}
