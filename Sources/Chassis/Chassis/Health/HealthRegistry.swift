public import Essentials
import Synchronization

/// The named checks of a service, run in parallel whenever somebody asks.
public final class HealthRegistry: Sendable {
    /// One named check.
    struct Check: Sendable {
        var name: String
        var timeout: Duration
        var isCritical: Bool
        var body: @Sendable () async throws -> Void
    }

    private let checks = Mutex<[Check]>([])
    private let time: TimeSource

    public init(time: TimeSource) {
        self.time = time
    }

    /// Adds a check.
    /// - Parameters:
    ///   - name: unique in the service.
    ///   - timeout: when a check that hangs counts as failed. Default: 5 seconds.
    ///   - isCritical: whether its failure makes the service unhealthy and not ready. Default: false.
    ///   - body: returns when all is well, throws when not.
    public func addCheck(
        _ name: String, timeout: Duration = .seconds(5), critical isCritical: Bool = false,
        body: @escaping @Sendable () async throws -> Void,
    ) {
        self.checks.withLock { checks in
            precondition(!checks.contains { $0.name == name }, "two health checks are called '\(name)'")
            checks.append(Check(name: name, timeout: timeout, isCritical: isCritical, body: body))
        }
    }

    /// Runs all checks and waits for the last one, at most for the longest timeout.
    public func report() async -> HealthReport {
        let checks = self.checks.withLock { $0 }
        var results: [HealthReport.Result] = []
        await withTaskGroup { group in
            for check in checks { group.addTask { await self.run(check) } }
            for await result in group { results.append(result) }
        }
        return HealthReport(results: results.sorted { $0.name < $1.name })
    }

    private func run(_ check: Check) async -> HealthReport.Result {
        let began = self.time.now
        let failure = await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    try await check.body()
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            group.addTask {
                do { try await self.time.sleep(for: check.timeout) } catch { return "Health check cancelled" }
                return "Health check timeout"
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        return HealthReport.Result(
            name: check.name, isCritical: check.isCritical, error: failure, took: self.time.now - began)
    }
}

/// What the checks of a service said.
public struct HealthReport: Hashable, Sendable {
    /// What one check said.
    public struct Result: Hashable, Sendable {
        public var name: String
        public var isCritical: Bool
        /// Why it failed; nil when it passed.
        public var error: String?
        public var took: Duration

        public init(name: String, isCritical: Bool, error: String?, took: Duration) {
            self.name = name
            self.isCritical = isCritical
            self.error = error
            self.took = took
        }
    }

    /// By name.
    public var results: [Result]

    public init(results: [Result]) {
        self.results = results
    }

    /// Only critical checks decide.
    public var isHealthy: Bool { self.results.allSatisfy { $0.error == nil || !$0.isCritical } }

    /// The members `status` and `checks` of the health document.
    public func json(at moment: Timestamp, uptime: Duration, version: String, service: String) -> JSONValue {
        var checks = JSONObject()
        for result in self.results {
            var check: JSONValue = [
                "status": result.error == nil ? "healthy" : "unhealthy",
                "critical": .bool(result.isCritical),
                "responseTime": .number(String(Double(result.took.nanoseconds / 1_000) / 1_000)),
            ]
            if let error = result.error { check = check.setting("error", to: .string(error)) }
            checks[result.name] = check
        }
        return [
            "status": self.isHealthy ? "healthy" : "unhealthy", "service": .string(service),
            "version": .string(version), "uptime": .number(String(Double(uptime.milliseconds) / 1_000)),
            "timestamp": .string(moment.rfc3339), "checks": .object(checks),
        ]
    }
}
