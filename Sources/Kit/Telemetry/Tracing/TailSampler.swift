public import Essentials
import Synchronization

/// Decides on whole traces when they are over: every trace with an error or a slow span is kept, and a share of the others.
///
/// A trace is over when none of its spans in this process is open and it has been quiet for `settle`. Memory is bounded
/// by spans and traces; when a bound is reached, the oldest ordinary trace is decided early and gives up its place.
/// What is kept is redacted and handed to `next`.
public final class TailSampler: SpanSink {
    public struct Configuration: Hashable, Sendable {
        /// A span that took this long makes its trace a slow one. Default: 1 second.
        public var slow: Duration = .seconds(1)
        /// The share kept of sampled traces without anything remarkable, in `0...1`, decided by trace id: all processes
        /// agree. Default: 1.
        public var ordinaryRatio = 1.0
        /// How long a trace is quiet before it is decided. Default: 1 second.
        public var settle: Duration = .seconds(1)
        /// After how long a trace is decided although spans of it are open. Default: 2 minutes.
        public var patience: Duration = .seconds(120)
        /// How many spans wait for a decision at most. Default: 20,000.
        public var maximumSpans = 20_000
        /// How many spans of one trace. Default: 2,000.
        public var maximumSpansPerTrace = 2_000
        /// How many traces wait for a decision at most. Default: 5,000.
        public var maximumTraces = 5_000
        /// How many decisions are remembered for late spans. Default: 20,000.
        public var rememberedTraces = 20_000

        public init() {}
    }

    public struct Counters: Hashable, Sendable {
        /// Spans handed on.
        public var kept = 0
        /// Spans of traces not kept, and those above the bound of their trace.
        public var dropped = 0
        /// Ordinary traces decided early for lack of space.
        public var overflowed = 0
    }

    private struct State {
        var machine: Machine
        var counters = Counters()
    }

    private let state: Mutex<State>
    private let redactor: Redactor
    private let next: @Sendable ([SpanRecord]) -> Void
    private let time: TimeSource
    private let interval: Duration

    /// - Parameter next: gets what is kept, redacted, whole traces at a time where they fit. It must be quick.
    public init(
        _ configuration: Configuration = Configuration(), redactor: Redactor = Redactor(), time: TimeSource = .system,
        next: @escaping @Sendable ([SpanRecord]) -> Void
    ) {
        precondition(
            configuration.maximumSpans > 0 && configuration.maximumTraces > 0 && configuration.settle > .zero,
            "a tail sampler needs room and time")
        self.state = Mutex(State(machine: Machine(configuration)))
        self.redactor = redactor
        self.next = next
        self.time = time
        self.interval = configuration.settle
    }

    public var counters: Counters { self.state.withLock(\.counters) }

    /// Spans that wait for a decision.
    public var buffered: Int { self.state.withLock(\.machine.buffered) }

    public func began(_ trace: TraceID) {
        let now = self.time.now
        self.apply { $0.began(trace, at: now) }
    }

    public func ended(_ span: SpanRecord) {
        let now = self.time.now
        self.apply { $0.ended(span, at: now) }
    }

    /// Decides on all traces whose time has come. ``run()`` does so by itself.
    public func sweep() {
        let now = self.time.now
        self.apply { $0.sweep(at: now) }
    }

    /// Decides on everything that waits.
    public func finish() { self.apply { $0.finish() } }

    /// Sweeps until it is cancelled, and then decides on the rest.
    public func run() async {
        while !Task.isCancelled {
            do {
                try await self.time.sleep(for: self.interval)
            } catch {
                break
            }
            self.sweep()
        }
        self.finish()
    }

    private func apply(_ step: (inout Machine) -> Machine.Verdict) {
        let kept = self.state.withLock { state in
            let verdict = step(&state.machine)
            state.counters.kept += verdict.kept.count
            state.counters.dropped += verdict.dropped
            state.counters.overflowed += verdict.overflowed
            return verdict.kept
        }
        if !kept.isEmpty { self.next(kept.map { $0.redacted(by: self.redactor) }) }
    }
}
