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

    private struct Ended: Sendable {
        var endings = InlineArray<4, Int>(repeating: 0)
        var nanoseconds: Int64 = 0
        var buckets = InlineArray<64, Int>(repeating: 0)
    }

    private let ended = Striped(Ended())
    private let events = Mutex<[String: Int]>([:])

    public init() {}

    public func pipeline(_ name: String, did event: PipelineEvent) {
        let name = event.name
        self.events.withLock { $0[name, default: 0] += 1 }
    }

    public func pipeline(_ name: String, ended ending: PipelineEvent.Ending, from start: Tick, until end: Tick) {
        let nanoseconds = max(0, end.nanoseconds &- start.nanoseconds)
        let bucket = Int64.bitWidth - nanoseconds.leadingZeroBitCount
        self.ended.withOwn { ended in
            ended.endings[ending.index] += 1
            ended.nanoseconds &+= nanoseconds
            ended.buckets[bucket] += 1
        }
    }

    public func snapshot() -> Snapshot {
        var snapshot = Snapshot()
        snapshot.buckets = [Int](repeating: 0, count: 64)
        var nanoseconds: Int64 = 0
        self.ended.forEach { ended in
            snapshot.successes += ended.endings[0]
            snapshot.failures += ended.endings[1]
            snapshot.refusals += ended.endings[2]
            snapshot.cancellations += ended.endings[3]
            nanoseconds &+= ended.nanoseconds
            for bucket in ended.buckets.indices { snapshot.buckets[bucket] += ended.buckets[bucket] }
        }
        snapshot.totalTime = .nanoseconds(nanoseconds)
        snapshot.events = self.events.withLock { $0 }
        return snapshot
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
