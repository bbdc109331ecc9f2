/// What can be wrong with a history. The names are those of the field (Jepsen, Maelstrom, Adya).
public enum AnomalyKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// An event that was acknowledged is no longer in its log.
    case lostAppend = "lost append"
    /// A log holds another event at a place where one has been read.
    case rewrittenLog = "rewritten log"
    /// Positions or versions are not dense.
    case gap = "gap in the log"
    /// What a client was promised has left no trace, or is not what was promised.
    case lostUpdate = "lost update"
    /// One intent had its effect more than once.
    case duplicateEffect = "duplicate effect"
    /// Something exists that nobody asked for.
    case phantom = "phantom"
    /// What must follow from a fact has not come.
    case lostEffect = "lost effect"
    /// A read that began after a write had been acknowledged did not see it.
    case staleRead = "stale read"
    /// A client saw something older than it had seen before.
    case nonMonotonicRead = "non-monotonic read"
    /// A read saw what had not been committed.
    case dirtyRead = "dirty read"
    /// Money or stock came out of nothing or went into nothing.
    case brokenConservation = "broken conservation"
    /// An account or a shelf is below zero.
    case overdraft = "overdraft"
    /// Something moved in a way that its states do not allow.
    case impossibleTransition = "impossible transition"
    /// Two parts of the platform tell different ends of the same story.
    case disagreement = "disagreement"
    /// A saga has not ended although nothing stands in its way.
    case stuckSaga = "stuck saga"
    /// Other work has not ended although nothing stands in its way.
    case stuckWork = "stuck work"
    /// A read model is not the fold of the log.
    case divergedReadModel = "diverged read model"
    /// Two engines held the lease of one saga under one epoch.
    case twoLeaseHolders = "two lease holders"
    /// A client was answered with something that is none of the documented answers.
    case unexpectedAnswer = "unexpected answer"
    /// A service could not be started.
    case deadService = "dead service"
    /// A database is damaged.
    case corruption = "corruption"
}

/// One thing that is wrong, with the part of the history that shows it.
public struct Anomaly: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public var kind: AnomalyKind
    /// One sentence.
    public var what: String
    /// The least of the history that shows it, one line each, oldest first.
    public var excerpt: [String]

    public init(_ kind: AnomalyKind, _ what: String, excerpt: [String] = []) {
        self.kind = kind
        self.what = what
        self.excerpt = excerpt
    }

    public var description: String {
        ([self.kind.rawValue + ": " + self.what] + self.excerpt.map { "    " + $0 }).joined(separator: "\n")
    }

    public static func < (left: Anomaly, right: Anomaly) -> Bool {
        (left.kind.rawValue, left.what) < (right.kind.rawValue, right.what)
    }
}
