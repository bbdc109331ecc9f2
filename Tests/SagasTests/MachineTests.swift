import Essentials
import Sagas
import Testing

@Suite struct `The machine` {
    static let start = Timestamp(milliseconds: 1_000_000)

    /// A machine with one step of a kind, and one in front of it that can be compensated.
    private func machine(
        _ kind: StepKind, policy: StepPolicy = StepPolicy(), _ facts: [SagaFact],
    ) -> SagaMachine {
        let plan = SagaPlan(
            name: "test",
            steps: [
                StepPlan(name: "first", kind: .idempotent, hasCompensation: true),
                StepPlan(name: "second", kind: kind, hasCompensation: kind != .sleep && kind != .signal),
            ])
        var machine = SagaMachine(plan: plan, policies: [StepPolicy(), policy], deadline: nil)
        machine.apply(.started(plan: plan), at: Self.start)
        for fact in [.intended(step: 0, attempt: 1), .succeeded(step: 0)] + facts {
            machine.apply(fact, at: Self.start)
        }
        return machine
    }

    private func call(_ attempt: Int = 1, _ direction: StepDirection = .action) -> SagaCall {
        SagaCall(step: 1, direction: direction, attempt: attempt)
    }

    @Test(arguments: [StepKind.idempotent, .inquirable, .atMostOnce])
    func `journals an intent before each call`(_ kind: StepKind) {
        var machine = self.machine(kind, [])
        #expect(machine.next(at: Self.start) == .journal(.intended(step: 1, attempt: 1)))
        machine.apply(.intended(step: 1, attempt: 1), at: Self.start)
        #expect(machine.next(at: Self.start) == .call(self.call()))
        machine.apply(.succeeded(step: 1), at: Self.start)
        #expect(machine.next(at: Self.start) == .journal(.completed))
        machine.apply(.completed, at: Self.start)
        #expect(machine.next(at: Self.start) == .rest)
    }

    @Test func `runs a transactional step without an intent`() {
        let machine = self.machine(.transactional, [])
        #expect(machine.next(at: Self.start) == .transact(self.call()))
    }

    @Test func `treats a lost answer as the step's kind says`() {
        let intended = SagaFact.intended(step: 1, attempt: 1)
        func next(_ kind: StepKind) -> SagaAction {
            var machine = self.machine(kind, [intended])
            machine.ownerChanged()
            return machine.next(at: Self.start)
        }
        #expect(next(.idempotent) == .journal(.intended(step: 1, attempt: 2)))
        #expect(next(.inquirable) == .inquire(self.call()))
        let reason = SagaParkReason.outcomeUnknown(
            step: "second", message: "the engine stopped before the answer came")
        #expect(next(.atMostOnce) == .journal(.parked(reason: reason)))
    }

