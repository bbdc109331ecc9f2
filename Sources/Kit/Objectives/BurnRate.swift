import Essentials

/// One pair of windows of a multi-window, multi-burn-rate alert (The Site Reliability Workbook, chapter 5).
///
/// A burn rate of 1 spends exactly the whole budget by the end of the objective's window. The long window says that it
/// matters, the short one that it is still going on: without it the alert would stay for an hour after the end.
public struct BurnRate: Hashable, Sendable {
    /// How soon somebody has to come.
    @nonexhaustive
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Now.
        case page
        /// In working hours.
        case ticket
    }

    public var severity: Severity
    /// How many times faster than sustainable the budget is spent.
    public var factor: Double
    public var long: Duration
    public var short: Duration

    public init(_ severity: Severity, factor: Double, long: Duration, short: Duration) {
        precondition(factor > 0 && short > .zero && long >= short, "the short window is the shorter one")
        self.severity = severity
        self.factor = factor
        self.long = long
        self.short = short
    }

    /// The workbook's four for a window of 30 days: 2 % of the budget in an hour, 5 % in six, 10 % in a day, 10 % in three.
    public static let standard: [BurnRate] = [
        BurnRate(.page, factor: 14.4, long: .seconds(3_600), short: .seconds(300)),
        BurnRate(.page, factor: 6, long: .seconds(6 * 3_600), short: .seconds(1_800)),
        BurnRate(.ticket, factor: 3, long: .seconds(86_400), short: .seconds(7_200)),
        BurnRate(.ticket, factor: 1, long: .seconds(3 * 86_400), short: .seconds(6 * 3_600)),
    ]

    /// How fast the budget is spent when these events are the rule.
    public static func of(_ count: EventCount, _ objective: Objective) -> Double {
        count.badRatio / objective.budget
    }

    /// The share of the budget that is spent when the alert fires on a steady burn.
    public func spent(of objective: Objective) -> Double {
        self.factor * self.long.fractionalSeconds / objective.window.fractionalSeconds
    }

    /// After how long a steady share of bad events makes the alert fire, when there were as many events before and none
    /// of them was bad. Nil when it never does.
    public func timeToFire(badRatio: Double, _ objective: Objective) -> Duration? {
        let burn = badRatio / objective.budget
        return burn >= self.factor ? .seconds(self.long.fractionalSeconds * self.factor / burn) : nil
    }

    /// After how long the alert clears when the bad events end that filled its short window.
    public func timeToClear(badRatio: Double, _ objective: Objective) -> Duration? {
        let burn = badRatio / objective.budget
        return burn >= self.factor ? .seconds(self.short.fractionalSeconds * (1 - self.factor / burn)) : nil
    }
}
