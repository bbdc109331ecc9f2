public import Essentials
public import Resilience
import Synchronization

/// Parts of a program that may be switched off, or fail, without taking the rest along: each has a way to do without.
///
/// ```swift
/// let features = Features(flags)
/// let hints = await features.run("suggestions") { try await model.hints() } fallback: { _ in templates }
/// ```
///
/// A feature whose flag is off or unknown falls back at once. One that is on runs behind a circuit breaker of its own:
/// when it keeps failing it is left alone, and tried again after 30 seconds.
public final class Features: Sendable {
    /// How features are protected.
    public struct Configuration: Sendable {
        /// The breaker of each feature. Default: 5 failures in 10 seconds, 30 seconds of recovery; every error counts,
        /// refusals of pipelines within the feature included.
        public var circuitBreaker: CircuitBreaker.Configuration
        /// The longest that a feature may take before it falls back; nil for no bound. Default: 2 seconds.
        public var timeout: Duration? = .seconds(2)
        /// Features remembered at one time. At least 1. Default: 1,000.
        public var limit = 1_000

        public init() {
            self.circuitBreaker = CircuitBreaker.Configuration()
            self.circuitBreaker.recoveryTime = .seconds(30)
            self.circuitBreaker.classifier = Classifier { _ in .transient }
        }
    }

    /// Why a feature fell back.
    public enum Degradation: Error, Sendable {
        /// Its flag is off, unknown, or not for this context.
        case switchedOff(FlagReason, FlagError?)
        /// A layer of its pipeline did not let it run, or did not let it go on.
        case refused(Refusal)
        /// It failed.
        case failed(any Error)

        /// One word for answers and metrics: `switchedOff`, `refused`, `failed`.
        public var name: String {
            switch self {
            case .switchedOff: "switchedOff"
            case .refused: "refused"
            case .failed: "failed"
            }
        }
    }

    /// What happened so far to one feature.
    public struct Snapshot: Hashable, Sendable {
        public var feature: String
        /// `CLOSED`, `OPEN` or `HALF_OPEN`.
        public var state: String
        public var served = 0
        public var switchedOff = 0
        public var refused = 0
        public var failed = 0
    }

    private struct Entry {
        let pipeline: Pipeline
        let breaker: CircuitBreaker
        var served = 0
        var switchedOff = 0
        var refused = 0
        var failed = 0
    }

    private let flags: FlagClient
    private let configuration: Configuration
    private let time: TimeSource
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - provider: where the flags come from. The flag of a feature has its name.
    ///   - configuration: how features are protected.
    ///   - time: the clock of the breakers.
    public init(
        _ provider: any FlagProvider, _ configuration: Configuration = Configuration(), time: TimeSource = .system
    ) {
        self.flags = FlagClient(provider)
        self.configuration = configuration
        self.time = time
    }

    /// Whether the feature is switched on for this context.
    public func isOn(_ feature: String, for context: FlagContext = FlagContext()) -> Bool {
        self.flags.value(feature, default: false, in: context)
    }

    /// Runs `primary` if the feature is on and well, and `fallback` if not.
    /// - Parameters:
    ///   - feature: its name, and that of its flag.
    ///   - context: for whom.
    ///   - primary: the feature.
    ///   - fallback: how to do without it; told why.
    /// - Throws: what `fallback` throws; `CancellationError` when the task was cancelled.
    public func run<Value: Sendable>(
        _ feature: String, for context: FlagContext = FlagContext(),
        _ primary: @Sendable () async throws -> Value, fallback: (Degradation) async throws -> Value
    ) async throws -> Value {
        let evaluation = self.flags.evaluate(feature, default: false, in: context)
        guard evaluation.value else {
            self.count(feature, \.switchedOff)
            return try await fallback(.switchedOff(evaluation.reason, evaluation.error))
        }
        do {
            let value = try await self.pipeline(feature).run(primary)
            self.count(feature, \.served)
            return value
        } catch {
            if error is CancellationError || Task.isCancelled { throw error }
            if let refusal = error as? Refusal {
                self.count(feature, \.refused)
                return try await fallback(.refused(refusal))
            }
            self.count(feature, \.failed)
            return try await fallback(.failed(error))
        }
    }

    /// What happened so far, by name of the feature.
    public func snapshot() -> [Snapshot] {
        let now = self.time.now
        return self.entries.withLock { $0 }.sorted { $0.key < $1.key }.map { name, entry in
            Snapshot(
                feature: name, state: entry.breaker.snapshot(at: now).state ?? "CLOSED", served: entry.served,
                switchedOff: entry.switchedOff, refused: entry.refused, failed: entry.failed)
        }
    }

    private func pipeline(_ feature: String) -> Pipeline {
        self.entries.withLock { self.entry(feature, in: &$0).pipeline }
    }

    private func count(_ feature: String, _ counter: WritableKeyPath<Entry, Int>) {
        self.entries.withLock { entries in
            var entry = self.entry(feature, in: &entries)
            entry[keyPath: counter] += 1
            entries[feature] = entry
        }
    }

    private func entry(_ feature: String, in entries: inout [String: Entry]) -> Entry {
        if let entry = entries[feature] { return entry }
        precondition(
            entries.count < self.configuration.limit,
            "more than \(self.configuration.limit) features: names of features must not be made of data")
        let breaker = CircuitBreaker(named: feature, self.configuration.circuitBreaker)
        let pipeline = Pipeline(named: feature, time: self.time) {
            breaker
            if let timeout = self.configuration.timeout { Timeout(timeout, named: feature) }
        }
        let entry = Entry(pipeline: pipeline, breaker: breaker)
        entries[feature] = entry
        return entry
    }
}
