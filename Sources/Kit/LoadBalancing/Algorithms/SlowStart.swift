import Essentials

/// How a host that joined, or came back, grows into its share while its caches are cold. As Envoy's slow start.
///
/// After `t` its weight counts for `max(minimumShare, (t / window)^(1 / aggression))`. Algorithms that choose by key do
/// without: their keys would move twice.
public struct SlowStart: Hashable, Sendable {
    /// How long that takes. Zero: it has its share at once. Default: zero.
    public var window: Duration = .zero
    /// 1 grows evenly, more grows faster at first, less slower. More than zero. Default: 1.
    public var aggression = 1.0
    /// The share it begins with. In 0.01...1. Default: 0.1.
    public var minimumShare = 0.1

    public init(window: Duration = .zero) {
        self.window = window
    }

    /// The part of its weight that counts.
    public func share(after elapsed: Duration) -> Double {
        guard self.window > .zero, elapsed < self.window else { return 1 }
        let progress = max(0, elapsed.fractionalSeconds / self.window.fractionalSeconds)
        return max(self.minimumShare, Power.of(progress, 1 / self.aggression))
    }

    func problems() -> [String] {
        var problems: [String] = []
        if self.window < .zero { problems.append("slowStart.window must not be below zero") }
        if !(self.aggression > 0) { problems.append("slowStart.aggression must be more than zero") }
        if !(0.01...1).contains(self.minimumShare) { problems.append("slowStart.minimumShare must lie in 0.01...1") }
        return problems
    }
}
