public import Essentials

/// Watches one objective: counts events, knows the budget, and raises burn-rate alerts. A value: time comes in with each call.
public struct ObjectiveTracker: Sendable {
    /// An alert has fired or cleared.
    public struct Change: Hashable, Sendable {
        public var objective: String
        public var burnRate: BurnRate
        public var transition: AlertMachine.Transition
        /// How fast the budget is spent over the long and the short window.
        public var long: Double
        public var short: Double
    }

    public let objective: Objective
    public let burnRates: [BurnRate]
    private var windows: EventWindows
    private var alerts: [AlertMachine]

    /// - Parameters:
    ///   - burnRates: the pairs of windows. Default: the workbook's four.
    ///   - resolution: how finely time is cut; evaluate at least this often. Default: 30 seconds.
    public init(
        _ objective: Objective, burnRates: [BurnRate] = BurnRate.standard, resolution: Duration = .seconds(30)
    ) {
        self.objective = objective
        self.burnRates = burnRates
        let longest = burnRates.map(\.long).max() ?? objective.window
        self.windows = EventWindows(resolution: resolution, longest: max(longest, objective.window))
        self.alerts = burnRates.map { _ in AlertMachine() }
    }

    /// Counts events that have just happened.
    public mutating func add(total: Int, bad: Int, at now: Tick) {
        self.windows.add(EventCount(total: total, bad: bad), at: now)
    }

    /// The error budget over the objective's window.
    public func budget(at now: Tick) -> ErrorBudget {
        ErrorBudget(self.objective, self.windows.count(over: self.objective.window, at: now))
    }

    /// How fast the budget is spent over a window.
    public func burnRate(over window: Duration, at now: Tick) -> Double {
        BurnRate.of(self.windows.count(over: window, at: now), self.objective)
    }

    /// Which alerts fire now, the most urgent first.
    public var firing: [BurnRate] { zip(self.burnRates, self.alerts).filter { $0.1.isFiring }.map(\.0) }

    /// Evaluates all alerts. Each change is told once.
    public mutating func evaluate(at now: Tick) -> [Change] {
        self.burnRates.indices.compactMap { index in
            let rate = self.burnRates[index]
            let long = self.burnRate(over: rate.long, at: now)
            let short = self.burnRate(over: rate.short, at: now)
            // Ratios of counts are not exact: a burn of just the factor counts.
            let isBurning = min(long, short) >= rate.factor * (1 - 1e-9)
            return self.alerts[index].evaluate(isBurning, at: now).map {
                Change(objective: self.objective.name, burnRate: rate, transition: $0, long: long, short: short)
            }
        }
    }
}
