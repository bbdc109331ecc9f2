import CoreMetrics
import Essentials
import Synchronization
import Tracing

/// The series behind a counter of whole numbers. An increment is one atomic addition.
final class CounterSeries: CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        self.value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { self.value.store(0, ordering: .relaxed) }

    var current: Int64 { self.value.load(ordering: .relaxed) }
}

/// The series behind a counter of fractions, and behind gauges. Lock-free.
final class FractionSeries: FloatingPointCounterHandler, MeterHandler {
    private let bits = Atomic<UInt64>(0)
    /// Fractions below nothing do not lower a counter.
    private let isMonotonic: Bool

    init(isMonotonic: Bool) {
        self.isMonotonic = isMonotonic
    }

    func increment(by amount: Double) {
        guard !self.isMonotonic || amount > 0, amount.isFinite else { return }
        var old = self.bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, seen) = self.bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = seen
        }
    }

    func decrement(by amount: Double) { self.increment(by: -amount) }
    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }
    func reset() { self.set(0.0) }

    var current: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }
}

/// The last value of a recorder that does not aggregate.
final class LastValueSeries: RecorderHandler {
    let series = FractionSeries(isMonotonic: false)

    func record(_ value: Int64) { self.series.set(value) }
    func record(_ value: Double) { self.series.set(value) }
}

/// The series behind recorders and timers: an exponential histogram under one short lock, and a few exemplars.
final class HistogramSeries: RecorderHandler, TimerHandler {
    /// One exemplar for each power of two, the latest.
    private struct State {
        var histogram: ExponentialHistogram
        var exemplars: [Int: Exemplar] = [:]
        var untilExemplar = 0
    }

    private let state: Mutex<State>
    private let wallClock: WallClock
    /// How many values pass between two that become exemplars; a value in a range without one always does.
    private static let exemplarEvery = 16
    /// Ranges with exemplars.
    private static let maximumExemplars = 20

    init(maximumSize: Int, wallClock: WallClock) {
        self.state = Mutex(State(histogram: ExponentialHistogram(maximumSize: maximumSize)))
        self.wallClock = wallClock
    }

    func record(_ value: Int64) { self.record(Double(value)) }

    /// Timers count in seconds, as the semantic conventions do.
    func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1e9) }

    func record(_ value: Double) {
        let wantsExemplar = self.state.withLock { state in
            state.histogram.record(value)
            state.untilExemplar -= 1
            if state.untilExemplar <= 0 {
                state.untilExemplar = Self.exemplarEvery
                return true
            }
            return state.exemplars[Self.range(of: value)] == nil && state.exemplars.count < Self.maximumExemplars
        }
        if wantsExemplar { self.keepExemplar(value) }
    }

    /// Only spans that are sampled are worth pointing at.
    private func keepExemplar(_ value: Double) {
        guard value.isFinite, let span = InstrumentationContext.current?.span, span.isSampled else { return }
        let exemplar = Exemplar(
            value: value, time: self.wallClock.now.microseconds &* 1_000, traceID: span.traceID, spanID: span.spanID)
        self.state.withLock { state in
            let range = Self.range(of: value)
            guard state.exemplars[range] != nil || state.exemplars.count < Self.maximumExemplars else { return }
            state.exemplars[range] = exemplar
        }
    }

    /// Values above 2^(n-1) up to 2^n are in range n.
    private static func range(of value: Double) -> Int {
        guard value >= .leastNormalMagnitude, value.isFinite else { return Int.min }
        return Int(value.exponent) + (value.significandBitPattern == 0 ? 0 : 1)
    }

    var current: (histogram: ExponentialHistogram, exemplars: [Exemplar]) {
        let (histogram, exemplars) = self.state.withLock { ($0.histogram, $0.exemplars) }
        return (histogram, exemplars.sorted { $0.key < $1.key }.map(\.value))
    }
}
