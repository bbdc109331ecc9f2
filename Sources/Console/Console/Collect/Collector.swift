import Chassis
import Essentials
import EventSourcing
import Logging
import Synchronization
import Telemetry

/// Fetches what was observed and keeps it, within bounds of time and space.
final class Collector: Sendable {
    private let environment: ServiceEnvironment
    private let configuration: ConsoleService.Configuration
    private let intake = Mutex(RateIntake())
    private let watch: AlertWatch

    init(_ environment: ServiceEnvironment, _ configuration: ConsoleService.Configuration, _ watch: AlertWatch) {
        self.environment = environment
        self.configuration = configuration
        self.watch = watch
    }

    var works: [BackgroundWork] {
        [
            BackgroundWork("collect traces") { try await self.collectTraces() },
            BackgroundWork("collect rates") { try await self.collectRates() },
            BackgroundWork("forget telemetry") { try await self.prune() },
        ]
    }

    private func collectTraces() async throws {
        while !Task.isCancelled {
            try await self.environment.time.sleep(for: .milliseconds(500))
            while try await self.step() >= Self.batch {}
        }
    }

    private static let batch = 1_000

    /// Keeps what has come. Returns how many records that were.
    @discardableResult
    func step() async throws -> Int {
        let spans = self.configuration.buffer.takeSpans(Self.batch)
        let logs = self.configuration.buffer.takeLogs(Self.batch)
        guard !spans.isEmpty || !logs.isEmpty else { return 0 }
        try await self.environment.store.write(patience: .milliseconds(20)) { unit in
            try TraceRows.add(spans, in: unit)
            try LogRows.add(logs, in: unit)
        }
        return max(spans.count, logs.count)
    }

    private func collectRates() async throws {
        while !Task.isCancelled {
            try await self.environment.time.sleep(for: Self.interval)
            try await self.take(self.configuration.metrics())
        }
    }

    /// How long one interval of rates is.
    static let interval = Duration.seconds(10)

    /// Takes metrics as they stand now.
    func take(_ families: [MetricFamily]) async throws {
        let now = self.environment.wallClock.now
        let rows = self.intake.withLock { $0.take(families, at: now) }
        let changes = self.watch.take(rows, at: now)
        guard !rows.isEmpty || !changes.isEmpty else { return }
        try await self.environment.store.write(patience: .milliseconds(20)) { unit in
            try RateRows.add(rows, in: unit)
            for change in changes { try OperationRows.add(change, in: unit) }
        }
    }

    private func prune() async throws {
        while !Task.isCancelled {
            let now = self.environment.wallClock.now
            let (old, quota) = (now - self.configuration.retention, self.configuration.quota.bytes)
            while try await self.environment.store.write({
                try TraceRows.prune(before: old, quota: Int64(quota), limit: 500, in: $0)
            }) == 500 {}
            try await self.environment.store.write { unit in
                try LogRows.prune(before: old, keeping: 100_000, in: unit)
                try RateRows.prune(before: old, in: unit)
            }
            try await self.environment.time.sleep(for: .seconds(60))
        }
    }
}

extension Timestamp {
    static func - (moment: Timestamp, duration: Duration) -> Timestamp { moment + (.zero - duration) }
}
