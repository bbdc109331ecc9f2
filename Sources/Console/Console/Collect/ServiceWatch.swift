import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Synchronization

/// Asks all services how they are, and remembers since when.
final class ServiceWatch: Sendable {
    /// What a service said the last time.
    struct Report: Encodable, Hashable, Sendable {
        struct Check: Encodable, Hashable, Sendable {
            var name: String
            var status: String
            var milliseconds: Double
            var isCritical: Bool
            var error: String?
        }

        var service: String
        /// `healthy`, `unhealthy`, `unreachable`, or `unknown` before the first answer.
        var state: String
        var since: Timestamp?
        var version: String?
        var uptimeSeconds: Double?
        var checks: [Check] = []
    }

    private let environment: ServiceEnvironment
    private let services: [ServiceName]
    private let reports: Mutex<[ServiceName: Report]>
    /// How often each is asked.
    private static let interval = Duration.seconds(5)

    init(_ environment: ServiceEnvironment, services: [ServiceName]) {
        self.environment = environment
        self.services = services
        self.reports = Mutex([:])
    }

    /// All services, in the order of the configuration.
    var all: [Report] {
        self.reports.withLock { reports in
            self.services.map { reports[$0] ?? Report(service: $0.rawValue, state: "unknown") }
        }
    }

    var work: BackgroundWork {
        BackgroundWork("watch services") {
            while !Task.isCancelled {
                try await self.askAll()
                try await self.environment.time.sleep(for: Self.interval)
            }
        }
    }

    /// Asks each service once.
    func askAll() async throws {
        let known = try await self.environment.store.read { try OperationRows.states(in: $0) }
        let answers = await withTaskGroup(of: Report.self) { group in
            for service in self.services { group.addTask { await self.ask(service) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let now = self.environment.wallClock.now
        var changed: [(String, KnownState)] = []
        for var report in answers {
            if let before = known[report.service], before.state == report.state {
                report.since = before.since
            } else {
                report.since = now
                changed.append((report.service, KnownState(state: report.state, since: now)))
            }
            self.reports.withLock { $0[ServiceName(rawValue: report.service)] = report }
        }
        guard !changed.isEmpty else { return }
        let states = changed
        try await self.environment.store.write { unit in
            for (service, state) in states { try OperationRows.put(state, of: service, in: unit) }
        }
    }

    private func ask(_ service: ServiceName) async -> Report {
        let deadline = Deadline.within(.seconds(5), of: self.environment.time.now)
        guard
            let answer = try? await self.environment.transport.call(
                service, ServiceRequest(.get, "/health"), deadline: deadline),
            let json = try? JSONReader.parse(answer.body)
        else { return Report(service: service.rawValue, state: "unreachable") }
        let checks = (json["checks"]?.object?.members ?? []).map { check in
            Report.Check(
                name: check.name, status: check.value["status"]?.string ?? "unknown",
                milliseconds: check.value["responseTime"]?.double ?? 0,
                isCritical: check.value["critical"]?.bool ?? false, error: check.value["error"]?.string)
        }
        return Report(
            service: service.rawValue, state: json["status"]?.string ?? "unknown", version: json["version"]?.string,
            uptimeSeconds: json["uptime"]?.double, checks: checks)
    }
}

extension JSONValue {
    /// A number of any kind.
    var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}
