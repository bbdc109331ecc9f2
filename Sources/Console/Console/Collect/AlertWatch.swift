import Essentials
import Objectives
import Synchronization

/// Measures the services against their objectives and thresholds.
final class AlertWatch: Sendable {
    /// An objective, and what is left of its budget.
    struct Standing: Encodable, Hashable, Sendable {
        struct Burn: Encodable, Hashable, Sendable {
            var severity: String
            var factor: Double
            var longWindowHours: Double
            var long: Double
            var short: Double
            var isFiring: Bool
        }

        var name: String
        var target: Double
        var remainingShare: Double
        var spent: Int
        var allowed: Double
        var burns: [Burn]
    }

    /// A threshold that is broken now.
    struct Broken: Encodable, Hashable, Sendable {
        var rule: String
        var subject: String
        var threshold: Double
    }

    private struct State {
        var objectives: [String: ObjectiveTracker] = [:]
        var recent: [String: [RateRow]] = [:]
        var thresholds = ThresholdAlerts()
    }

    /// How many services are watched.
    private static let maximumServices = 200
    /// What thresholds look back on.
    private static let window = Duration.seconds(300)

    private let state = Mutex(State())
    private let time: TimeSource
    /// The share of requests that services answer without an error of their own.
    private let target: Double

    init(target: Double = 0.999, time: TimeSource) {
        self.target = target
        self.time = time
    }

    /// Counts an interval, and says which alerts began and ended with it.
    func take(_ rows: [RateRow], at moment: Timestamp) -> [AlertRow] {
        let now = self.time.now
        return self.state.withLock { state in
            for row in rows {
                guard state.objectives[row.service] != nil || state.objectives.count < Self.maximumServices else {
                    continue
                }
                let new = ObjectiveTracker(Objective(name: row.service, target: self.target))
                state.objectives[row.service, default: new].add(
                    total: Int(row.requests), bad: Int(row.errors), at: now)
                state.recent[row.service, default: []].append(row)
            }
            return state.objectives.keys.sorted().flatMap { service in
                state.recent[service]?.removeAll { $0.at < moment - Self.window }
                return self.burns(of: service, in: &state, at: now, moment)
                    + self.thresholds(of: service, in: &state, at: now, moment)
            }
        }
    }

    private func burns(of service: String, in state: inout State, at now: Tick, _ moment: Timestamp) -> [AlertRow] {
        (state.objectives[service]?.evaluate(at: now) ?? []).map { change in
            let hours = change.burnRate.long.nanoseconds / 3_600_000_000_000
            return AlertRow(
                at: moment, severity: change.burnRate.severity.rawValue, subject: service,
                text: "burns its error budget \(Format.number(change.long)) times as fast as it may, over \(hours) h",
                isFiring: change.transition == .fired)
        }
    }

    private func thresholds(
        of service: String, in state: inout State, at now: Tick, _ moment: Timestamp,
    ) -> [AlertRow] {
        let summary = RateSummary(state.recent[service] ?? [], over: Self.window)
        let has = summary.requests > 0
        let values: [(ThresholdRule.Quantity, Double)] = [
            (.latency, summary.p99Milliseconds / 1_000), (.errors, summary.errorRatio),
            (.availability, 1 - summary.errorRatio),
        ]
        return values.flatMap { quantity, value in
            state.thresholds.evaluate(quantity, of: service, is: has ? value : nil, at: now).map { change in
                AlertRow(
                    at: moment, severity: "notice", subject: service,
                    text: "\(change.rule.name) \(change.rule.side == .above ? "above" : "below") "
                        + "\(Format.number(change.rule.threshold)): \(Format.number(value))",
                    isFiring: change.transition == .fired)
            }
        }
    }

    var broken: [Broken] {
        self.state.withLock { state in
            state.thresholds.firing.map {
                Broken(rule: $0.rule.name, subject: $0.subject, threshold: $0.rule.threshold)
            }
        }
    }

    var standings: [Standing] {
        let now = self.time.now
        return self.state.withLock { state in
            state.objectives.values.sorted { $0.objective.name < $1.objective.name }.map { tracker in
                let budget = tracker.budget(at: now)
                let firing = tracker.firing
                return Standing(
                    name: tracker.objective.name, target: tracker.objective.target,
                    remainingShare: budget.remainingShare, spent: budget.spent, allowed: budget.allowed,
                    burns: tracker.burnRates.map { rate in
                        Standing.Burn(
                            severity: rate.severity.rawValue, factor: rate.factor,
                            longWindowHours: rate.long.fractionalSeconds / 3_600,
                            long: tracker.burnRate(over: rate.long, at: now),
                            short: tracker.burnRate(over: rate.short, at: now), isFiring: firing.contains(rate))
                    })
            }
        }
    }
}
