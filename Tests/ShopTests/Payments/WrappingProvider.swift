import ShopContracts

@testable import Payments

/// A provider that stands before another one, and decides about each call in one place.
protocol WrappingProvider: PaymentProvider {
    var provider: any PaymentProvider { get }
    func call(_ body: () async throws -> ProviderAnswer) async throws -> ProviderAnswer
}

extension WrappingProvider {
    func authorize(_ charge: ProviderCharge) async throws -> ProviderAnswer {
        try await self.call { try await self.provider.authorize(charge) }
    }
    func capture(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.call { try await self.provider.capture(payment) }
    }
    func void(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.call { try await self.provider.void(payment) }
    }
    func refund(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.call { try await self.provider.refund(payment) }
    }
    func inquire(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.call { try await self.provider.inquire(payment) }
    }
}
