import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// How a service is made.
struct ServiceBlueprint: Sendable {
    var name: ServiceName
    var migrations: [Migration]
    var make: @Sendable (ServiceEnvironment, Platform) throws -> BuiltService

    static func named(_ name: String) -> ServiceBlueprint? {
        self.all.first { $0.name.rawValue == name }
    }
}

/// A service and what it does with an empty database of a demonstration.
struct BuiltService: Sendable {
    var service: Service
    /// Puts demo data into an empty database. Returns a line for the terminal, if there is something to say.
    var seed: @Sendable () async throws -> String?

    init(_ service: Service, seed: @escaping @Sendable () async throws -> String? = { nil }) {
        self.service = service
        self.seed = seed
    }
}
