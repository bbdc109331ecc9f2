import Essentials

/// A refresh token as it stands, and what its presentation leads to. Each token is good for one exchange; whoever shows
/// it a second time is a thief or was robbed, and the session ends. A client whose answer was lost may repeat its
/// exchange for a short while and gets the same successor.
struct RefreshToken: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// Never presented; ``exchanged`` may follow.
        case fresh
        /// Exchanged for a successor; the successor has or has not been presented itself.
        case exchanged(at: Timestamp, successorWasUsed: Bool)
    }

    enum Decision: Hashable, Sendable {
        /// Issue a successor.
        case exchange
        /// Give the same successor once more.
        case repeatExchange
        /// End the session: the token is in two hands.
        case reuse
        /// Too old.
        case expired
        /// The session has ended already.
        case ended
    }

    var state: State
    var expiresAt: Timestamp
    var sessionHasEnded: Bool

    /// - Parameter window: how long an exchange may be repeated.
    func presented(at now: Timestamp, window: Duration) -> Decision {
        if self.sessionHasEnded { return .ended }
        switch self.state {
        case .fresh: return now < self.expiresAt ? .exchange : .expired
        case .exchanged(let moment, let successorWasUsed):
            // The date may have been set back since then.
            let isRecent = (.zero - window...window).contains(now - moment)
            return !successorWasUsed && isRecent ? .repeatExchange : .reuse
        }
    }
}
