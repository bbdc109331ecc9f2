import Chassis
import Essentials
import EventSourcing
import Ledger
import Resilience
import ShopContracts

/// Leads payments through the provider. The wish is written before the provider is called and the answer after it; a
/// payment whose answer is missing is inquired, never guessed.
struct PaymentDesk: Sendable {
    let environment: ServiceEnvironment
    let projector: Projector<any ServiceUnit>
    private let provider: any PaymentProvider
    private let pipeline: Pipeline
    private let payments: Repository<Payment>

    init(_ environment: ServiceEnvironment, provider: any PaymentProvider, projector: Projector<any ServiceUnit>) {
        self.environment = environment
        self.provider = provider
        self.pipeline = ProviderGuard.pipeline(in: environment)
        self.projector = projector
        self.payments = Repository(ids: environment.ids, wallClock: environment.wallClock)
    }

    func load(_ id: PaymentID) async throws -> Payment {
        try await self.environment.store.read { try self.payments.load(id.rawValue, in: $0).root }
    }

    // MARK: What callers want

    /// Writes the wish down and asks the provider; for a wish that has come before, finds out what became of it.
    func authorize(_ request: PaymentRequested, metadata: EventMetadata) async throws -> Payment {
        let (payment, isNew) = try await self.execute(.request(request), on: request.paymentId, metadata)
        guard payment.isOpen else { return payment }
        guard isNew else { return try await self.settle(payment, request.paymentId, metadata) }
        let answer = try await self.ask { try await $0.authorize(request.charge) }
        return try await self.note(answer, request.paymentId, metadata)
    }

    /// The payment, after asking the provider if its outcome is unknown.
    func inquire(_ id: PaymentID, metadata: EventMetadata) async throws -> Payment {
        let payment = try await self.load(id)
        return payment.isOpen ? try await self.settle(payment, id, metadata) : payment
    }

    /// Takes what is authorised.
    func capture(_ id: PaymentID, metadata: EventMetadata) async throws -> Payment {
        let payment = try await self.inquire(id, metadata: metadata)
        guard payment.status == .authorized else { return payment }
        let answer = try await self.insist { try await $0.capture(id) }
        return try await self.note(answer, id, metadata)
    }

    /// Makes sure that the card will not be charged, also if the payment comes later.
    func void(_ id: PaymentID, metadata: EventMetadata) async throws -> Payment {
        let payment = try await self.load(id)
        switch payment.status {
        case .declined, .voided, .refunded, .captured: return payment
        case .none, .requested, .unknown, .authorized: break
        }
        let answer = try await self.insist { try await $0.void(id) }
        return try await self.note(answer, id, metadata)
    }

    /// Makes sure that the customer has all their money back, whatever has been done.
    func refund(_ id: PaymentID, metadata: EventMetadata) async throws -> Payment {
        let payment = try await self.void(id, metadata: metadata)
        guard payment.status == .captured else { return payment }
        let answer = try await self.insist { try await $0.refund(id) }
        return try await self.note(answer, id, metadata)
    }

    /// Takes a deposit to its end as far as the provider lets it.
    func complete(_ payment: Payment, metadata: EventMetadata) async throws -> Payment {
        guard let request = payment.request, payment.status == .authorized else { return payment }
        return try await self.capture(request.paymentId, metadata: metadata)
    }

    // MARK: The provider

    /// - Throws: a ``Problem`` while the provider is left alone, because too much of what it was asked failed.
    func requireProvider() throws {
        let now = self.environment.time.now
        for breaker in self.pipeline.layers(CircuitBreaker.self) {
            guard case .open(let remaining) = breaker.status(at: now).status else { continue }
            throw Problem(.unavailable, "the payment provider fails and is not asked", retryAfter: remaining)
        }
    }

    private func settle(_ payment: Payment, _ id: PaymentID, _ metadata: EventMetadata) async throws -> Payment {
        var answer = try await self.ask { try await $0.inquire(id) }
        #if PlantedFaults
            if PlantedFault.guessUnknownPayment.isPlanted, answer == .unknown { answer = .declined(reason: "guessed") }
            if PlantedFault.askAgainUnderNewID.isPlanted, answer == .unknown, var charge = payment.request?.charge {
                charge.paymentID = PaymentID(charge.paymentID.rawValue.derived("again"))
                let again = charge
                answer = try await self.ask { try await $0.authorize(again) }
            }
        #endif
        if answer == .notFound, let request = payment.request {
            // The process died before the call left. The provider knows the id from nowhere, and would know it again.
            answer = try await self.ask { try await $0.authorize(request.charge) }
        }
        return try await self.note(answer, id, metadata)
    }

