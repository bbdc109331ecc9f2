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
    private let board: HostBoard

    private struct State {
        /// Groups of routes are named by their index here.
        var services: [ServiceName] = []
        /// By index.
        var health: [UpstreamHealth] = []
    }

    private let state = Mutex(State())

    init(_ environment: GatewayEnvironment, _ board: HostBoard, configuration: GatewayService.Configuration) {
        self.environment = environment
        self.board = board
        self.configuration = configuration
    }

    /// Takes up groups that are new.
    func adopt(_ groups: [String]) {
        let unknown = UpstreamHealth(at: self.environment.time.now)
        self.state.withLock { state in
            for name in groups[state.services.count...] {
                state.services.append(ServiceName(rawValue: name))
                state.health.append(unknown)
            }
        }
    }

    var services: [ServiceName] { self.state.withLock { $0.services } }

    /// The name of a group.
    func service(_ group: Int) -> ServiceName { self.state.withLock { $0.services[group] } }

    /// The index of a service.
    func group(of service: ServiceName) -> Int? { self.state.withLock { $0.services.firstIndex(of: service) } }

    /// - Throws: a problem when the last check of the service failed.
    func requireAvailable(_ group: Int) throws {
        let reason = self.state.withLock { state in
            state.health[group].isAvailable ? nil : state.health[group].reason ?? "its health check failed"
        }
        if let reason { throw Self.isDown(self.service(group), reason) }
    }

    static func isDown(_ service: ServiceName, _ reason: String) -> Problem {
        Problem(
            .serviceDown, "\(service) is down: \(reason)", details: ["service": .string(service.rawValue)],
            retryAfter: .seconds(1))
    }

    /// A service with hosts of its own is not down because one of them is.
    func callFailed(_ service: ServiceName, _ reason: String) {
        guard self.board.groups[service.rawValue] == nil else { return }
        self.update(service) { $0.failed(reason, at: $1) }
    }

    /// Asks all services for their health, again and again.
    func watch() async throws {
        while !Task.isCancelled {
            _ = await self.report()
            let isAnyDown = self.state.withLock { $0.health.contains { !$0.isAvailable } }
            // A service that is down is asked again soon, so that its return is noticed.
            try await self.environment.time.sleep(
                for: isAnyDown ? min(.seconds(1), self.configuration.healthInterval) : self.configuration.healthInterval
            )
        }
    }

    /// Asks every service whether it is ready, in parallel, and remembers the answers. Of those with hosts of their own it
    /// says what is known of these.
    func report() async -> HealthReport {
        let hosts = self.board.groups
        var results = hosts.filter(\.value.isChecked).map { name, group in
            HealthReport.Result(name: name, isCritical: true, error: group.unavailability, took: .zero)
        }
        await withTaskGroup { group in
            for service in self.services where hosts[service.rawValue] == nil {
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
                service, ServiceRequest(.get, "/health/ready"),
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
        let (before, after) = self.state.withLock { state in
            let before = state.health[group]
            change(&state.health[group], now)
            return (before, state.health[group])
        }
        guard before.state != after.state else { return }
        self.environment.logger.info(
            "a service changed its state",
            metadata: ["service": "\(service)", "state": "\(after.state.rawValue)", "reason": "\(after.reason ?? "-")"])
    }
}
