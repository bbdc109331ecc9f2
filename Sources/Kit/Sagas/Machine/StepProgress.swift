import Essentials

/// How far a saga has come with one step.
struct StepProgress: Hashable, Sendable {
    /// How far one direction of a step is. A call goes pending → calling → succeeded, rejected, or failed → calling again.
    enum Call: Hashable, Sendable {
        case pending
        /// The intent is journalled; the owner is calling.
        case calling(attempt: Int)
        /// The intent is journalled; the owner that called is gone, and the answer with it.
        case lost(attempt: Int)
        /// `isUndone`: the effect is known not to exist.
        case failed(attempt: Int, retryAt: Timestamp, isUndone: Bool)
        /// At a sleep or a signal.
        case waiting(until: Timestamp?)
        case succeeded
        case rejected

        /// The number of the last call.
        var attempt: Int {
            switch self {
            case .calling(let attempt), .lost(let attempt), .failed(let attempt, _, _): attempt
            case .pending, .waiting, .succeeded, .rejected: 0
            }
        }
    }

    var action = Call.pending
    var compensation = Call.pending
    /// How many calls of the action have failed. Lost ones do not count: a restart is not the participant's fault.
    var failures = 0
    var inquiries = 0
    var compensationFailures = 0
    var firstIntendedAt: Timestamp?
    /// Whether an earlier call than the last may have had its effect.
    var mayHaveHappened = false

    /// Whether the step must be undone when the saga turns round.
    func needsCompensation(_ plan: StepPlan) -> Bool {
        guard plan.hasCompensation, self.compensation != .succeeded else { return false }
        #if PlantedFaults
            if PlantedFault.compensateOnlySuccesses.isPlanted { return self.action == .succeeded }
        #endif
        switch self.action {
        case .pending, .waiting: return false
        case .calling, .lost, .failed: return plan.isRemote
        case .succeeded: return true
        case .rejected: return self.mayHaveHappened
        }
    }
}
