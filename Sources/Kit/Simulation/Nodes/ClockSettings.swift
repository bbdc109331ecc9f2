import Essentials
import Synchronization

/// How the clocks of a node go.
public struct ClockSettings: Hashable, Sendable {
    /// How far the date is off at the start. Default: zero.
    public var skew: Duration = .zero
    /// How much faster the node's oscillator runs, in millionths; it drives both its clocks. -500,000…500,000, real ones
    /// stay within 200. Default: 0.
    public var driftPartsPerMillion = 0

    public init(skew: Duration = .zero, driftPartsPerMillion: Int = 0) {
        precondition(abs(driftPartsPerMillion) <= 500_000, "a drift of \(driftPartsPerMillion) ppm is no clock")
        self.skew = skew
        self.driftPartsPerMillion = driftPartsPerMillion
    }
}

/// The oscillator and the calendar of one node, over all its lives.
final class NodeClock: Sendable {
    private let drift: Int64
    private let start: Timestamp
    /// How far the date is off, apart from drift, in microseconds.
    private let offset: Atomic<Int64>

    init(settings: ClockSettings, start: Timestamp) {
        self.drift = Int64(settings.driftPartsPerMillion)
        self.start = start
        self.offset = Atomic(settings.skew.nanoseconds / 1_000)
    }

    /// How much the node counts while `span` nanoseconds truly pass.
    func counted(_ span: Int64) -> Int64 {
        self.drift == 0 ? span : span + span / 1_000_000 * self.drift + span % 1_000_000 * self.drift / 1_000_000
    }

    /// The shortest true span in which the node counts at least `count` nanoseconds.
    func span(counting count: Int64) -> Int64 {
        guard self.drift != 0, count > 0 else { return count }
        var span = Int64((Double(count) * 1e6 / Double(1_000_000 + self.drift)).rounded(.down)) - 1_024
        // At most a few thousand steps, because the estimate is that close for spans of years.
        while self.counted(span) < count { span += 1 }
        return span
    }

    func date(at now: Int64) -> Timestamp {
        Timestamp(
            microseconds: self.start.microseconds + self.counted(now) / 1_000 + self.offset.load(ordering: .relaxed))
    }

    func jump(by duration: Duration) {
        _ = self.offset.wrappingAdd(duration.nanoseconds / 1_000, ordering: .relaxed)
    }
}
