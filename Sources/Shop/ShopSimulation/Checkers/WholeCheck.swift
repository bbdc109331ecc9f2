import Chassis
import Essentials
import ShopContracts

/// All checks of the books at one moment.
enum WholeCheck {
    /// - Parameter isSettled: whether nothing is under way any more, so that every story must have an end.
    static func anomalies(_ books: Books, _ claims: Claims, isSettled: Bool) -> [Anomaly] {
        let orders = OrderStory.all(in: books[.orders].facts)
        var orderCheck = OrderCheck(books, claims, orders, isSettled: isSettled)
        var moneyCheck = MoneyCheck(books, claims, orders, isSettled: isSettled)
        var found = self.logs(books) + orderCheck.run() + moneyCheck.run()
        found += StockCheck(books, claims, orders, isSettled: isSettled).anomalies()
        found += MailCheck(books, isSettled: isSettled).anomalies()
        found += LifeCheck.anomalies(books)
        for service in ServiceName.shop {
            found += SagaCheck.anomalies(books[service].journals, of: service)
        }
        if isSettled { found += self.work(books) }
        return found.sorted()
    }

    private static func logs(_ books: Books) -> [Anomaly] {
        var found: [Anomaly] = []
        for service in ServiceName.shop {
            var last: Int64 = 0
            var versions: [String: Int64] = [:]
            for fact in books[service].facts {
                if fact.position != last + 1 {
                    found.append(Anomaly(.gap, "the log of \(service) goes from \(last) to \(fact.position)"))
                }
                last = fact.position
                let stream = "\(fact.stream)"
                if fact.version != (versions[stream] ?? 0) + 1 {
                    found.append(
                        Anomaly(.gap, "\(stream) goes from version \(versions[stream] ?? 0) to \(fact.version)"))
                }
                versions[stream] = fact.version
            }
            if books[service].integrity != "ok" {
                found.append(Anomaly(.corruption, "the database of \(service): \(books[service].integrity)"))
            }
        }
        return found
    }

    private static func work(_ books: Books) -> [Anomaly] {
        var found: [Anomaly] = []
        for service in ServiceName.shop {
            for saga in books[service].sagas where !saga.hasEnded {
                found.append(
                    Anomaly(
                        .stuckSaga, "the \(saga.definition) \(saga.id.short) is \(saga.status)",
                        excerpt: [books[service].sagaEnds[saga.id] ?? ""]))
            }
            for letter in books[service].deadLetters {
                found.append(Anomaly(.stuckWork, "a dead letter in \(service): \(letter)"))
            }
            if books[service].deadEffects > 0 {
                found.append(Anomaly(.lostEffect, "\(books[service].deadEffects) effects of \(service) were given up"))
            }
        }
        return found
    }
}
