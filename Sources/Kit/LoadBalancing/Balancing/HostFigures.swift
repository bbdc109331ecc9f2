import Essentials

/// What is counted about a host.
struct HostFigures: Hashable, Sendable {
    var weight = 1
    /// In the list last given; -1 for a host that left while calls were under way, and for a slot that is free.
    var position = -1
    /// Calls under way.
    var active = 0
    /// Calls ever given to it.
    var picks: UInt64 = 0
    var isPassing = true
    var isDraining = false
    var isUsable = false
    /// When it joined or came back; nil when it has its full share.
    var rampBegan: Tick?
    var latency = PeakLatency()

    var isFree: Bool { self.position < 0 && self.active == 0 }
}

/// A moving average of latency that follows a rise at once and a fall slowly, with weights by elapsed time rather than by
/// calls. After Finagle's `PeakEwma` (Twitter 2015).
struct PeakLatency: Hashable, Sendable {
    /// In seconds, as of `moment`; zero before the first call.
    private var average = 0.0
    private var moment = Tick.distantPast

    mutating func record(_ took: Duration, at now: Tick, decay: Duration) {
        let seconds = took.fractionalSeconds
        let weight = Self.weight(now - self.moment, decay)
        self.average = max(seconds, self.average * weight + seconds * (1 - weight))
        self.moment = max(now, self.moment)
    }

    /// What it has faded to: a host that nobody calls gets another chance.
    func value(at now: Tick, decay: Duration) -> Double {
        self.average == 0 ? 0 : self.average * Self.weight(now - self.moment, decay)
    }

    private static func weight(_ elapsed: Duration, _ decay: Duration) -> Double {
        elapsed <= .zero ? 1 : Power.e(-elapsed.fractionalSeconds / decay.fractionalSeconds)
    }
}
