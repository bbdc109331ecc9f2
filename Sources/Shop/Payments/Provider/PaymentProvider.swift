public import Essentials
public import ShopContracts

/// Who charges cards: the world outside. Every call is known by the payment's id and may be repeated.
public protocol PaymentProvider: Sendable {
    /// Holds an amount on a card.
    func authorize(_ charge: ProviderCharge) async throws -> ProviderAnswer
    /// Takes what is held.
    func capture(_ payment: PaymentID) async throws -> ProviderAnswer
    /// Lets go of what is held. For a payment that it has never heard of the provider remembers that it must not come.
    func void(_ payment: PaymentID) async throws -> ProviderAnswer
    /// Gives back what was taken.
    func refund(_ payment: PaymentID) async throws -> ProviderAnswer
    /// Where a payment stands. Changes nothing.
    func inquire(_ payment: PaymentID) async throws -> ProviderAnswer
}

/// What a provider is asked to hold.
public struct ProviderCharge: Hashable, Sendable {
    /// Also the idempotency key at the provider.
    public var paymentID: PaymentID
    public var amount: Money
    public var method: PaymentMethod

    public init(paymentID: PaymentID, amount: Money, method: PaymentMethod) {
        self.paymentID = paymentID
        self.amount = amount
        self.method = method
    }
}

/// Where a payment stands at the provider.
public enum ProviderAnswer: Hashable, Sendable {
    case authorized
    case declined(reason: String)
    case captured
    case voided
    case refunded
    /// The provider does not know yet: ask again later.
    case unknown
    /// The provider has never heard of the payment.
    case notFound
}

/// The provider could not be asked, or its answer was lost: whether it acted is unknown.
public struct ProviderConnectionLost: Error, Hashable, Sendable, CustomStringConvertible {
    public init() {}

    public var description: String { "the connection to the payment provider was lost" }
}
