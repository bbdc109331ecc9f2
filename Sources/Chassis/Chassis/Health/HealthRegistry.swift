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
    /// The checks that are running now, by name. One that hangs stays here until it ends, so that it is never begun twice.
    private let running = Mutex<[String: SharedTask<Void>]>([:])
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

    /// Runs all checks and waits for the last one, at most for the longest timeout, even when a check ignores that it is
    /// cancelled. A check that is still running from before is not begun a second time.
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
        let failure = await self.failure(of: check, by: began + check.timeout)
        return HealthReport.Result(
            name: check.name, isCritical: check.isCritical, error: failure, took: self.time.now - began)
    }

    private func failure(of check: Check, by limit: Tick) async -> String? {
        guard let task = self.join(check) else { return "Health check timeout: its run before this one has not ended" }
        switch await task.wait(until: limit, self.time) {
        case .finished(.success): return nil
        case .finished(.failure(let error)): return "\(error)"
        case .timedOut: return "Health check timeout"
        case .cancelled: return "Health check cancelled"
        }
    }

    /// The run of the check that is under way, else a new one; nil when everybody has left the one that is under way.
    private func join(_ check: Check) -> SharedTask<Void>? {
        let begun = SharedTask<Void>()
        let (task, isNew) = self.running.withLock { running -> (SharedTask<Void>, Bool) in
            if let task = running[check.name] { return (task, false) }
            running[check.name] = begun
            return (begun, true)
        }
        guard task.join() else { return nil }
        if isNew {
            task.start {
                defer { self.running.withLock { $0[check.name] = nil } }
                try await check.body()
            }
        }
        return task
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
