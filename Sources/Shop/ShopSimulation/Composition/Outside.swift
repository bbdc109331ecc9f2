import Essentials
import Notifications
import Payments
import ShopContracts
import Simulation
import Synchronization

/// The world outside the platform: a payment provider and everybody's mailboxes. It remembers what our processes forget,
/// and counts what it was really made to do.
final class Outside: Sendable {
    private let books = Mutex(OutsideBooks())
    /// Before this the provider says that it does not know.
    private let knownAt = Mutex<[PaymentID: Tick]>([:])
    private let attempts = Mutex<[UniqueID: Int]>([:])
    private let isCalm = Mutex(false)
    let simulation: Simulator
    private let stormy: Mix

    init(_ simulation: Simulator, _ mix: Mix) {
        self.simulation = simulation
        self.stormy = mix
    }

    /// How the world behaves now.
    var mix: Mix { self.isCalm.withLock { $0 } ? self.stormy.calm : self.stormy }

    /// From now on no call is lost.
    func calm() { self.isCalm.withLock { $0 = true } }

    var snapshot: OutsideBooks { self.books.withLock { $0 } }

    fileprivate func change<Value>(_ body: (inout OutsideBooks) -> Value) -> Value { self.books.withLock { body(&$0) } }

    fileprivate func attempt(_ mail: UniqueID) -> Int {
        self.attempts.withLock { attempts in
            attempts[mail, default: 0] += 1
            return attempts[mail] ?? 0
        }
    }

    fileprivate func keepUnknown(_ payment: PaymentID, for duration: Duration) {
        let until = self.simulation.now + duration
        self.knownAt.withLock { $0[payment] = until }
    }

    fileprivate func isKnown(_ payment: PaymentID) -> Bool {
        let now = self.simulation.now
        return self.knownAt.withLock { ($0[payment] ?? now) <= now }
    }
}

/// The payment provider as one process of the payment service reaches it: over a line that takes time and may break.
struct OutsideProvider: PaymentProvider {
    let outside: Outside
    let process: SimulatedProcess
    private let delay: Latency

    init(_ outside: Outside, process: SimulatedProcess) {
        self.outside = outside
        self.process = process
        self.delay = .exponential(mean: outside.mix.providerDelay, maximum: .seconds(2))
    }

    private var mix: Mix { self.outside.mix }

    /// One call: the request may be lost, and so may the answer to what was done.
    private func call(
        _ name: String, _ payment: PaymentID, _ act: (inout OutsideBooks) -> ProviderAnswer,
    ) async throws -> ProviderAnswer {
        var chance = self.process.chance("provider")
        try await self.process.time.sleep(for: self.delay.draw(using: &chance))
        if self.outside.simulation.strikes("provider.lost.before", probability: self.mix.providerLoss, name) {
            throw ProviderConnectionLost()
        }
        var answer = self.outside.change(act)
        self.outside.simulation.trace("provider \(name) \(payment) \(answer)")
        if !self.outside.isKnown(payment), answer == .authorized { answer = .unknown }
        try await self.process.time.sleep(for: self.delay.draw(using: &chance))
        if self.outside.simulation.strikes("provider.lost.after", probability: self.mix.providerLoss, name) {
            throw ProviderConnectionLost()
        }
        return answer
    }

    func authorize(_ charge: ProviderCharge) async throws -> ProviderAnswer {
        let id = charge.paymentID.rawValue
        if charge.method == .unknown { self.outside.keepUnknown(charge.paymentID, for: .seconds(2)) }
        var isNew = false
        let answer = try await self.call("authorize", charge.paymentID) { books in
            if let known = books.charges[id] { return Self.answer(known.status) }
            isNew = true
            let status = charge.method == .declined ? "declined" : "authorized"
            books.charges[id] = OutsideBooks.Charge(status: status, amount: charge.amount.minor)
            return Self.answer(status)
        }
        guard isNew else { return answer }
        switch charge.method {
        case .slow: try await self.process.time.sleep(for: .seconds(3))
        case .lost: throw ProviderConnectionLost()
        case .ok, .declined, .unknown: break
        }
        return answer
    }

    func capture(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.change("capture", payment) { charge in
            guard charge.status == "authorized" else { return }
            charge.status = "captured"
            charge.captures += 1
        }
    }

    func void(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.call("void", payment) { books in
            let status = books.charges[payment.rawValue]?.status
            if status == nil {
                books.charges[payment.rawValue] = OutsideBooks.Charge(status: "voided", amount: 0)
                self.outside.simulation.sometimes("void overtook its authorisation")
            } else if status == "authorized" {
                books.charges[payment.rawValue]?.status = "voided"
            }
            return Self.answer(books.charges[payment.rawValue]?.status)
        }
    }

    func refund(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.change("refund", payment) { charge in
            guard charge.status == "captured" else { return }
            charge.status = "refunded"
            charge.refunds += 1
        }
    }

    func inquire(_ payment: PaymentID) async throws -> ProviderAnswer {
        self.outside.simulation.sometimes("unknown payment inquired")
        return try await self.call("inquire", payment) { Self.answer($0.charges[payment.rawValue]?.status) }
    }

    private func change(
        _ name: String, _ payment: PaymentID, _ body: (inout OutsideBooks.Charge) -> Void,
    ) async throws -> ProviderAnswer {
        try await self.call(name, payment) { books in
            if var charge = books.charges[payment.rawValue] {
                body(&charge)
                books.charges[payment.rawValue] = charge
            }
            return Self.answer(books.charges[payment.rawValue]?.status)
        }
    }

    private static func answer(_ status: String?) -> ProviderAnswer {
        switch status {
        case nil: .notFound
        case "authorized": .authorized
        case "captured": .captured
        case "voided": .voided
        case "refunded": .refunded
        default: .declined(reason: "insufficient funds")
        }
    }
}

/// Everybody's mailboxes as one process of the notification service reaches them.
struct OutsideMailbox: NotificationSender {
    let outside: Outside
    let process: SimulatedProcess

    /// The relay did not answer.
    struct Refused: Error, CustomStringConvertible {
        var description: String { "the mail relay did not answer" }
    }

    func send(_ message: OutgoingMessage) async throws -> String {
        let simulation = self.outside.simulation
        var chance = self.process.chance("mailbox")
        try await self.process.time.sleep(
            for: Latency.uniform(.milliseconds(1), .milliseconds(40)).draw(using: &chance))
        // Mails are given up after eight tries, so the relay does not fail so often.
        let loss = self.outside.attempt(message.id.rawValue) > 4 ? 0 : self.outside.mix.mailLoss
        if simulation.strikes("mail.lost.before", probability: loss) { throw Refused() }
        let mail = OutsideBooks.Mail(
            id: message.id.rawValue, channel: message.channel, recipient: message.recipient, subject: message.subject)
        let isNew = self.outside.change { books in
            guard !books.mails.contains(where: { $0.id == mail.id && $0.channel == mail.channel }) else { return false }
            books.mails.append(mail)
            return true
        }
        if !isNew { simulation.sometimes("a mail was handed out twice, and known") }
        simulation.trace("mail \(message.id) \(message.subject)")
        if simulation.strikes("mail.lost.after", probability: loss) { throw Refused() }
        return "sent"
    }
}
