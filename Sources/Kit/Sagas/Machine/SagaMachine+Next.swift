public import Essentials

extension SagaMachine {
    /// What to do next.
    public func next(at now: Timestamp) -> SagaAction {
        switch self.phase {
        case .forward: self.nextForward(at: now)
        case .compensating: self.nextBackward(at: now)
        case .parked, .completed, .compensated: .rest
        }
    }

    private func nextForward(at now: Timestamp) -> SagaAction {
        guard let step = self.steps.firstIndex(where: { $0.action != .succeeded }) else { return .journal(.completed) }
        let action = self.nextForward(step: step, at: now)
        guard let end = self.endsAt else { return action }
        switch action {
        case .call, .inquire, .rest: return action
        case .journal(.parked): return action
        case .wait(let until) where now < end: return .wait(until: min(until ?? end, end))
        case .receive(let step, let isWaiting, let until) where now < end:
            return .receive(step: step, isWaiting: isWaiting, until: min(until ?? end, end))
        case .journal, .transact, .sleep, .receive, .wait:
            guard now >= end else { return action }
            let failure = SagaFailure(
                .deadlinePassed, step: self.plan.steps[step].name, message: "the saga was not done by \(end)")
            return .journal(.compensating(failure: failure))
        }
    }

    /// When the saga turns round if it is not done.
    private var endsAt: Timestamp? {
        guard let deadline, let startedAt else { return nil }
        return startedAt + deadline
    }

    private func nextForward(step: Int, at now: Timestamp) -> SagaAction {
        let kind = self.plan.steps[step].kind
        switch kind {
        case .transactional: return self.nextTransaction(step, .action, self.steps[step].action, at: now)
        case .idempotent, .inquirable, .atMostOnce: return self.nextRemote(step, kind, at: now)
        case .sleep:
            guard case .waiting(let until) = self.steps[step].action else { return .sleep(step: step) }
            guard let until, now < until else { return .journal(.succeeded(step: step)) }
            return .wait(until: until)
        case .signal: return self.nextSignal(step, at: now)
        }
    }

    private func nextRemote(_ step: Int, _ kind: StepKind, at now: Timestamp) -> SagaAction {
        switch self.steps[step].action {
        case .pending: return .journal(.intended(step: step, attempt: 1))
        case .calling(let attempt): return .call(SagaCall(step: step, direction: .action, attempt: attempt))
        case .lost(let attempt):
            return self.repeating(step, kind, attempt: attempt, "the engine stopped before the answer came")
        case .failed(let attempt, let retryAt, let isUndone):
            if now < retryAt { return .wait(until: retryAt) }
            if isUndone { return .journal(.intended(step: step, attempt: attempt + 1)) }
            return self.repeating(step, kind, attempt: attempt, "the call did not answer")
        case .waiting, .succeeded, .rejected:
            preconditionFailure("a remote step that goes forward cannot be \(self.steps[step].action)")
        }
    }

    /// What to do when it is not known whether a call had its effect.
    private func repeating(_ step: Int, _ kind: StepKind, attempt: Int, _ why: String) -> SagaAction {
        switch kind {
        case .inquirable: .inquire(SagaCall(step: step, direction: .action, attempt: attempt))
        case .atMostOnce:
            .journal(.parked(reason: .outcomeUnknown(step: self.plan.steps[step].name, message: why)))
        case .idempotent, .transactional, .sleep, .signal: .journal(.intended(step: step, attempt: attempt + 1))
        }
    }

    private func nextSignal(_ step: Int, at now: Timestamp) -> SagaAction {
        guard case .waiting(let until) = self.steps[step].action else {
            return .receive(step: step, isWaiting: false, until: nil)
        }
        return .receive(step: step, isWaiting: true, until: until)
    }

    private func nextTransaction(
        _ step: Int, _ direction: StepDirection, _ call: StepProgress.Call, at now: Timestamp,
    ) -> SagaAction {
        if case .failed(_, let retryAt, _) = call, now < retryAt { return .wait(until: retryAt) }
        return .transact(SagaCall(step: step, direction: direction, attempt: call.attempt + 1))
    }

    private func nextBackward(at now: Timestamp) -> SagaAction {
        let due = self.steps.indices.filter { self.steps[$0].needsCompensation(self.plan.steps[$0]) }
        #if PlantedFaults
            let open = PlantedFault.compensateInOrder.isPlanted ? due.first : due.last
        #else
            let open = due.last
        #endif
        guard let step = open else { return .journal(.compensated) }
        let call = self.steps[step].compensation
        guard self.plan.steps[step].isRemote else {
            return self.nextTransaction(step, .compensation, call, at: now)
        }
        switch call {
        case .pending: return .journal(.compensationIntended(step: step, attempt: 1))
        case .calling(let attempt): return .call(SagaCall(step: step, direction: .compensation, attempt: attempt))
        case .lost(let attempt): return .journal(.compensationIntended(step: step, attempt: attempt + 1))
        case .failed(let attempt, let retryAt, _):
            if now < retryAt { return .wait(until: retryAt) }
            return .journal(.compensationIntended(step: step, attempt: attempt + 1))
        case .waiting, .succeeded, .rejected:
            preconditionFailure("a compensation that is due cannot be \(call)")
        }
    }
}
