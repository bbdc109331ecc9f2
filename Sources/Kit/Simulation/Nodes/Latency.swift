import Essentials

/// How long something takes: a distribution of durations.
public enum Latency: Hashable, Sendable {
    case none
    case constant(Duration)
    /// Any duration between the two, with the same chance.
    case uniform(Duration, Duration)
    /// Mostly short, now and then several times the mean; never more than `maximum`.
    case exponential(mean: Duration, maximum: Duration)
    /// Log-normal with a sigma of 1: half are below the median, one in a hundred is ten times as long; never more than
    /// `maximum`.
    case heavyTailed(median: Duration, maximum: Duration)

    public func draw(using generator: inout some RandomNumberGenerator) -> Duration {
        switch self {
        case .none: return .zero
        case .constant(let duration): return duration
        case .uniform(let low, let high):
            let span = max(0, high.nanoseconds - low.nanoseconds)
            return low + .nanoseconds(Int64(Self.fraction(&generator) * Double(span)))
        case .exponential(let mean, let maximum):
            let factor = Self.minusLogarithm(1 - Self.fraction(&generator))
            return min(maximum, .nanoseconds(Int64(Double(mean.nanoseconds) * factor)))
        case .heavyTailed(let median, let maximum):
            let factor = Self.exponential(Self.normal(&generator))
            return min(maximum, .nanoseconds(Int64(Double(median.nanoseconds) * factor)))
        }
    }

    private static func fraction(_ generator: inout some RandomNumberGenerator) -> Double {
        Double(generator.next() >> 11) * 0x1p-53
    }

    // Logarithm and exponential by plain arithmetic: those of the system's library differ in their last bits between
    // machines, and then a seed would not replay elsewhere.

    /// -ln(x) for 0 < x ≤ 1: the exponent, and the series of artanh for the significand.
    private static func minusLogarithm(_ x: Double) -> Double {
        let s = (x.significand - 1) / (x.significand + 1)
        let square = s * s
        var sum = 0.0
        for odd in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
        return -(Double(x.exponent) * 0.693_147_180_559_945_3 + 2 * s * sum)
    }

    /// e^x for |x| ≤ 6: the series for x/64, squared six times.
    private static func exponential(_ x: Double) -> Double {
        let part = x / 64
        var sum = 1.0
        for term in stride(from: 10, through: 1, by: -1) { sum = 1 + sum * part / Double(term) }
        for _ in 0..<6 { sum *= sum }
        return sum
    }

    /// Nearly normal, with mean 0 and variance 1: the sum of twelve uniform draws, less 6.
    private static func normal(_ generator: inout some RandomNumberGenerator) -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + self.fraction(&generator) }
    }
}
