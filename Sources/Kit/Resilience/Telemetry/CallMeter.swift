public import Essentials
import Synchronization

/// Counts the calls of pipelines by how they ended, and the time that they took. Cheap enough for every call.
///
/// One meter may observe many pipelines; its figures are then their sum.
public final class CallMeter: PipelineObserver {
    /// What was counted so far.
    public struct Snapshot: Hashable, Sendable {
        public var successes = 0
        public var failures = 0
        public var refusals = 0
        public var cancellations = 0
        /// The sum over all calls.
        public var totalTime: Duration = .zero
        /// Calls by time: the element at `n` counts those of less than 2ⁿ ns that are in no element before it.
        public var buckets: [Int] = []
        /// All other events, by ``PipelineEvent/name``.
        public var events: [String: Int] = [:]

        public var calls: Int { self.successes + self.failures + self.refusals + self.cancellations }

        /// The upper bound of the bucket in which the quantile lies: at most twice the true value.
        /// - Parameter quantile: in `0...1`.
        public func time(atQuantile quantile: Double) -> Duration? {
            let rank = Int((Double(self.calls) * quantile).rounded(.up))
            var seen = 0
            for (bucket, count) in self.buckets.enumerated() {
                seen += count
                if seen >= max(1, rank) { return .nanoseconds(Int64(1) << Int64(min(bucket, 62))) }
            }
            return nil
        }
    }

    private struct State {
        var endings = InlineArray<4, Int>(repeating: 0)
        var nanoseconds: Int64 = 0
        var buckets = [Int](repeating: 0, count: 64)
        var events: [String: Int] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public func pipeline(_ name: String, did event: PipelineEvent) {
        let name = event.name
        self.state.withLock { $0.events[name, default: 0] += 1 }
    }

    public func pipeline(_ name: String, ended ending: PipelineEvent.Ending, from start: Tick, until end: Tick) {
        let nanoseconds = max(0, end.nanoseconds &- start.nanoseconds)
        let bucket = Int64.bitWidth - nanoseconds.leadingZeroBitCount
        self.state.withLock { state in
            state.endings[ending.index] += 1
            state.nanoseconds &+= nanoseconds
            state.buckets[bucket] += 1
        }
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                successes: state.endings[0], failures: state.endings[1], refusals: state.endings[2],
                cancellations: state.endings[3], totalTime: .nanoseconds(state.nanoseconds),
                buckets: state.buckets, events: state.events)
        }
    }
}

extension PipelineEvent.Ending {
    fileprivate var index: Int {
        switch self {
        case .success: 0
        case .failure: 1
        case .refused: 2
        case .cancelled: 3
        }
    }
}
