import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import Logging
import Synchronization

/// What the gateway knows about the services behind it, and keeps finding out.
final class Upstreams: Sendable {
    private let environment: GatewayEnvironment
    private let configuration: GatewayService.Configuration
    /// Sorted; groups of routes are named by their index here.
    let services: [ServiceName]
    /// By index.
    private let health: Mutex<[UpstreamHealth]>

    init(_ environment: GatewayEnvironment, routes: RoutingTable, configuration: GatewayService.Configuration) {
        self.environment = environment
        self.configuration = configuration
        self.services = routes.groups.map { ServiceName(rawValue: $0) }
        let unknown = UpstreamHealth(at: environment.time.now)
        self.health = Mutex(Array(repeating: unknown, count: self.services.count))
    }

    /// The index of a service.
    func group(of service: ServiceName) -> Int? { self.services.firstIndex(of: service) }

    /// - Throws: a problem when the last check of the service failed.
    func requireAvailable(_ group: Int) throws {
        let health = self.health.withLock { $0[group] }
        guard !health.isAvailable else { return }
        let service = self.services[group]
        throw Problem(
            .unavailable, "\(service) is down: \(health.reason ?? "its health check failed")",
            details: ["service": .string(service.rawValue)], retryAfter: .seconds(1))
    }

    func callFailed(_ service: ServiceName, _ reason: String) {
        self.update(service) { $0.failed(reason, at: $1) }
    }

    /// Asks all services for their health, again and again.
    func watch() async throws {
        while !Task.isCancelled {
            _ = await self.report()
            let isAnyDown = self.health.withLock { $0.contains { !$0.isAvailable } }
            // A service that is down is asked again soon, so that its return is noticed.
            try await self.environment.time.sleep(
                for: isAnyDown ? min(.seconds(1), self.configuration.healthInterval) : self.configuration.healthInterval
            )
        }
    }

    /// Asks every service whether it is ready, in parallel, and remembers the answers.
    func report() async -> HealthReport {
        var results: [HealthReport.Result] = []
        await withTaskGroup { group in
            for service in self.services where !self.configuration.unchecked.contains(service) {
                group.addTask { await self.check(service) }
            }
            for await result in group { results.append(result) }
        }
        return HealthReport(results: results.sorted { $0.name < $1.name })
    }

    private func check(_ service: ServiceName) async -> HealthReport.Result {
        let began = self.environment.time.now
        let deadline = Deadline(at: began + self.configuration.healthTimeout)
        var failure: String?
        var isKnown = true
        do {
            let response = try await self.environment.transport.call(
                service, ServiceRequest(.get, self.configuration.healthPaths[service] ?? "/health/ready"),
                deadline: deadline)
            if response.head.status != .ok { failure = "it answered \(response.head.status.code)" }
        } catch let error as TransportError {
            failure = error.code == .deadlineExceeded ? "Health check timeout" : error.message
            // It has not begun to listen yet. Held to be down, it would stay so for a while after it has.
            isKnown = error.code != .unknownService
        } catch {
            failure = "the check was cancelled"
        }
        let message = failure
        if isKnown {
            self.update(service) { health, now in
                if let message { health.failed(message, at: now) } else { health.passed(at: now) }
            }
        }
        return HealthReport.Result(
            name: service.rawValue, isCritical: true, error: failure, took: self.environment.time.now - began)
    }

    private func update(_ service: ServiceName, _ change: (inout UpstreamHealth, Tick) -> Void) {
        guard let group = self.group(of: service) else { return }
        let now = self.environment.time.now
        let (before, after) = self.health.withLock { states in
            let before = states[group]
            change(&states[group], now)
            return (before, states[group])
        }
        guard before.state != after.state else { return }
        self.environment.logger.info(
            "a service changed its state",
            metadata: ["service": "\(service)", "state": "\(after.state.rawValue)", "reason": "\(after.reason ?? "-")"])
    }
}
