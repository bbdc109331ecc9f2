import Essentials
import EventSourcing

/// How far one transaction has brought a saga.
struct SagaStride: Sendable {
    var duty: SagaDuty
    /// What it wrote.
    var entries: [SagaEntry]
}

/// Takes a saga as far as one transaction goes: writes results, runs transactional steps, and writes the next intent.
struct SagaAdvance<Unit> {
    let owner: String
    let leaseDuration: Duration
    let now: Timestamp
    let jitter: Double
    /// Outcomes of transactional steps that have thrown in an earlier try of this transaction.
    let verdicts: [SagaCallKey: SagaOutcome]
    let unit: Unit
    let journal: any SagaUnit

    /// - Parameters:
    ///   - epoch: the epoch of the stored row.
    ///   - version: the version of the stored row.
    /// - Throws: `SagaError.fenced` when the row has been written by somebody else.
    func advance(
        _ run: inout SagaRun<Unit>, after result: SagaResult?, epoch: Int64, version: Int64,
    ) throws -> SagaStride {
        if let result {
            let facts = run.machine.facts(after: result.call, result.outcome, jitter: self.jitter, at: self.now)
            try run.record(facts, newState: result.state, at: self.now)
        }
        let action = try self.perform(&run, epoch: epoch, version: version)
        let duty = self.settle(&run, action)
        let entries = run.unsaved
        run.unsaved = []
        guard try self.journal.updateSaga(run.instance, ifEpoch: epoch, version: version, appending: entries) else {
            throw SagaError(.fenced, "saga \(run.id) has been taken over")
        }
        return SagaStride(duty: duty, entries: entries)
    }

    /// Does what can be done inside the transaction. Returns the first action that cannot.
    private func perform(_ run: inout SagaRun<Unit>, epoch: Int64, version: Int64) throws -> SagaAction {
        while true {
            let action = run.machine.next(at: self.now)
            switch action {
            case .journal(let fact): run.record(fact, at: self.now)
            case .transact(let call): try self.transact(&run, call)
            case .sleep(let step):
                run.record(.waiting(step: step, until: self.wakeUp(run, step)), at: self.now)
            case .receive(let step, let isWaiting, let until):
                // The row is held before the signal is looked for, so that one that comes now finds us waiting.
                guard try self.journal.lockSaga(run.id, epoch: epoch, version: version) else {
                    throw SagaError(.fenced, "saga \(run.id) has been taken over")
                }
                if let wait = try self.receive(&run, step, isWaiting: isWaiting, until: until) { return wait }
            case .call, .inquire, .wait, .rest: return action
            }
        }
    }

    private func transact(_ run: inout SagaRun<Unit>, _ call: SagaCall) throws {
        if let outcome = self.verdicts[SagaCallKey(sagaID: run.id, call: call)] {
            let facts = run.machine.facts(after: call, outcome, jitter: self.jitter, at: self.now)
            return try run.record(facts, newState: nil, at: self.now)
        }
        guard case .local(let action, let compensation) = run.saga.steps[call.step].work else {
            preconditionFailure("\(run.machine.plan.steps[call.step].name) is not transactional")
        }
        guard let body = call.direction == .action ? action : compensation else {
            preconditionFailure("\(run.machine.plan.steps[call.step].name) has no compensation")
        }
        var state = run.state
        do {
            try body(&state, self.unit, run.context(for: call, deadline: nil, now: self.now))
        } catch {
            throw TransactionalStepFailed(sagaID: run.id, call: call, outcome: .undone(error))
        }
        let facts = run.machine.facts(after: call, .succeeded, jitter: self.jitter, at: self.now)
        try run.record(facts, newState: state, at: self.now)
    }

    private func wakeUp(_ run: SagaRun<Unit>, _ step: Int) -> Timestamp {
        guard case .sleep(let until) = run.saga.steps[step].work else {
            preconditionFailure("\(run.machine.plan.steps[step].name) is not a sleep")
        }
        return until(run.state, self.now).roundedUpToMilliseconds
    }

    /// Takes the signal if it is there, turns round if it is too late. Returns an action when there is only waiting.
    private func receive(
        _ run: inout SagaRun<Unit>, _ step: Int, isWaiting: Bool, until: Timestamp?,
    ) throws -> SagaAction? {
        guard case .signal(let timeout, let receive) = run.saga.steps[step].work else {
            preconditionFailure("\(run.machine.plan.steps[step].name) awaits no signal")
        }
        let call = SagaCall(step: step, direction: .action, attempt: 1)
        if let payload = try self.journal.sagaSignal(run.id, name: run.saga.steps[step].name) {
            var state = run.state
            do {
                try receive(&state, payload)
                try run.record([.succeeded(step: step)], newState: state, at: self.now)
            } catch {
                // The payload does not change: reading it again would fail again.
                let rejection =
                    error as? SagaRejection ?? SagaRejection(code: "unreadable_signal", message: "\(error)")
                let facts = run.machine.facts(after: call, .rejected(rejection), jitter: 0, at: self.now)
                try run.record(facts, newState: nil, at: self.now)
            }
            return nil
        }
        if isWaiting {
            guard let until, self.now >= until else { return .wait(until: until) }
            for fact in run.machine.facts(afterMissingSignal: step) { run.record(fact, at: self.now) }
        } else {
            run.record(.waiting(step: step, until: timeout.map { self.now + $0 }), at: self.now)
        }
        return nil
    }

    /// Sets the row to what the next action makes of it.
    private func settle(_ run: inout SagaRun<Unit>, _ action: SagaAction) -> SagaDuty {
        run.instance.state = run.machine.state(before: action)
        run.instance.updatedAt = self.now
        switch action {
        case .call(let call):
            self.hold(&run)
            return .call(call)
        case .inquire(let call):
            self.hold(&run)
            return .inquire(call)
        case .wait(let until):
            run.instance.owner = nil
            run.instance.due = until
            return .none
        case .rest:
            run.instance.owner = nil
            run.instance.due = nil
            return .none
        case .journal, .transact, .sleep, .receive:
            preconditionFailure("\(action) is done inside the transaction")
        }
    }

    private func hold(_ run: inout SagaRun<Unit>) {
        run.instance.owner = self.owner
        run.instance.due = self.now + self.leaseDuration
    }
}

extension SagaOutcome {
    /// What an error means whose effect has been rolled back.
    static func undone(_ error: any Error) -> SagaOutcome {
        if let rejection = error as? SagaRejection { return .rejected(rejection) }
        return .failed(error: String(describing: error), isUndone: true)
    }
}

extension Timestamp {
    /// The journal keeps milliseconds; a machine that has seen the journal must equal one that saw the events.
    var roundedDownToMilliseconds: Timestamp { Timestamp(milliseconds: self.milliseconds) }

    var roundedUpToMilliseconds: Timestamp {
        Timestamp(microseconds: self.microseconds + 999).roundedDownToMilliseconds
    }
}
