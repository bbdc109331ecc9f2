import Essentials
import EventSourcing

/// A saga in the hands of an engine: its row, its machine, and its state.
struct SagaRun<Unit>: Sendable {
    var instance: SagaInstance
    var machine: SagaMachine
    let saga: ErasedSaga<Unit>
    var state: any Sendable
    /// The state as it was last written.
    var stateBytes: [UInt8]
    /// Facts that are applied but not yet written.
    var unsaved: [SagaEntry] = []

    var id: UniqueID { self.instance.id }

    mutating func record(_ fact: SagaFact, state: [UInt8]? = nil, at now: Timestamp) {
        self.machine.apply(fact, at: now)
        self.instance.version += 1
        self.unsaved.append(SagaEntry(sequence: self.instance.version, at: now, fact: fact, state: state))
    }

    /// Records facts; a changed state goes with the first of them that says a step succeeded.
    mutating func record(_ facts: [SagaFact], newState: (any Sendable)?, at now: Timestamp) throws {
        var bytes: [UInt8]?
        if let newState {
            let encoded = try self.saga.encode(newState)
            self.state = newState
            if encoded != self.stateBytes { bytes = encoded }
            self.stateBytes = encoded
        }
        for fact in facts {
            switch fact {
            case .succeeded, .compensationSucceeded:
                self.record(fact, state: bytes, at: now)
                bytes = nil
            case .started, .intended, .failed, .inquired, .rejected, .waiting, .compensating, .compensationIntended,
                .compensationFailed, .completed, .compensated, .parked, .resumed:
                self.record(fact, at: now)
            }
        }
    }

    func context(for call: SagaCall, deadline: Deadline?, now: Timestamp) -> StepContext {
        let step = self.machine.plan.steps[call.step].name
        let key = StepContext.key(saga: self.id, step: step, direction: call.direction)
        return StepContext(
            sagaID: self.id, step: step, direction: call.direction, attempt: call.attempt, key: key,
            metadata: self.instance.metadata.caused(by: key), deadline: deadline, failure: self.machine.failure,
            now: now)
    }
}

/// What the engine does once a transaction has committed.
enum SagaDuty: Hashable, Sendable {
    case call(SagaCall)
    case inquire(SagaCall)
    /// The saga is no longer ours: it waits, is parked or has ended.
    case none
}

/// What a call gave, with the state that it returned.
struct SagaResult: Sendable {
    var call: SagaCall
    var outcome: SagaOutcome
    var state: (any Sendable)?
}

/// A transactional step threw: its transaction is undone, and done again with this outcome in its place.
struct TransactionalStepFailed: Error {
    var sagaID: UniqueID
    var call: SagaCall
    var outcome: SagaOutcome
}

/// Identifies a call of one saga among those of a batch.
struct SagaCallKey: Hashable, Sendable {
    var sagaID: UniqueID
    var call: SagaCall
}
