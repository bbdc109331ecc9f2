public import Essentials
public import Resilience
import Synchronization

/// Leaves out, for a while, those endpoints of a service that fail while others do not.
///
/// It watches real calls (passive health checking), with Envoy's outlier detection as the model: a number of failures in a
/// row, or a success rate far below the others', ejects an endpoint; each ejection lasts longer than the one before; only
/// a share of the endpoints may be ejected, and when too few are left all are used.
///
/// ```swift
/// let outliers = OutlierEjection(endpoints: 3)
/// let chosen = outliers.candidates(at: time.now).randomElement(using: &chance)
/// try await outliers.run(chosen, time) { try await client.get(addresses[chosen]) }
/// ```
public final class OutlierEjection: Sendable {
    /// An endpoint that was just left out.
    public struct Ejection: Hashable, Sendable {
        /// What made it an outlier, with the numbers.
        public enum Reason: Hashable, Sendable {
            case consecutiveFailures(Int)
            /// Both in percent.
            case successRate(percent: Int, bound: Int)
        }

        /// By its number.
        public var endpoint: Int
        public var reason: Reason
        /// How long it is left out at least: until the end of the interval in which this time is over.
        public var duration: Duration

        public init(endpoint: Int, reason: Reason, duration: Duration) {
            self.endpoint = endpoint
            self.reason = reason
            self.duration = duration
        }
    }

    /// What is in use at one moment, and what happened so far.
    public struct Snapshot: Hashable, Sendable {
        /// Numbers of the endpoints left out.
        public var ejected: [Int]
        /// Whether so few are left that all are used.
        public var isPanic: Bool
        /// Ejections so far.
        public var ejections: Int
        /// Ejections that the maximum percentage did not allow.
        public var withheld: Int
    }

    private let configuration: Configuration
    private let classifier: Classifier
    private let onEjection: @Sendable (Ejection) -> Void
    private let state: Mutex<(machine: StateMachine, ejections: Int)>

    /// - Parameters:
    ///   - endpoints: how many there are; they are named by number from 0.
    ///   - configuration: must have no problems.
    ///   - classifier: which errors are failures of the endpoint.
    ///   - onEjection: told of each one, outside all locks.
    public init(
        endpoints: Int, _ configuration: Configuration = Configuration(), classifier: Classifier = .standard,
        onEjection: @escaping @Sendable (Ejection) -> Void = { _ in }
    ) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "outlier ejection: \(problems.joined(separator: "; "))")
        self.configuration = configuration
        self.classifier = classifier
        self.onEjection = onEjection
        self.state = Mutex((StateMachine(endpoints: endpoints, configuration), 0))
    }

    /// The endpoints to choose from now.
    public func candidates(at now: Tick) -> [Int] {
        let (selection, ejections) = self.state.withLock { state in
            let ejections = state.machine.advance(to: now)
            state.ejections += ejections.count
            return (state.machine.selection.endpoints, ejections)
        }
        for ejection in ejections { self.onEjection(ejection) }
        return selection
    }

    /// A call to an endpoint has ended.
    public func record(_ endpoint: Int, isSuccess: Bool, at now: Tick) {
        let ejections = self.state.withLock { state in
            let ejections = state.machine.record(endpoint, isSuccess: isSuccess, at: now)
            state.ejections += ejections.count
            return ejections
        }
        for ejection in ejections { self.onEjection(ejection) }
    }

    /// Calls an endpoint and notes how that ended. A call that was cancelled says nothing about it.
    /// - Throws: what `body` throws.
    public func run<Value: Sendable>(
        _ endpoint: Int, _ time: TimeSource, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body()
            self.record(endpoint, isSuccess: true, at: time.now)
            return value
        } catch {
            switch self.classifier.verdict(on: error) {
            case .transient, .permanent: self.record(endpoint, isSuccess: false, at: time.now)
            case .answered: self.record(endpoint, isSuccess: true, at: time.now)
            case .ignored: break
            }
            throw error
        }
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                ejected: state.machine.ejected, isPanic: state.machine.selection.isPanic, ejections: state.ejections,
                withheld: state.machine.withheld)
        }
    }
}
