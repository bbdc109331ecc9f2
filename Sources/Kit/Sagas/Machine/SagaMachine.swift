public import Essentials

/// One call that the engine makes for a saga.
public struct SagaCall: Hashable, Sendable {
    /// The place of the step in the definition, from 0.
    public var step: Int
    public var direction: StepDirection
    public var attempt: Int

    public init(step: Int, direction: StepDirection, attempt: Int) {
        self.step = step
        self.direction = direction
        self.attempt = attempt
    }
}

/// What to do next for a saga.
public enum SagaAction: Hashable, Sendable {
    /// Write this, apply it, and ask again.
    case journal(SagaFact)
    /// Run the step in this transaction, write what came of it, and ask again.
    case transact(SagaCall)
    /// The intent is journalled: once that is committed, call.
    case call(SagaCall)
    /// Ask the participant what became of this call.
    case inquire(SagaCall)
    /// Work out until when to sleep, and write it.
    case sleep(step: Int)
    /// Take the signal if it is there; else wait for it.
    case receive(step: Int, isWaiting: Bool, until: Timestamp?)
    /// Nothing to do before this date, or before something happens.
    case wait(until: Timestamp?)
    /// Nothing to do: the saga has ended or is parked.
    case rest
}

/// Decides what a saga does next. A value: the journal in, the next action out.
///
/// It knows no clock, no chance and no store; ``SagaEngine`` does what it says and journals what came of it.
public struct SagaMachine: Hashable, Sendable {
    enum Phase: Hashable, Sendable {
        /// Doing steps in order. Next: any other.
        case forward
        /// Undoing steps in reverse order. Next: compensated or parked.
        case compensating
        /// Waits for a person. Next: forward or compensating, whichever it was.
        case parked(SagaParkReason)
        /// Done. Final.
        case completed
        /// Undone. Final.
        case compensated
    }

    public let plan: SagaPlan
    let policies: [StepPolicy]
    let deadline: Duration?
    var phase = Phase.forward
    var steps: [StepProgress]
    var startedAt: Timestamp?
    /// Why the saga turned round, if it did.
    public internal(set) var failure: SagaFailure?

    /// - Parameters:
    ///   - policies: one for each step.
    ///   - deadline: how long after its start the saga turns round.
    public init(plan: SagaPlan, policies: [StepPolicy], deadline: Duration?) {
        precondition(plan.steps.count == policies.count, "each step needs a policy")
        self.plan = plan
        self.policies = policies
        self.deadline = deadline
        self.steps = Array(repeating: StepProgress(), count: plan.steps.count)
    }

    /// A machine that has seen a whole journal.
    public init(plan: SagaPlan, policies: [StepPolicy], deadline: Duration?, journal: [SagaEntry]) {
        self.init(plan: plan, policies: policies, deadline: deadline)
        for entry in journal { self.apply(entry.fact, at: entry.at) }
    }

    /// Where the saga is, given what the next action is.
    func state(before action: SagaAction) -> SagaState {
        switch self.phase {
        case .forward:
            if case .wait(let until) = action { return .waiting(until: until) }
            return .running
        case .compensating: return .compensating
        case .parked(let reason): return .parked(reason)
        case .completed: return .completed
        case .compensated: return .compensated
        }
    }

    /// A new owner takes over: calls that were under way have lost their answers.
    public mutating func ownerChanged() {
        for index in self.steps.indices {
            if case .calling(let attempt) = self.steps[index].action {
                self.steps[index].action = .lost(attempt: attempt)
            }
            if case .calling(let attempt) = self.steps[index].compensation {
                self.steps[index].compensation = .lost(attempt: attempt)
            }
        }
    }

    // MARK: - What happened

