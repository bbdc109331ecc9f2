import Essentials
import EventSourcing
import ShopContracts

/// One charge of one card, from the wish to the end.
struct Payment: Aggregate {
    enum Status: Hashable, Sendable {
        /// Nobody has asked. May become requested, or voided when the void comes first.
        case none
        /// The provider is about to be called, or was when the process died. May become anything but captured.
        case requested
        /// The provider was called and has not said what became of it. May become authorized, declined, captured, voided.
        case unknown
        /// May become captured or voided.
        case authorized
        /// Final.
        case declined(reason: String)
        /// May become refunded.
        case captured
        /// Final.
        case voided
        /// Final.
        case refunded
    }

    /// What the provider has told, or what somebody wants.
    enum Command: Hashable, Sendable {
        case request(PaymentRequested)
        case noteAuthorized
        case noteDeclined(reason: String)
        case noteUnknown(reason: String)
        case noteCaptured
        /// The provider will not charge any more; also for a payment that has not come yet.
        case noteVoided(PaymentID)
        case noteRefunded
    }

    static let category = "payment"

    private(set) var status = Status.none
    private(set) var request: PaymentRequested?
    /// Whether the amount is held in the ledger.
    private(set) var isHeld = false

    init() {}

    func decide(_ command: Command) throws -> [PaymentEvent] {
        switch command {
        case .request(let request): try self.decide(request)
        case .noteAuthorized: try self.noteAuthorized()
        case .noteDeclined(let reason): try self.noteDeclined(reason)
        case .noteUnknown(let reason): try self.noteUnknown(reason)
        case .noteCaptured: try self.noteCaptured()
        case .noteVoided(let id): try self.noteVoided(id)
        case .noteRefunded: try self.noteRefunded()
        }
    }

    private func decide(_ request: PaymentRequested) throws -> [PaymentEvent] {
        switch self.status {
        case .none: return [.requested(request)]
        case .voided where self.request == nil:
            #if PlantedFaults
                if PlantedFault.ignorePaymentTombstone.isPlanted { return [.requested(request)] }
            #endif
            return []
        case .requested, .unknown, .authorized, .declined, .captured, .voided, .refunded:
            guard self.request == request else { throw PaymentRejection.differentPayment }
            return []
        }
    }

    private func noteAuthorized() throws -> [PaymentEvent] {
        switch self.status {
        case .requested, .unknown: [.authorized(PaymentAuthorized(paymentId: try self.id))]
        // A late answer: what has been learnt since counts.
        case .authorized, .declined, .captured, .voided, .refunded: []
        case .none: throw PaymentRejection.unknownPayment
        }
    }

    private func noteDeclined(_ reason: String) throws -> [PaymentEvent] {
        switch self.status {
        case .requested, .unknown: [.declined(PaymentDeclined(paymentId: try self.id, reason: reason))]
        case .authorized, .declined, .captured, .voided, .refunded: []
        case .none: throw PaymentRejection.unknownPayment
        }
    }

    private func noteUnknown(_ reason: String) throws -> [PaymentEvent] {
        switch self.status {
        case .requested: [.outcomeUnknown(PaymentOutcomeUnknown(paymentId: try self.id, reason: reason))]
        case .unknown, .authorized, .declined, .captured, .voided, .refunded: []
        case .none: throw PaymentRejection.unknownPayment
        }
    }

    private func noteCaptured() throws -> [PaymentEvent] {
        switch self.status {
        case .requested, .unknown:
            [
                .authorized(PaymentAuthorized(paymentId: try self.id)),
                .captured(PaymentCaptured(paymentId: try self.id)),
            ]
        case .authorized: [.captured(PaymentCaptured(paymentId: try self.id))]
        case .captured, .refunded: []
        case .none: throw PaymentRejection.unknownPayment
        case .declined, .voided: throw PaymentRejection.providerDisagrees
        }
    }

    private func noteVoided(_ id: PaymentID) throws -> [PaymentEvent] {
        switch self.status {
        case .none, .requested, .unknown, .authorized: [.voided(PaymentVoided(paymentId: id))]
        case .declined, .voided, .refunded: []
        case .captured: throw PaymentRejection.providerDisagrees
        }
    }

    private func noteRefunded() throws -> [PaymentEvent] {
        switch self.status {
        case .captured: [.refunded(PaymentRefunded(paymentId: try self.id))]
        case .authorized:
            [
                .captured(PaymentCaptured(paymentId: try self.id)),
                .refunded(PaymentRefunded(paymentId: try self.id)),
            ]
        case .refunded: []
        case .none: throw PaymentRejection.unknownPayment
        case .requested, .unknown, .declined, .voided: throw PaymentRejection.providerDisagrees
        }
    }

    private var id: PaymentID {
        get throws {
            guard let request else { throw PaymentRejection.unknownPayment }
            return request.paymentId
        }
    }

    mutating func evolve(_ event: PaymentEvent) {
        switch event {
        case .requested(let fact):
            self.status = .requested
            self.request = fact
        case .authorized:
            self.status = .authorized
            self.isHeld = true
        case .declined(let fact): self.status = .declined(reason: fact.reason)
        case .outcomeUnknown: self.status = .unknown
        case .captured:
            self.status = .captured
            self.isHeld = false
        case .voided:
            self.status = .voided
            self.isHeld = false
        case .refunded: self.status = .refunded
        }
    }
}

/// Why a payment does not do what it is asked.
enum PaymentRejection: Error, Hashable, Sendable {
    case unknownPayment
    /// The id belongs to a payment of another amount, customer or method.
    case differentPayment
    /// The provider says what cannot be after what we have seen. A person must look.
    case providerDisagrees
}
