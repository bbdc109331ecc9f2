import Chassis
import Essentials
import ShopContracts

/// People are told of each thing once: at most one message at any time, exactly one when everything has ended.
struct MailCheck {
    let books: Books
    let isSettled: Bool

    init(_ books: Books, isSettled: Bool) {
        self.books = books
        self.isSettled = isSettled
    }

    func anomalies() -> [Anomaly] {
        var found: [Anomaly] = []
        // One message of one subject to one person on one channel: its id is what receivers know it by.
        var byText: [String: Set<UniqueID>] = [:]
        for mail in self.books.outside.mails {
            byText["\(mail.channel) to \(mail.recipient): \(mail.subject)", default: []].insert(mail.id)
        }
        for (text, ids) in byText.sorted(by: { $0.key < $1.key }) where ids.count > 1 {
            // A payment may fail, and a profile may change, more than once.
            if text.contains("failed") || text.contains("has changed") { continue }
            found.append(Anomaly(.duplicateEffect, "\(ids.count) messages went out, \(text)"))
        }
        var sent: [UniqueID: Int] = [:]
        for fact in self.books[.notifications].facts where fact.type == "EmailSent" || fact.type == "NotificationSent" {
            sent[fact.aggregate, default: 0] += 1
        }
        for id in sent.keys.sorted() where sent[id] ?? 0 > 1 {
            found.append(
                Anomaly(.duplicateEffect, "the message \(id.short) is recorded as sent \(sent[id] ?? 0) times"))
        }
        return found + (self.isSettled ? self.missing() : [])
    }

    private func missing() -> [Anomaly] {
        var found: [Anomaly] = []
        let subjects = Set(self.books.outside.mails.filter { $0.channel == "email" }.map(\.subject))
        let wanted: [(service: ServiceName, type: String, subject: (Fact) -> String?)] = [
            (.orders, "OrderPlaced", { "Your order \($0.aggregate)" }),
            (.orders, "OrderCancelled", { "Your order \($0.aggregate) has been cancelled" }),
            (.orders, "OrderRefunded", { "The refund of your order \($0.aggregate)" }),
            (.orders, "OrderPaymentFailed", { "The payment of your order \($0.aggregate) failed" }),
            (.users, "UserCreated", { fact in fact.data["name"]?.string.map { "Welcome, \($0)" } }),
            (
                .shipping, "ShipmentProgressed",
                { $0.data["status"]?.string == "DELIVERED" ? "Your order \($0.aggregate) has arrived" : nil }
            ),
        ]
        for (service, type, subject) in wanted {
            for fact in self.books[service].facts where fact.type == type {
                guard let subject = subject(fact), !subjects.contains(subject) else { continue }
                found.append(Anomaly(.lostEffect, "nobody was told: \(subject)", excerpt: [fact.line]))
            }
        }
        return found
    }
}
