import Essentials

/// Decides when waiting transactions are committed: at once, or a little later together with others.
///
/// A flush costs the same for one transaction as for a hundred. When several writers are at work, a commit that waits a
/// few milliseconds saves the flushes of those that come meanwhile; when there is only one, it would wait for nobody. So
/// the pace counts the *strangers*: transactions that came while another one was still unanswered. Those that come right
/// behind an answer are not counted, because they follow from it: their writer could not have come sooner, and waiting
/// longer brings no more of them. A commit waits while one stranger at least is to be expected meanwhile.
struct CommitPace: Hashable, Sendable {
    /// How soon behind an answer a transaction counts as its consequence.
    static let echo = Duration.microseconds(500)
    /// How much of what was counted still counts after the next commit.
    private static let memory = 0.97

    /// How long a commit waits for strangers at most; zero: no commit waits, not even for the patience of its writer.
    let gather: Duration
    /// Transactions in a hurry that have no answer yet.
    private var unanswered = 0
    private var lastAnswer = Tick.distantPast
    /// Up to here, time has been counted.
    private var counted = Tick.distantPast
    private var strangers = 0.0
    /// Seconds in which a stranger could have come.
    private var span: Double
    /// The span that is assumed without evidence: nobody comes in it.
    private let prior: Double

    init(gather: Duration) {
        self.gather = gather
        self.prior = (gather * 2).fractionalSeconds
        self.span = self.prior
    }

    /// Whether a commit would wait for strangers now.
    var expectsStrangers: Bool {
        self.strangers * self.gather.fractionalSeconds > self.span
    }

    /// A transaction has come.
    /// - Parameter patience: how long it may wait, whoever else comes; zero for one in a hurry.
    /// - Returns: when it has to be committed at the latest.
    mutating func arrived(patience: Duration, at now: Tick) -> Tick {
        guard self.gather > .zero else { return now }
        guard patience <= .zero else { return now + patience }
        self.countTime(until: now)
        if self.unanswered > 0, now >= self.lastAnswer + Self.echo { self.strangers += 1 }
        self.unanswered += 1
        return self.expectsStrangers ? now + self.gather : now
    }

    /// A commit has been made, or has failed, with so many transactions that were in a hurry.
    mutating func answered(_ hurried: Int, at now: Tick) {
        guard self.gather > .zero else { return }
        self.countTime(until: now)
        self.unanswered -= hurried
        self.lastAnswer = now
        self.strangers *= Self.memory
        self.span = self.span * Self.memory + self.prior * (1 - Self.memory)
    }

    private mutating func countTime(until now: Tick) {
        let from = max(self.counted, self.lastAnswer + Self.echo)
        if self.unanswered > 0, now > from { self.span += (now - from).fractionalSeconds }
        self.counted = now
    }
}