    /// Takes in one fact. Never fails: the journal is right by definition.
    public mutating func apply(_ fact: SagaFact, at moment: Timestamp) {
        switch fact {
        case .started: self.startedAt = moment
        case .intended, .succeeded, .failed, .inquired, .rejected, .waiting: self.applyAction(fact, at: moment)
        case .compensationIntended(let step, let attempt): self.steps[step].compensation = .calling(attempt: attempt)
        case .compensationSucceeded(let step): self.steps[step].compensation = .succeeded
        case .compensationFailed(let step, let attempt, _, let retryAt):
            self.steps[step].compensationFailures += 1
            self.steps[step].compensation = .failed(attempt: attempt, retryAt: retryAt, isUndone: false)
            #if PlantedFaults
                if PlantedFault.dropFailedCompensation.isPlanted { self.steps[step].compensation = .succeeded }
            #endif
        case .compensating(let failure):
            self.phase = .compensating
            self.failure = failure
        case .completed: self.phase = .completed
        case .compensated: self.phase = .compensated
        case .parked(let reason): self.applyParked(reason, at: moment)
        case .resumed: self.applyResumed(at: moment)
        }
    }

    private mutating func applyAction(_ fact: SagaFact, at moment: Timestamp) {
        switch fact {
        case .intended(let step, let attempt):
            switch self.steps[step].action {
            case .calling, .lost: self.steps[step].mayHaveHappened = true
            case .failed(_, _, let isUndone) where !isUndone: self.steps[step].mayHaveHappened = true
            case .pending, .failed, .waiting, .succeeded, .rejected: break
            }
            self.steps[step].firstIntendedAt = self.steps[step].firstIntendedAt ?? moment
            self.steps[step].action = .calling(attempt: attempt)
        case .succeeded(let step): self.steps[step].action = .succeeded
        case .failed(let step, let attempt, _, let isUndone, let retryAt):
            self.steps[step].failures += 1
            self.steps[step].firstIntendedAt = self.steps[step].firstIntendedAt ?? moment
            self.steps[step].action = .failed(attempt: attempt, retryAt: retryAt ?? moment, isUndone: isUndone)
        case .inquired(let step, let answer, _, let retryAt):
            self.steps[step].inquiries += 1
            let attempt = self.steps[step].action.attempt
            self.steps[step].action = .failed(
                attempt: attempt, retryAt: retryAt ?? moment, isUndone: answer == .didNotHappen)
        case .rejected(let step, _): self.steps[step].action = .rejected
        case .waiting(let step, let until): self.steps[step].action = .waiting(until: until)
        case .started, .compensating, .compensationIntended, .compensationSucceeded, .compensationFailed, .completed,
            .compensated, .parked, .resumed:
            preconditionFailure("\(fact) is not about an action")
        }
    }

    private mutating func applyParked(_ reason: SagaParkReason, at moment: Timestamp) {
        self.phase = .parked(reason)
        switch reason {
        case .outcomeUnknown(let name, _):
            guard let step = self.index(of: name) else { return }
            self.steps[step].action = .failed(
                attempt: self.steps[step].action.attempt, retryAt: moment, isUndone: false)
        case .compensationRefused(let name, _):
            guard let step = self.index(of: name) else { return }
            self.steps[step].compensation = .failed(
                attempt: self.steps[step].compensation.attempt, retryAt: moment, isUndone: false)
        case .definitionMissing, .stateUnreadable: break
        }
    }

    /// Goes on at once, whatever back-off was running. A person who resumes a step of unknown outcome says by it that the
    /// call is to be made again.
    private mutating func applyResumed(at moment: Timestamp) {
        if case .parked(.outcomeUnknown(let name, _)) = self.phase, let step = self.index(of: name) {
            self.steps[step].mayHaveHappened = true
            self.steps[step].action = .failed(
                attempt: self.steps[step].action.attempt, retryAt: moment, isUndone: true)
        }
        self.phase = self.failure == nil ? .forward : .compensating
        for index in self.steps.indices {
            if case .failed(let attempt, _, let isUndone) = self.steps[index].action {
                self.steps[index].action = .failed(attempt: attempt, retryAt: moment, isUndone: isUndone)
            }
            if case .failed(let attempt, _, _) = self.steps[index].compensation {
                self.steps[index].compensation = .failed(attempt: attempt, retryAt: moment, isUndone: false)
            }
        }
    }

    func index(of name: String) -> Int? { self.plan.steps.firstIndex { $0.name == name } }
}
