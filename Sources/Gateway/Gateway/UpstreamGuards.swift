import Chassis
import Essentials
import Resilience

/// Keeps each service from being sent more than it can answer: what is beyond waits briefly, the less important is dropped.
///
/// Each service has its own limit, so that one that is slow holds up its own requests and nobody else's; reports and exports
/// have a compartment within it, so that they cannot fill it, however slow they are.
struct UpstreamGuards: Sendable {
    private struct Guard {
        let everybody: Pipeline
        let background: Pipeline
    }

    /// In the order of the services.
    private let guards: [Guard]

    init(_ environment: GatewayEnvironment, services: [ServiceName], configuration: GatewayService.Configuration) {
        self.guards = services.map { Self.guarding($0, environment, configuration) }
    }

    private static func guarding(
        _ service: ServiceName, _ environment: GatewayEnvironment, _ configuration: GatewayService.Configuration,
    ) -> Guard {
        let name = service.rawValue
        let limit = AdaptiveLimit(named: name, configuration.serviceLimit)
        let shedding = Shedding(named: name, before: limit, configuration.shedding)
        return Guard(
            everybody: Pipeline(named: name, time: environment.time, chance: environment.chance) {
                shedding
                limit
            },
            background: Pipeline(named: "\(name) background", time: environment.time, chance: environment.chance) {
                shedding
                Bulkhead(named: "\(name) background", configuration.background)
                limit
            })
    }

    /// Sends a request when its turn has come.
    /// - Parameters:
    ///   - group: the index of the service.
    ///   - client: whose request it is: all requests of one client are dropped or served together.
    /// - Throws: `Refusal` with `overloaded`; what `send` throws.
    func run<Value: Sendable>(
        _ group: Int, _ priority: CallPriority, client: String?, _ send: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await self.pipeline(group, priority).run(priority, CallTraits(group: client), send)
    }

    /// What a request passes before it is sent.
    func pipeline(_ group: Int, _ priority: CallPriority) -> Pipeline {
        priority == .background ? self.guards[group].background : self.guards[group].everybody
    }
}
