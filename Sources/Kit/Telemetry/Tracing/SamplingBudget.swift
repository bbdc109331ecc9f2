public import Essentials
import Synchronization

/// Lets so many new traces a second be sampled, whatever the load: what tracing costs does not grow with the traffic.
///
/// One budget may be shared by everybody in a process who begins traces.
public final class SamplingBudget: Sendable {
    private struct State {
        var tokens: Double
        var filled: Tick
    }

    private let perSecond: Double
    private let burst: Double
    private let time: TimeSource
    private let state: Mutex<State>

    /// - Parameters:
    ///   - perSecond: how many traces a second, 0 or more. Default: 20.
    ///   - burst: how many at once after a quiet time, at least 1. Default: 40.
    public init(perSecond: Double = 20, burst: Double = 40, time: TimeSource = .system) {
        precondition(perSecond >= 0 && burst >= 1, "a budget has room for one trace")
        self.perSecond = perSecond
        self.burst = burst
        self.time = time
        self.state = Mutex(State(tokens: burst, filled: time.now))
    }

    /// Whether one more trace may be sampled now.
    public func take() -> Bool {
        let now = self.time.now
        return self.state.withLock { state in
            let gained = (now - state.filled).fractionalSeconds * self.perSecond
            state.tokens = min(self.burst, state.tokens + max(0, gained))
            state.filled = now
            guard state.tokens >= 1 else { return false }
            state.tokens -= 1
            return true
        }
    }
}
