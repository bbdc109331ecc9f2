import Essentials

/// The answer of a strategy that did not let a call through, or did not let it go on.
///
/// It says who refused, why, with the numbers of that moment, and when it is worth trying again. Errors of the caller's
/// own closure never become a refusal.
public struct Refusal: Error, Hashable, Sendable {
    /// What happened, for programs.
    @nonexhaustive
    public enum Code: String, Hashable, Sendable {
        /// A circuit breaker lets nothing through for now.
        case circuitOpen
        /// A bulkhead has neither a free place nor room in its queue.
        case bulkheadFull
        /// A rate limit is used up.
        case rateLimited
        /// The time that the call may take is over.
        case deadlineExceeded
        /// There is more to do than can be done, and this call is not among what is done.
        case overloaded
        /// Anything else that a strategy outside this module refuses.
        case other
    }

    /// The rule that refused, and the numbers that it looked at.
    @nonexhaustive
    public enum Reason: Hashable, Sendable {
        case circuitOpen(failures: Int, window: Duration)
        case circuitOpenByRate(failedPercent: Int, calls: Int)
        case circuitOpenBySlowness(slowPercent: Int, calls: Int)
        case circuitReopened
        case circuitOpenedByHand
        case circuitIsolated
        case circuitProbing(running: Int, limit: Int)
        case bulkheadFull(running: Int, queued: Int)
        /// Its place in the queue went to a call of a higher priority.
        case displaced(priority: CallPriority, queued: Int)
        case queuedTooLong(waited: Duration, running: Int)
        case rateLimited(limit: Int, window: Duration)
        case overLimit(limit: Int, running: Int, queued: Int)
        case shed(priority: CallPriority, waiting: Duration, target: Duration)
        case timedOut(after: Duration)
        case deadlinePassed
        case because(String)
    }

    public var code: Code
    /// The name of the strategy that refused.
    public var strategy: String
    public var reason: Reason
    /// How long until the same call may be admitted, if known.
    public var retryAfter: Duration?

