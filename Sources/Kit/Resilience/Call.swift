public import Essentials

/// One run through a pipeline, as the layers see it.
public struct Call: Sendable {
    final class Environment: Sendable {
        let pipeline: String
        let time: TimeSource
        let chance: Chance
        /// Nil when nobody listens.
        let listener: Listener?
        /// Each call takes a reference, which is a write: copies are not to lie on one cache line.
        private let padding = InlineArray<16, UInt64>(repeating: 0)

        init(pipeline: String, time: TimeSource, chance: Chance, observer: (any PipelineObserver)?) {
            self.pipeline = pipeline
            self.time = time
            self.chance = chance
            self.listener = observer.map { Listener($0) }
        }
    }

    /// The observer in a box: whether there is one is then a look at a pointer, where an optional existential is copied.
    final class Listener: Sendable {
        private let observer: any PipelineObserver

        init(_ observer: any PipelineObserver) {
            self.observer = observer
        }

        func hear(_ event: PipelineEvent, in pipeline: String) { self.observer.pipeline(pipeline, did: event) }

        func hear(_ ending: PipelineEvent.Ending, of call: Call, from start: Tick) {
            self.observer.pipeline(call.pipeline, ended: ending, from: start, until: call.now)
        }
    }

    let environment: Environment

    /// Which attempt this is, counted from 1. Set by ``Retry`` for the layers inside it.
    public var attempt = 1

    /// The name of the pipeline.
    public var pipeline: String { self.environment.pipeline }
    public var time: TimeSource { self.environment.time }
    public var chance: Chance { self.environment.chance }
    /// A new reading of the pipeline's clock.
    public var now: Tick { self.environment.time.now }
    /// How much the caller's task needs this call: ``CallPriority/current``.
    public var priority: CallPriority { CallPriority.current }

    /// Tells the pipeline's observer, if it has one.
    public func report(_ event: @autoclosure () -> PipelineEvent) {
        guard let listener = self.environment.listener else { return }
        listener.hear(event(), in: self.environment.pipeline)
    }
}

/// How much a call is needed. Under pressure the less needed wait longer and are refused first.
public enum CallPriority: Int, Comparable, CaseIterable, Sendable {
    /// Nobody waits for it: reports, exports, prefetching.
    case background
    /// Somebody waits, and would try again.
    case standard
    /// Somebody waits, and would be annoyed.
    case important
    /// The business stops without it: orders, payments.
    case critical

    /// The priority of the request that this task works for. Default: standard.
    @TaskLocal public static var current: CallPriority = .standard

    /// For headers and settings: `critical`.
    public var name: String {
        switch self {
        case .background: "background"
        case .standard: "standard"
        case .important: "important"
        case .critical: "critical"
        }
    }

    /// The priority of that name, if there is one.
    public init?(name: some StringProtocol) {
        guard let priority = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = priority
    }

    public static func < (left: CallPriority, right: CallPriority) -> Bool { left.rawValue < right.rawValue }
}
