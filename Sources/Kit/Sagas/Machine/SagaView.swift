public import Essentials

/// A saga as a person sees it, computed from its journal alone: it needs no definition.
public struct SagaView: Hashable, Sendable {
    /// How one direction of a step went.
    public struct Progress: Hashable, Sendable {
        public enum Status: String, Codable, Hashable, Sendable {
            case pending
            /// Being called, or about to be called again.
            case running
            /// A sleep or a signal.
            case waiting
            case succeeded
            case rejected
            /// Given up, or its outcome unknown.
            case failed
        }

        public var status = Status.pending
        /// How many calls were begun.
        public var attempts = 0
        /// What the last failed call or inquiry said.
        public var error: String?
        public var startedAt: Timestamp?
        public var endedAt: Timestamp?
        /// When it goes on, if that is a date.
        public var nextAt: Timestamp?

        public init() {}
    }

    public struct Step: Hashable, Sendable {
        public var plan: StepPlan
        public var action = Progress()
        public var compensation = Progress()

        public init(plan: StepPlan) {
            self.plan = plan
        }

        public var name: String { self.plan.name }
    }

    public var instance: SagaInstance
    public var steps: [Step] = []
    /// The step at which the saga turned round or was parked, and why.
    public var failure: SagaFailure?
    /// The state of the saga, as JSON.
    public var data: [UInt8] = []
    public var journal: [SagaEntry]

    public init(instance: SagaInstance, journal: [SagaEntry]) {
        self.instance = instance
        self.journal = journal
        for entry in journal {
            self.apply(entry.fact, at: entry.at)
            if let data = entry.state { self.data = data }
        }
    }

    public var id: UniqueID { self.instance.id }
    public var state: SagaState { self.instance.state }
    /// The name of the step that failed.
    public var failedStep: String? { self.failure?.step }

    /// Reads a saga.
    /// - Throws: `SagaError.notFound`.
    public static func read(_ id: UniqueID, in unit: any SagaUnit) throws -> SagaView {
        guard let instance = try unit.saga(id) else { throw SagaError.notFound(id) }
        return SagaView(instance: instance, journal: try unit.sagaJournal(id))
    }

    private mutating func apply(_ fact: SagaFact, at moment: Timestamp) {
        switch fact {
        case .started(let plan): self.steps = plan.steps.map { Step(plan: $0) }
        case .intended(let step, let attempt): self.steps[step].action.began(attempt, at: moment)
        case .succeeded(let step): self.steps[step].action.ended(.succeeded, at: moment)
        case .failed(let step, let attempt, let error, _, let retryAt):
            self.steps[step].action.failed(attempt, error, retryAt: retryAt, at: moment)
        case .inquired(let step, _, let error, let retryAt):
            self.steps[step].action.error = error ?? self.steps[step].action.error
            self.steps[step].action.nextAt = retryAt
        case .rejected(let step, let rejection):
            self.steps[step].action.ended(.rejected, at: moment)
            self.steps[step].action.error = rejection.description
        case .waiting(let step, let until):
            self.steps[step].action.began(0, at: moment)
            self.steps[step].action.status = .waiting
            self.steps[step].action.nextAt = until
        case .compensating(let failure): self.turned(failure)
        case .compensationIntended(let step, let attempt): self.steps[step].compensation.began(attempt, at: moment)
        case .compensationSucceeded(let step): self.steps[step].compensation.ended(.succeeded, at: moment)
        case .compensationFailed(let step, let attempt, let error, let retryAt):
            self.steps[step].compensation.failed(attempt, error, retryAt: retryAt, at: moment)
        case .parked(let reason): self.parked(reason, at: moment)
        case .completed, .compensated, .resumed: break
        }
    }

    private mutating func turned(_ failure: SagaFailure) {
        self.failure = failure
        guard let step = self.steps.firstIndex(where: { $0.name == failure.step }) else { return }
        if self.steps[step].action.status != .rejected { self.steps[step].action.status = .failed }
        self.steps[step].action.error = self.steps[step].action.error ?? failure.message
    }

    private mutating func parked(_ reason: SagaParkReason, at moment: Timestamp) {
        switch reason {
        case .definitionMissing, .stateUnreadable: break
        case .outcomeUnknown(let name, let message):
            guard let step = self.steps.firstIndex(where: { $0.name == name }) else { return }
            self.steps[step].action.status = .failed
            self.steps[step].action.error = message
        case .compensationRefused(let name, let rejection):
            guard let step = self.steps.firstIndex(where: { $0.name == name }) else { return }
            self.steps[step].compensation.ended(.rejected, at: moment)
            self.steps[step].compensation.error = rejection.description
        }
    }
}

extension SagaView.Progress {
    fileprivate mutating func began(_ attempt: Int, at moment: Timestamp) {
        self.status = .running
        self.attempts = max(self.attempts, attempt)
        self.startedAt = self.startedAt ?? moment
        self.endedAt = nil
        self.nextAt = nil
    }

    fileprivate mutating func ended(_ status: Status, at moment: Timestamp) {
        self.status = status
        self.attempts = max(self.attempts, status == .succeeded ? 1 : 0)
        self.startedAt = self.startedAt ?? moment
        self.endedAt = moment
        self.nextAt = nil
    }

    fileprivate mutating func failed(_ attempt: Int, _ error: String, retryAt: Timestamp?, at moment: Timestamp) {
        self.began(attempt, at: moment)
        self.error = error
        self.nextAt = retryAt
    }
}
