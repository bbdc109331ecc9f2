import Essentials
import Resilience

extension Scenario {
    /// Ten places of 100 ms: 100 requests a second.
    static let healthy = SimulatedService.Condition(places: 10, meanTime: .milliseconds(100))

    /// Three times as many come as can be served, for 20 seconds; before and after, six tenths of that.
    static let step = Scenario(
        name: "Step of 3× load", length: 60, trouble: 10..<30,
        rate: { (Tick.seconds(10)..<Tick.seconds(30)).contains($0) ? 300 : 60 },
        condition: { _ in Self.healthy })

    /// A burst of three seconds, and people who try again when they are told no.
    static let storm = Scenario(
        name: "Retry storm after a burst", length: 60, trouble: 10..<13,
        rate: { (Tick.seconds(10)..<Tick.seconds(13)).contains($0) ? 500 : 70 },
        condition: { _ in Self.healthy }, patience: .seconds(6), reloads: 3)

    /// The service takes three times as long for 20 seconds.
    static let slow = Scenario(
        name: "Slow dependency", length: 60, trouble: 10..<30, rate: { _ in 70 },
        condition: { now in
            guard (Tick.seconds(10)..<Tick.seconds(30)).contains(now) else { return Self.healthy }
            return SimulatedService.Condition(places: 10, meanTime: .milliseconds(300))
        })

    /// The service fails for 20 seconds and comes back with cold caches: a fifth of its places, then more each second.
    static let recovering = Scenario(
        name: "Recovering dependency", length: 120, trouble: 10..<30, rate: { _ in 70 },
        condition: { now in
            var condition = Self.healthy
            condition.isDown = (Tick.seconds(10)..<Tick.seconds(30)).contains(now)
            if now >= .seconds(30) { condition.places = min(10, 2 + Int((now - .seconds(30)).fractionalSeconds / 2)) }
            return condition
        })
}