    /// Asks the provider; a lost answer is an unknown outcome, and so is one that was not waited for.
    private func ask(
        _ question: @Sendable (any PaymentProvider) async throws -> ProviderAnswer,
    ) async throws -> ProviderAnswer {
        do {
            return try await self.pipeline.run { try await question(self.provider) }
        } catch is ProviderConnectionLost {
            return .unknown
        } catch is Refusal {
            return .unknown
        }
    }

    /// Asks the provider for something that may be repeated; without an answer the caller has to ask again.
    private func insist(
        _ question: @Sendable (any PaymentProvider) async throws -> ProviderAnswer,
    ) async throws -> ProviderAnswer {
        do {
            return try await self.pipeline.run { try await question(self.provider) }
        } catch let error as ProviderConnectionLost {
            throw Problem(.unavailable, "\(error)", retryAfter: .seconds(1))
        }
    }

    private func note(
        _ answer: ProviderAnswer, _ id: PaymentID, _ metadata: EventMetadata,
    ) async throws -> Payment {
        let command: Payment.Command =
            switch answer {
            case .authorized: .noteAuthorized
            case .declined(let reason): .noteDeclined(reason: reason)
            case .captured: .noteCaptured
            case .voided: .noteVoided(id)
            case .refunded: .noteRefunded
            case .unknown, .notFound: .noteUnknown(reason: "the provider has not told the outcome yet")
            }
        return try await self.execute(command, on: id, metadata).0
    }

    // MARK: Log and ledger

    /// - Returns: the payment afterwards, and whether anything was written now.
    private func execute(
        _ command: Payment.Command, on id: PaymentID, _ metadata: EventMetadata,
    ) async throws -> (Payment, isNew: Bool) {
        let now = self.environment.wallClock.now
        do {
            return try await self.environment.store.write { unit in
                let outcome = try self.payments.execute(
                    command, on: id.rawValue, metadata: metadata.ofCommand(command.name), in: unit)
                guard !outcome.isRepetition, !outcome.events.isEmpty else { return (outcome.root, false) }
                try Self.move(outcome.events, of: outcome.root, in: MoneyBook(in: unit, at: now))
                try self.projector.advance(in: unit)
                return (outcome.root, true)
            }
        } catch let rejection as PaymentRejection {
            throw rejection.problem
        }
    }

    private static func move(_ events: [PaymentEvent], of payment: Payment, in book: MoneyBook) throws {
        guard let request = payment.request else { return }
        let hold = request.paymentId.rawValue.derived("hold")
        for event in events {
            switch event {
            case .requested, .declined, .outcomeUnknown: break
            case .authorized: try book.hold(request)
            case .captured: try book.capture(request.paymentId)
            case .voided: if try book.book.entry(hold) != nil { try book.void(request.paymentId) }
            case .refunded: try book.refund(request)
            }
        }
    }
}

extension Payment {
    /// Whether the provider has to be asked what became of it.
    var isOpen: Bool {
        switch self.status {
        case .requested, .unknown: true
        case .none, .authorized, .declined, .captured, .voided, .refunded: false
        }
    }
}

extension PaymentRequested {
    var charge: ProviderCharge {
        ProviderCharge(paymentID: self.paymentId, amount: self.amount, method: self.method)
    }
}

extension Payment.Command {
    /// Tells the commands of one request apart.
    var name: String {
        switch self {
        case .request: "request"
        case .noteAuthorized: "authorized"
        case .noteDeclined: "declined"
        case .noteUnknown: "unknown"
        case .noteCaptured: "captured"
        case .noteVoided: "voided"
        case .noteRefunded: "refunded"
        }
    }
}

extension EventMetadata {
    /// Metadata whose causation is the id of one command of a request, if the request has a key.
    func ofCommand(_ name: String) -> EventMetadata {
        self.causationID.map { self.caused(by: $0.derived(name)) } ?? self
    }
}

extension PaymentRejection {
    var problem: Problem {
        switch self {
        case .unknownPayment: Problem(.notFound, "there is no such payment")
        case .differentPayment: Problem(.conflict, "the id belongs to a payment of another amount, customer or method")
        case .providerDisagrees:
            Problem(.conflict, "the provider's book and ours disagree about this payment; a person must look")
        }
    }
}