    /// - Parameters:
    ///   - code: what happened.
    ///   - strategy: the name of the strategy that refuses.
    ///   - reason: which rule, with the current numbers.
    ///   - retryAfter: how long until the same call may be admitted, if known.
    public init(_ code: Code, by strategy: String, _ reason: Reason, retryAfter: Duration? = nil) {
        self.code = code
        self.strategy = strategy
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

extension Refusal {
    /// The rule that refused, for programs: `rateLimited`, `circuitReopened`.
    public var rule: String { self.reason.facts.name }

    /// The numbers that the rule looked at, in the order in which they read best. Times are in milliseconds.
    public var figures: [(name: String, value: Int64)] { self.reason.facts.figures.map { ($0.key, $0.value) } }

    /// What is allowed in which time, when a rate limit refused.
    public var quota: Rate? {
        guard case .rateLimited(let limit, let window) = self.reason else { return nil }
        return Rate(limit, per: window)
    }
}

extension Refusal.Reason {
    fileprivate var facts: (name: String, figures: KeyValuePairs<String, Int64>) {
        switch self {
        case .circuitOpen(let failures, let window):
            ("circuitOpen", ["failures": Int64(failures), "windowMilliseconds": window.milliseconds])
        case .circuitOpenByRate(let percent, let calls):
            ("circuitOpenByRate", ["failedPercent": Int64(percent), "calls": Int64(calls)])
        case .circuitOpenBySlowness(let percent, let calls):
            ("circuitOpenBySlowness", ["slowPercent": Int64(percent), "calls": Int64(calls)])
        case .circuitReopened: ("circuitReopened", [:])
        case .circuitOpenedByHand: ("circuitOpenedByHand", [:])
        case .circuitIsolated: ("circuitIsolated", [:])
        case .circuitProbing(let running, let limit):
            ("circuitProbing", ["running": Int64(running), "limit": Int64(limit)])
        case .bulkheadFull(let running, let queued):
            ("bulkheadFull", ["running": Int64(running), "queued": Int64(queued)])
        case .displaced(_, let queued): ("displaced", ["queued": Int64(queued)])
        case .queuedTooLong(let waited, let running):
            ("queuedTooLong", ["waitedMilliseconds": waited.milliseconds, "running": Int64(running)])
        case .rateLimited(let limit, let window):
            ("rateLimited", ["limit": Int64(limit), "windowMilliseconds": window.milliseconds])
        case .overLimit(let limit, let running, let queued):
            ("overLimit", ["limit": Int64(limit), "running": Int64(running), "queued": Int64(queued)])
        case .shed(_, let waiting, let target):
            ("shed", ["waitingMilliseconds": waiting.milliseconds, "targetMilliseconds": target.milliseconds])
        case .timedOut(let duration): ("timedOut", ["limitMilliseconds": duration.milliseconds])
        case .deadlinePassed: ("deadlinePassed", [:])
        case .because: ("other", [:])
        }
    }
}

extension Refusal: CustomStringConvertible {
    /// One sentence for people: the rule, the numbers, and when to try again. Composed when asked for.
    public var message: String {
        guard let retryAfter else { return "\(self.sentence)." }
        return "\(self.sentence); try again in \(retryAfter.brief)."
    }

    public var description: String { self.message }

    private var sentence: String {
        switch self.reason {
        case .circuitOpen(let failures, let window):
            "Circuit breaker is OPEN: '\(self.strategy)' saw \(failures) failures within \(window.brief)"
        case .circuitOpenByRate(let percent, let calls):
            "Circuit breaker is OPEN: \(percent) % of the last \(calls) calls to '\(self.strategy)' failed"
        case .circuitOpenBySlowness(let percent, let calls):
            "Circuit breaker is OPEN: \(percent) % of the last \(calls) calls to '\(self.strategy)' were too slow"
        case .circuitOpenedByHand:
            "Circuit breaker is OPEN: '\(self.strategy)' was opened by an operator"
        case .circuitIsolated:
            "Circuit breaker is ISOLATED: '\(self.strategy)' was shut by an operator"
        case .circuitReopened:
            "Circuit breaker is OPEN: a probe of '\(self.strategy)' failed"
        case .circuitProbing(let running, let limit):
            "Circuit breaker is HALF_OPEN: '\(self.strategy)' has \(running) of \(limit) probes running"
        case .bulkheadFull(let running, let queued):
            "Bulkhead '\(self.strategy)' is full: \(running) calls run and \(queued) wait"
        case .displaced(let priority, let queued):
            "The queue of '\(self.strategy)' is full: \(queued) calls wait, and one that is needed more than "
                + "\(priority) took this one's place"
        case .overLimit(let limit, let running, let queued):
            "Adaptive limit '\(self.strategy)' is reached: \(running) of \(limit) calls run and \(queued) wait"
        case .shed(let priority, let waiting, let target):
            "Load shedding '\(self.strategy)' drops \(priority) calls: others wait \(waiting.brief), "
                + "\(target.brief) is the target"
        case .queuedTooLong(let waited, let running):
            "Bulkhead '\(self.strategy)' had no free place for \(waited.brief): \(running) calls run"
        case .rateLimited(let limit, let window):
            "Rate limit '\(self.strategy)' is used up: \(limit) in \(window.brief)"
        case .timedOut(let duration):
            "Timeout '\(self.strategy)' ended the call after \(duration.brief)"
        case .deadlinePassed:
            "The deadline had passed before '\(self.strategy)' could start the call"
        case .because(let sentence):
            sentence
        }
    }
}

extension Duration {
    /// `250 ms`, `1.5 s`, `15 min`: at most three decimals, rounded up, so that no wait reads as shorter than it is.
    package var brief: String {
        let nanoseconds = self.nanoseconds
        if nanoseconds % 60_000_000_000 == 0, nanoseconds != 0 { return "\(nanoseconds / 60_000_000_000) min" }
        let milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0)
        if abs(milliseconds) < 1_000 { return "\(milliseconds) ms" }
        var fraction = String(abs(milliseconds) % 1_000)
        while fraction.utf8.count < 3 { fraction = "0" + fraction }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let seconds = String(milliseconds / 1_000)
        return fraction.isEmpty ? "\(seconds) s" : "\(seconds).\(fraction) s"
    }
}
