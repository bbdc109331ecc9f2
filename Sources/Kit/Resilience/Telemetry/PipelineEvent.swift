public import Essentials

/// Hears what happens in a pipeline. The seam to metrics, traces and alerts: this module knows none of them.
public protocol PipelineObserver: Sendable {
    /// Called in the task of the call, in the order of the events of that call. It must be quick and not block.
    func pipeline(_ name: String, did event: PipelineEvent)

    /// A call has ended, all layers considered. Once for each call, also when everything goes well: a method of its own,
    /// because this one is on the hot path.
    func pipeline(_ name: String, ended ending: PipelineEvent.Ending, from start: Tick, until end: Tick)
}

extension PipelineObserver {
    /// Not everyone who watches for trouble counts calls.
    public func pipeline(_ name: String, ended ending: PipelineEvent.Ending, from start: Tick, until end: Tick) {}
}

/// Something that happened in a pipeline.
@nonexhaustive
public enum PipelineEvent: Sendable {
    /// How a call ended, all layers considered.
    @nonexhaustive
    public enum Ending: String, Hashable, Sendable, CaseIterable {
        case success, failure, refused, cancelled
    }

    /// Why a retry was not made.
    @nonexhaustive
    public enum Suppression: String, Hashable, Sendable, CaseIterable {
        case budget, deadline, retryAfter
    }

    /// A layer said no to the call or ended it.
    case refused(Refusal)
    /// Another attempt, number `attempt`, starts after a wait.
    case retrying(strategy: String, attempt: Int, after: Duration)
    /// Another attempt would have been made, but.
    case retrySuppressed(strategy: String, Suppression)
    /// A circuit breaker changed its state: `CLOSED`, `OPEN`, `HALF_OPEN`, `ISOLATED`, `METRICS_ONLY`.
    case breakerChanged(strategy: String, from: String, to: String)
    /// A bulkhead has reached (`isSaturated`) or fallen below the share of places at which someone should look.
    case saturation(strategy: String, isSaturated: Bool, running: Int, limit: Int)
    /// An event of a layer outside this module.
    case custom(strategy: String, name: String, value: Double)
}

extension PipelineEvent {
    /// The name under which it is counted.
    public var name: String {
        switch self {
        case .refused: "call.refused"
        case .retrying: "retry.scheduled"
        case .retrySuppressed: "retry.suppressed"
        case .breakerChanged: "breaker.changed"
        case .saturation: "bulkhead.saturation"
        case .custom(_, let name, _): name
        }
    }
}
