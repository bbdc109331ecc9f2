public import Essentials

/// Keeps retries a small share of the calls, so that retrying cannot turn a slow dependency into a dead one.
///
/// Over the window, retries may be `ratio` of the calls, but `floor` of them are always allowed. The window moves in
/// tenths.
public struct RetryBudget: Hashable, Sendable {
    /// How large the budget is.
    public struct Configuration: Hashable, Sendable {
        /// Retries per call. In 0...1. Default: 0.2.
        public var ratio = 0.2
        /// Retries that are allowed in each window however few calls there are. Default: 10.
        public var floor = 10
        /// What "lately" means. At least 10 milliseconds. Default: 10 seconds.
        public var window: Duration = .seconds(10)

        public init() {}

        func problems() -> [String] {
            var problems: [String] = []
            if !(0...1).contains(self.ratio) { problems.append("budget.ratio must lie in 0...1") }
            if self.floor < 0 { problems.append("budget.floor must not be negative") }
            if self.window < .milliseconds(10) { problems.append("budget.window must be at least 10 ms") }
            return problems
        }
    }

    private struct Slice: Hashable {
        var calls = 0
        var retries = 0
    }

    private static let sliceCount: Int64 = 10

    private let configuration: Configuration
    private let sliceLength: Int64
    private var slices = [Slice](repeating: Slice(), count: 10)
    private var current = Int64.min
    /// The index of the current slice, and the ticks that belong to it.
    private var currentIndex = 0
    private var currentEnd = Int64.min
    /// The sums over all slices.
    private var total = Slice()

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        self.sliceLength = max(1, configuration.window.nanoseconds / Self.sliceCount)
    }

    /// Notes a call (not a retry).
    public mutating func deposit(at now: Tick) {
        let slice = self.turn(to: now)
        self.slices[slice].calls += 1
        self.total.calls += 1
    }

    /// Takes one retry out of the budget; false when nothing is left.
    public mutating func withdraw(at now: Tick) -> Bool { self.withdraw(at: now, callsElsewhere: 0) }

    /// The same when further calls were noted in other budgets.
    mutating func withdraw(at now: Tick, callsElsewhere: Int) -> Bool {
        let slice = self.turn(to: now)
        let share = Int(self.configuration.ratio * Double(self.total.calls + callsElsewhere))
        guard self.total.retries < max(self.configuration.floor, share) else { return false }
        self.slices[slice].retries += 1
        self.total.retries += 1
        return true
    }

    /// The calls within the window.
    mutating func calls(at now: Tick) -> Int {
        _ = self.turn(to: now)
        return self.total.calls
    }

    /// Forgets what has left the window; returns the index of the slice of `now`.
    private mutating func turn(to now: Tick) -> Int {
        guard now.nanoseconds >= self.currentEnd else { return self.currentIndex }
        let quotient = now.nanoseconds / self.sliceLength
        let slice = max(self.current, now.nanoseconds % self.sliceLength < 0 ? quotient - 1 : quotient)
        let passed = self.current == .min ? Self.sliceCount : min(Self.sliceCount, slice - self.current)
        for offset in 0..<passed {
            let index = Int((slice - offset) % Self.sliceCount + Self.sliceCount) % Int(Self.sliceCount)
            self.total.calls -= self.slices[index].calls
            self.total.retries -= self.slices[index].retries
            self.slices[index] = Slice()
        }
        self.current = slice
        self.currentIndex = Int(slice % Self.sliceCount + Self.sliceCount) % Int(Self.sliceCount)
        self.currentEnd = (slice + 1) * self.sliceLength
        return self.currentIndex
    }
}
