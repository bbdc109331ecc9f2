public import Essentials
public import Logging
public import Resilience

/// Work that goes on as long as the service runs: a consumer, a saga engine, an expiry.
public struct BackgroundWork: Sendable {
    public var name: String
    /// Returns when its task is cancelled, or when nothing is left to do. What it throws is a failure: whoever hosts the
    /// work begins it again.
    public var run: @Sendable () async throws -> Void

    public init(_ name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// Keeps background work going: work that fails is reported and begins again after a delay. Only cancellation, or an end
/// of its own, is the end of work.
public struct WorkSupervisor: Sendable {
    /// Work that failed and begins again.
    public struct Failure: Sendable {
        public var work: String
        public var error: any Error
        /// How long until the work begins again.
        public var delay: Duration
    }

    private let time: TimeSource
    private let chance: Chance
    private let backoff: Backoff
    private let report: @Sendable (Failure) -> Void

    /// - Parameters:
    ///   - backoff: how the delay grows with each failure in a row. A run longer than its longest delay ends the row.
    ///     Default: 1 s, 2 s, 4 s, … up to 30 s.
    ///   - report: told of each failure.
    public init(
        backoff: Backoff = .patient, time: TimeSource, chance: Chance, report: @escaping @Sendable (Failure) -> Void,
    ) {
        self.backoff = backoff
        self.time = time
        self.chance = chance
        self.report = report
    }

    /// A supervisor that logs each failure as an error.
    public init(logger: Logger, time: TimeSource, chance: Chance) {
        self.init(time: time, chance: chance) { failure in
            logger.error(
                "background work failed and begins again",
                metadata: [
                    "work": "\(failure.work)", "error": "\(failure.error)", "delay": "\(failure.delay)",
                ])
        }
    }

    /// Runs all works at once, until each has ended or the task is cancelled.
    public func run(_ works: [BackgroundWork]) async {
        await withDiscardingTaskGroup { group in
            for work in works { group.addTask { await self.keepGoing(work) } }
        }
    }

    private func keepGoing(_ work: BackgroundWork) async {
        var row = 0
        while !Task.isCancelled {
            let began = self.time.now
            do {
                return try await work.run()
            } catch {
                // What is cancelled may end by any error; nobody waits for that one.
                guard !Task.isCancelled else { return }
                if self.time.now - began > self.backoff.maximumDelay { row = 0 }
                let delay = self.backoff.delay(beforeRetry: row, fraction: self.chance.fraction())
                row += 1
                self.report(Failure(work: work.name, error: error, delay: delay))
                do { try await self.time.sleep(for: delay) } catch { return }
            }
        }
    }
}
