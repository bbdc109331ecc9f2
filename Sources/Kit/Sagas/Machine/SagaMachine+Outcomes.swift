public import Essentials

/// What came of a call.
public enum SagaOutcome: Hashable, Sendable {
    case succeeded
    case rejected(SagaRejection)
    /// `isUndone`: the effect is known not to exist.
    case failed(error: String, isUndone: Bool)
    /// The answer to an inquiry about the call.
    case inquired(InquiryAnswer, error: String?)
}

extension SagaMachine {
    /// The facts that follow from what came of a call.
    /// - Parameter jitter: a fraction in `0..<1` that spreads the next attempt.
    public func facts(after call: SagaCall, _ outcome: SagaOutcome, jitter: Double, at now: Timestamp) -> [SagaFact] {
        switch call.direction {
        case .action: self.actionFacts(call, outcome, jitter: jitter, at: now)
        case .compensation: self.compensationFacts(call, outcome, jitter: jitter, at: now)
        }
    }

    private func actionFacts(
        _ call: SagaCall, _ outcome: SagaOutcome, jitter: Double, at now: Timestamp,
    ) -> [SagaFact] {
        switch outcome {
        case .succeeded: return [.succeeded(step: call.step)]
        case .rejected(let rejection):
            let failure = SagaFailure(
                .rejected, step: self.plan.steps[call.step].name, message: rejection.message, rejection: rejection)
            return [.rejected(step: call.step, rejection: rejection), .compensating(failure: failure)]
        case .failed(let error, let isUndone):
            return self.failureFacts(call, error, isUndone: isUndone, jitter: jitter, at: now)
        case .inquired(let answer, let error):
            return self.inquiryFacts(call, answer, error, jitter: jitter, at: now)
        }
    }

    private func failureFacts(
        _ call: SagaCall, _ error: String, isUndone: Bool, jitter: Double, at now: Timestamp,
    ) -> [SagaFact] {
        let policy = self.policies[call.step]
        let failures = self.steps[call.step].failures + 1
        let retryAt = now + policy.delay(afterFailures: failures, jitter: jitter)
        func failed(retryAt: Timestamp?) -> SagaFact {
            .failed(step: call.step, attempt: call.attempt, error: error, isUndone: isUndone, retryAt: retryAt)
        }
        let name = self.plan.steps[call.step].name
        let kind = self.plan.steps[call.step].kind
        if kind == .atMostOnce, !isUndone {
            return [failed(retryAt: nil), .parked(reason: .outcomeUnknown(step: name, message: error))]
        }
        let mustAskFirst = kind == .inquirable && !isUndone
        let isExhausted = !mustAskFirst && policy.maximumAttempts.map { failures >= $0 } ?? false
        guard !isExhausted, !self.isTooLate(call.step, at: retryAt) else {
            return [failed(retryAt: nil), .compensating(failure: SagaFailure(.gaveUp, step: name, message: error))]
        }
        return [failed(retryAt: retryAt)]
    }

    private func inquiryFacts(
        _ call: SagaCall, _ answer: InquiryAnswer, _ error: String?, jitter: Double, at now: Timestamp,
    ) -> [SagaFact] {
        let policy = self.policies[call.step]
        let progress = self.steps[call.step]
        let name = self.plan.steps[call.step].name
        func inquired(retryAt: Timestamp?) -> SagaFact {
            .inquired(step: call.step, answer: answer, error: error, retryAt: retryAt)
        }
        func gaveUp(_ message: String) -> SagaFact {
            .compensating(failure: SagaFailure(.gaveUp, step: name, message: message))
        }
        switch answer {
        case .happened: return [inquired(retryAt: nil), .succeeded(step: call.step)]
        case .didNotHappen:
            if let maximum = policy.maximumAttempts, progress.failures >= maximum {
                return [inquired(retryAt: nil), gaveUp("failed \(progress.failures) times without effect")]
            }
            return [inquired(retryAt: nil)]
        case .unknown:
            let retryAt = now + policy.delay(afterFailures: progress.inquiries + 1, jitter: jitter)
            guard !self.isTooLate(call.step, at: retryAt) else {
                return [inquired(retryAt: nil), gaveUp(error ?? "the outcome stayed unknown")]
            }
            return [inquired(retryAt: retryAt)]
        }
    }

    /// Whether a step is given up before `moment`.
    private func isTooLate(_ step: Int, at moment: Timestamp) -> Bool {
        guard let limit = self.policies[step].giveUpAfter, let first = self.steps[step].firstIntendedAt else {
            return false
        }
        return moment > first + limit
    }

    private func compensationFacts(
        _ call: SagaCall, _ outcome: SagaOutcome, jitter: Double, at now: Timestamp,
    ) -> [SagaFact] {
        switch outcome {
        case .succeeded: return [.compensationSucceeded(step: call.step)]
        case .rejected(let rejection):
            let name = self.plan.steps[call.step].name
            return [.parked(reason: .compensationRefused(step: name, rejection: rejection))]
        case .failed(let error, _):
            let failures = self.steps[call.step].compensationFailures + 1
            let delay = self.policies[call.step].delay(afterFailures: failures, jitter: jitter)
            return [
                .compensationFailed(step: call.step, attempt: call.attempt, error: error, retryAt: now + delay)
            ]
        case .inquired: preconditionFailure("a compensation is repeated, never inquired")
        }
    }

    /// The facts that follow when an awaited signal has not come in time.
    public func facts(afterMissingSignal step: Int) -> [SagaFact] {
        let name = self.plan.steps[step].name
        return [
            .compensating(failure: SagaFailure(.signalTimedOut, step: name, message: "'\(name)' did not come in time"))
        ]
    }
}
