import Chassis
import Essentials
import GatewayCore
import Resilience
import Synchronization

/// Keeps each service from being sent more than it can answer: what is beyond waits briefly, the less important is dropped;
/// and stops calling one that keeps failing.
///
/// Each service has its own limit and breaker, so that one that is slow or down holds up its own requests and nobody else's;
/// reports and exports have a compartment within it, so that they cannot fill it, however slow they are.
final class UpstreamGuards: Sendable {
    /// The way to one service.
    struct Lane {
        fileprivate var breaker: BreakerPolicy?
        fileprivate var connections: Int?
        fileprivate let everybody: Pipeline
        fileprivate let background: Pipeline

        /// What a request passes before it is sent.
        func pipeline(_ priority: CallPriority) -> Pipeline {
            priority == .background ? self.background : self.everybody
        }
    }

    /// Every pipeline, for operators.
    let registry = PipelineRegistry()
    private let environment: GatewayEnvironment
    private let configuration: GatewayService.Configuration
    private let lanes = Mutex<[String: Lane]>([:])

    init(_ environment: GatewayEnvironment, _ configuration: GatewayService.Configuration) {
        self.environment = environment
        self.configuration = configuration
    }

    /// Makes lanes for services that are new, and new ones for those whose settings changed: they begin without a past.
    func configure(_ services: [ServiceConfiguration], groups: [String]) {
        let settings = Dictionary(services.map { ($0.name, $0) }) { first, _ in first }
        self.lanes.withLock { lanes in
            for name in groups {
                let breaker = settings[name].map(\.breaker) ?? BreakerPolicy()
                let connections = settings[name]?.connections
                if let lane = lanes[name], lane.breaker == breaker, lane.connections == connections { continue }
                lanes[name] = self.lane(name, breaker, connections)
            }
        }
    }

    /// The lanes of these services, in their order.
    func lanes(_ groups: [String]) -> [Lane] {
        self.lanes.withLock { lanes in
            groups.map { name in
                guard let lane = lanes[name] else { preconditionFailure("\(name) was not configured") }
                return lane
            }
        }
    }

    private func lane(_ name: String, _ breaker: BreakerPolicy?, _ connections: Int?) -> Lane {
        var adaptive = self.configuration.serviceLimit
        if let connections {
            (adaptive.minimumLimit, adaptive.initialLimit, adaptive.maximumLimit) = (
                connections, connections, connections
            )
        }
        let limit = AdaptiveLimit(named: name, adaptive)
        let shedding = Shedding(named: name, before: limit, self.configuration.shedding)
        let stop = breaker.map { CircuitBreaker(named: name, $0.configuration) }
        let (time, chance) = (self.environment.time, self.environment.chance)
        let everybody = Pipeline(named: name, time: time, chance: chance) {
            if let stop { stop }
            shedding
            limit
        }
        let background = Pipeline(named: "\(name) background", time: time, chance: chance) {
            if let stop { stop }
            shedding
            Bulkhead(named: "\(name) background", self.configuration.background)
            limit
        }
        self.registry.replace(everybody)
        self.registry.replace(background)
        return Lane(breaker: breaker, connections: connections, everybody: everybody, background: background)
    }

    /// Sends a request when its turn has come.
    /// - Parameter client: whose request it is: all requests of one client are dropped or served together.
    /// - Throws: `Refusal` with `overloaded` or `circuitOpen`; what `send` throws.
    func run<Value: Sendable>(
        _ service: ServiceName, _ priority: CallPriority, client: String?,
        _ send: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await self.lanes([service.rawValue])[0].pipeline(priority).run(priority, CallTraits(group: client), send)
    }
}

extension BreakerPolicy {
    fileprivate var configuration: CircuitBreaker.Configuration {
        var configuration = CircuitBreaker.Configuration()
        configuration.failureThreshold = nil
        configuration.failureRate = .init(Double(self.failures) / 100, minimumVolume: self.volume)
        configuration.monitoringPeriod = self.window
        configuration.recoveryTime = self.recovery
        configuration.successThreshold = 1
        return configuration
    }
}

/// An answer that says that the service failed: an error to limits and breakers, and an answer to the client.
struct FailedAnswer: Error {
    let answer: ServiceResponse

    /// - Returns: nil for any status but 500, 502 and 504. A 503 is an answer: the service says that it has enough to do.
    init?(status: Int, _ answer: ServiceResponse) {
        guard status == 500 || status == 502 || status == 504 else { return nil }
        self.answer = answer
    }
}
