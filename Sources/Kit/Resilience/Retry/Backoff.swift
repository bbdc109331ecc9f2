import Essentials

/// How long to wait before each further attempt.
public struct Backoff: Hashable, Sendable {
    /// How the delay grows from one retry to the next.
    public enum Growth: Hashable, Sendable {
        /// Always the initial delay.
        case constant
        /// The initial delay, twice it, three times it.
        case linear
        /// Multiplied by `factor` each time.
        case exponential(factor: Double)
    }

    /// What chance does to a delay, so that callers who failed together do not come back together.
    public enum Jitter: Hashable, Sendable {
        case none
        /// Anything from zero to the delay.
        case full
        /// Half of the delay, and anything up to the other half.
        case equal
        /// Anything from the initial delay to three times the wait before; the growth is left out of account.
        case decorrelated
        /// The delay plus up to this fraction of it: 0.1 adds 0–10 %.
        case added(upTo: Double)
    }

    /// The delay before the first retry. Default: 100 milliseconds.
    public var initialDelay: Duration = .milliseconds(100)
    /// Default: exponential, factor 2.
    public var growth: Growth = .exponential(factor: 2)
    /// Default: full.
    public var jitter: Jitter = .full
    /// No delay is longer, jitter included. Default: 30 seconds.
    public var maximumDelay: Duration = .seconds(30)

    public init() {}

    /// 100 ms · 2ⁿ, full jitter.
    public static var standard: Backoff { Backoff() }

    /// 1 s, 2 s, 4 s, …, each plus 0–10 %: for callers who have time, such as background work.
    public static var patient: Backoff {
        var backoff = Backoff()
        backoff.initialDelay = .seconds(1)
        backoff.jitter = .added(upTo: 0.1)
        return backoff
    }

    /// The same delay each time, without jitter.
    public static func constant(_ delay: Duration) -> Backoff {
        var backoff = Backoff()
        backoff.initialDelay = delay
        backoff.growth = .constant
        backoff.jitter = .none
        return backoff
    }

    /// The delay before retry `retry` (0 is the first).
    ///
    /// Full, equal and decorrelated jitter are those of Brooker, "Exponential Backoff And Jitter" (2015).
    /// - Parameters:
    ///   - previous: the delay before the retry before; nil for the first.
    ///   - fraction: chance, in `0..<1`.
    public func delay(beforeRetry retry: Int, after previous: Duration? = nil, fraction: Double) -> Duration {
        let initial = Double(self.initialDelay.nanoseconds)
        let grown =
            switch self.growth {
            case .constant: initial
            case .linear: initial * Double(retry + 1)
            case .exponential(let factor): initial * power(factor, retry)
            }
        let bounded = min(grown, Double(self.maximumDelay.nanoseconds))
        let jittered =
            switch self.jitter {
            case .none: bounded
            case .full: bounded * fraction
            case .equal: bounded / 2 * (1 + fraction)
            case .decorrelated:
                initial + fraction * (3 * Double((previous ?? self.initialDelay).nanoseconds) - initial)
            case .added(let share): bounded * (1 + share * fraction)
            }
        return .nanoseconds(min(Int64(jittered.rounded()), self.maximumDelay.nanoseconds))
    }

    func problems() -> [String] {
        var problems: [String] = []
        if self.initialDelay <= .zero { problems.append("initialDelay must be more than zero") }
        if self.maximumDelay < self.initialDelay { problems.append("maximumDelay must not be below initialDelay") }
        if self.maximumDelay > .seconds(86_400) { problems.append("maximumDelay must be at most a day") }
        if case .exponential(let factor) = self.growth, !(1...100).contains(factor) {
            problems.append("the factor must lie in 1...100")
        }
        if case .added(let share) = self.jitter, !(0...1).contains(share) {
            problems.append("the added jitter must lie in 0...1")
        }
        return problems
    }
}

extension Backoff: CustomStringConvertible {
    public var description: String {
        let growth =
            switch self.growth {
            case .constant: "constant"
            case .linear: "linear"
            case .exponential(let factor): "exponential ×\(factor)"
            }
        let jitter =
            switch self.jitter {
            case .none: "no jitter"
            case .full: "full jitter"
            case .equal: "equal jitter"
            case .decorrelated: "decorrelated jitter"
            case .added(let share): "+0–\(Int((share * 100).rounded())) %"
            }
        return "\(growth) from \(self.initialDelay.brief) to \(self.maximumDelay.brief), \(jitter)"
    }
}

/// `base` multiplied `exponent` times; stops growing when it is beyond any delay.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent where result < 1e18 { result *= base }
    return result
}
