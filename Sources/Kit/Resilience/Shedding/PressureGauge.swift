public import Essentials

/// Something with a queue, that can say how long it keeps calls waiting.
public protocol PressureGauge: Sendable {
    /// How long the one who waits longest has waited; zero when nobody waits.
    func longestWait(at now: Tick) -> Duration
}
