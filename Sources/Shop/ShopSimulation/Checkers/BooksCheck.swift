public import Chassis
public import Essentials
public import EventSourcing
import ShopContracts

/// The checkers of the simulator on databases that somebody else has left behind: a running platform, or one that was killed.
public struct BooksCheck: Sendable {
    private let books: Books
    private let claims: Claims

    /// - Parameters:
    ///   - stores: the databases of all services of the shop; they are only read.
    ///   - promises: lines of JSON, each what a client was promised: `kind` (`order`, `transfer`, `deposit`), `key`, `cents`,
    ///     and the ids `orderId` and `customerId`, `transferId`, `fromAccountId` and `toAccountId`, or `depositId` and
    ///     `accountId`.
    ///   - mails: what was handed out, one text each with `To:`, `Subject:` and `Message-ID:` lines.
    ///   - isComplete: whether every order, transfer and deposit that exists has been promised.
    public init(
        _ stores: [ServiceName: ServiceStore], promises: [JSONValue], mails: [String], isComplete: Bool,
    ) async throws {
        var services: [ServiceName: ServiceBooks] = [:]
        for name in ServiceName.shop {
            guard let store = stores[name] else { continue }
            services[name] = try await store.read { try ServiceBooks(name, $0) }
        }
        var outside = OutsideBooks()
        for row in services[.payments]?.tables["provider_charges"] ?? [] {
            guard let id = UniqueID(bytes: try row.blob("payment_id")) else { continue }
            let status = try row.text("status")
            outside.charges[id] = OutsideBooks.Charge(
                status: status, amount: try row.integer("amount"),
                captures: status == "captured" || status == "refunded" ? 1 : 0, refunds: status == "refunded" ? 1 : 0)
        }
        outside.mails = mails.compactMap { OutsideBooks.Mail($0) }
        self.books = Books(services: services, outside: outside)
        self.claims = Claims(promises: promises.compactMap { Promise($0) }, isComplete: isComplete)
    }

    /// What is wrong, sorted.
    /// - Parameter isSettled: whether everything should have ended.
    public func anomalies(isSettled: Bool) -> [Anomaly] {
        let work = isSettled ? self.books.pendingWork.map { Anomaly(.stuckWork, "still under way: \($0)") } : []
        return (WholeCheck.anomalies(self.books, self.claims, isSettled: isSettled) + work).sorted()
    }

    public var events: Int { self.books.services.values.reduce(0) { $0 + $1.facts.count } }
    public var promises: Int { self.claims.promises.count }
}

extension OutsideBooks.Mail {
    fileprivate init?(_ text: String) {
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(while: { !$0.isEmpty }) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1].drop { $0 == " " }) }
        }
        guard let id = fields["Message-ID"].flatMap({ UniqueID($0.dropFirst().prefix(36)) }),
            let recipient = fields["To"], let subject = fields["Subject"]
        else { return nil }
        self.init(id: id, channel: "email", recipient: recipient, subject: subject)
    }
}

extension Promise {
    fileprivate init?(_ line: JSONValue) {
        guard let kind = line["kind"]?.string.flatMap({ Kind(rawValue: $0) }), let key = line["key"]?.string else {
            return nil
        }
        func id(_ member: String) -> UniqueID? { line[member]?.string.flatMap { UniqueID($0) } }
        self.init(
            kind: kind, id: id("\(kind.rawValue)Id"), intent: key, owner: id("customerId"),
            amount: line["cents"]?.integer, from: id("fromAccountId"), to: id("toAccountId") ?? id("accountId"),
            isAcknowledged: true)
    }
}