    @Test(arguments: [StepKind.idempotent, .inquirable, .atMostOnce, .transactional])
    func `turns round on a rejection and skips the step that said no`(_ kind: StepKind) {
        let rejection = SagaRejection(code: "no", message: "not today")
        var machine = self.machine(kind, [.intended(step: 1, attempt: 1)])
        let facts = machine.facts(after: self.call(), .rejected(rejection), jitter: 0, at: Self.start)
        let failure = SagaFailure(.rejected, step: "second", message: "not today", rejection: rejection)
        #expect(facts == [.rejected(step: 1, rejection: rejection), .compensating(failure: failure)])
        for fact in facts { machine.apply(fact, at: Self.start) }
        #expect(machine.next(at: Self.start) == .journal(.compensationIntended(step: 0, attempt: 1)))
        machine.apply(.compensationIntended(step: 0, attempt: 1), at: Self.start)
        #expect(
            machine.next(at: Self.start) == .call(SagaCall(step: 0, direction: .compensation, attempt: 1)))
        machine.apply(.compensationSucceeded(step: 0), at: Self.start)
        #expect(machine.next(at: Self.start) == .journal(.compensated))
        machine.apply(.compensated, at: Self.start)
        #expect(machine.next(at: Self.start) == .rest)
    }

    @Test func `compensates a rejected step when an earlier call of it was lost`() {
        var machine = self.machine(.idempotent, [.intended(step: 1, attempt: 1)])
        machine.ownerChanged()
        machine.apply(.intended(step: 1, attempt: 2), at: Self.start)
        let rejection = SagaRejection(code: "no", message: "no")
        for fact in machine.facts(after: self.call(2), .rejected(rejection), jitter: 0, at: Self.start) {
            machine.apply(fact, at: Self.start)
        }
        #expect(machine.next(at: Self.start) == .journal(.compensationIntended(step: 1, attempt: 1)))
    }

    @Test func `waits between failures and gives up after the last, compensating the unknown call`() {
        let policy = StepPolicy(maximumAttempts: 2, initialDelay: .seconds(1))
        var machine = self.machine(.idempotent, policy: policy, [.intended(step: 1, attempt: 1)])
        let outcome = SagaOutcome.failed(error: "timeout", isUndone: false)
        let retryAt = Self.start + .milliseconds(500)
        let first = machine.facts(after: self.call(), outcome, jitter: 0, at: Self.start)
        #expect(first == [.failed(step: 1, attempt: 1, error: "timeout", isUndone: false, retryAt: retryAt)])
        machine.apply(first[0], at: Self.start)
        #expect(machine.next(at: Self.start) == .wait(until: retryAt))
        #expect(machine.next(at: retryAt) == .journal(.intended(step: 1, attempt: 2)))
        machine.apply(.intended(step: 1, attempt: 2), at: retryAt)
        let second = machine.facts(after: self.call(2), outcome, jitter: 0, at: retryAt)
        #expect(second.last == .compensating(failure: SagaFailure(.gaveUp, step: "second", message: "timeout")))
        for fact in second { machine.apply(fact, at: retryAt) }
        #expect(machine.next(at: retryAt) == .journal(.compensationIntended(step: 1, attempt: 1)))
    }

    @Test func `does not compensate a transactional step that never succeeded`() {
        let policy = StepPolicy(maximumAttempts: 1)
        var machine = self.machine(.transactional, policy: policy, [])
        let outcome = SagaOutcome.failed(error: "stale", isUndone: true)
        for fact in machine.facts(after: self.call(), outcome, jitter: 0, at: Self.start) {
            machine.apply(fact, at: Self.start)
        }
        #expect(machine.next(at: Self.start) == .journal(.compensationIntended(step: 0, attempt: 1)))
    }

    @Test func `parks a step that must not be repeated when its call fails`() {
        let machine = self.machine(.atMostOnce, [.intended(step: 1, attempt: 1)])
        let facts = machine.facts(
            after: self.call(), .failed(error: "timeout", isUndone: false), jitter: 0, at: Self.start)
        #expect(facts.last == .parked(reason: .outcomeUnknown(step: "second", message: "timeout")))
    }

    @Test func `asks before it repeats or gives up, and gives up only what did not happen`() {
        let policy = StepPolicy(maximumAttempts: 1, initialDelay: .zero)
        var machine = self.machine(.inquirable, policy: policy, [.intended(step: 1, attempt: 1)])
        for fact in machine.facts(
            after: self.call(), .failed(error: "timeout", isUndone: false), jitter: 0, at: Self.start)
        {
            machine.apply(fact, at: Self.start)
        }
        #expect(machine.next(at: Self.start) == .inquire(self.call()))
        let unknown = machine.facts(after: self.call(), .inquired(.unknown, error: nil), jitter: 0, at: Self.start)
        #expect(unknown == [.inquired(step: 1, answer: .unknown, error: nil, retryAt: Self.start)])
        let happened = machine.facts(after: self.call(), .inquired(.happened, error: nil), jitter: 0, at: Self.start)
        #expect(happened.last == .succeeded(step: 1))
        let not = machine.facts(after: self.call(), .inquired(.didNotHappen, error: nil), jitter: 0, at: Self.start)
        guard case .compensating = not.last else {
            Issue.record("\(not)")
            return
        }
    }

    @Test func `stops asking when the step's time is up`() {
        let policy = StepPolicy(initialDelay: .seconds(1), giveUpAfter: .seconds(10))
        let machine = self.machine(.inquirable, policy: policy, [.intended(step: 1, attempt: 1)])
        func facts(at moment: Timestamp) -> [SagaFact] {
            machine.facts(after: self.call(), .inquired(.unknown, error: nil), jitter: 0, at: moment)
        }
        #expect(facts(at: Self.start + .seconds(9)).count == 1)
        #expect(facts(at: Self.start + .seconds(10)).count == 2)
    }

    @Test func `repeats a compensation without end, and parks it only when it is refused`() {
        let failure = SagaFailure(.requested, step: nil, message: "")
        var machine = self.machine(.transactional, [.compensating(failure: failure)])
        let compensation = SagaCall(step: 0, direction: .compensation, attempt: 1)
        for attempt in 1...50 {
            machine.apply(.compensationIntended(step: 0, attempt: attempt), at: Self.start)
            let facts = machine.facts(
                after: SagaCall(step: 0, direction: .compensation, attempt: attempt),
                .failed(error: "down", isUndone: false), jitter: 0.999, at: Self.start)
            guard case .compensationFailed(_, _, _, let retryAt) = facts[0] else {
                Issue.record("\(facts)")
                return
            }
            #expect(retryAt - Self.start <= .seconds(30))
            machine.apply(facts[0], at: Self.start)
            #expect(machine.next(at: retryAt) == .journal(.compensationIntended(step: 0, attempt: attempt + 1)))
        }
        let rejection = SagaRejection(code: "gone", message: "too late")
        let refused = machine.facts(after: compensation, .rejected(rejection), jitter: 0, at: Self.start)
        #expect(refused == [.parked(reason: .compensationRefused(step: "first", rejection: rejection))])
        machine.apply(refused[0], at: Self.start)
        #expect(machine.next(at: Self.start) == .rest)
        machine.apply(.resumed, at: Self.start)
        #expect(machine.next(at: Self.start) == .journal(.compensationIntended(step: 0, attempt: 51)))
    }

    @Test func `is the same whether it saw the facts or read them later`() {
        let failure = SagaFailure(.requested, step: nil, message: "")
        let facts: [SagaFact] = [
            .intended(step: 1, attempt: 1),
            .failed(step: 1, attempt: 1, error: "x", isUndone: false, retryAt: Self.start),
            .intended(step: 1, attempt: 2), .compensating(failure: failure),
            .compensationIntended(step: 1, attempt: 1), .compensationSucceeded(step: 1),
        ]
        let live = self.machine(.idempotent, facts)
        let all: [SagaFact] =
            [.started(plan: live.plan), .intended(step: 0, attempt: 1), .succeeded(step: 0)] + facts
        let entries = all.enumerated().map {
            SagaEntry(sequence: Int64($0.offset) + 1, at: Self.start, fact: $0.element)
        }
        let replayed = SagaMachine(
            plan: live.plan, policies: [StepPolicy(), StepPolicy()], deadline: nil, journal: entries)
        #expect(replayed == live)
    }
}
