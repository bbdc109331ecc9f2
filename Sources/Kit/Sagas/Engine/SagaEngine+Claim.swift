import Essentials
import EventSourcing

/// A saga that the engine has just taken, with what to do first.
struct ClaimedSaga<Unit>: Sendable {
    var run: SagaRun<Unit>
    var stride: SagaStride
}

/// What one look for work gave.
struct ClaimedBatch<Unit>: Sendable {
    var sagas: [ClaimedSaga<Unit>] = []
    /// How many were due, including those that needed no call.
    var found = 0
    var nextDue: Timestamp?
}

extension SagaEngine {
    /// Takes up to `limit` due sagas, and with each goes as far as the one transaction does.
    func claim(limit: Int) async throws -> ClaimedBatch<Unit> {
        var verdicts: [SagaCallKey: SagaOutcome] = [:]
        while true {
            let known = verdicts
            do {
                let batch = try await self.transactor.write { try self.claim(limit: limit, known, in: $0) }
                for saga in batch.sagas { self.committed(saga.run, saga.stride) }
                return batch
            } catch let failed as TransactionalStepFailed {
                verdicts[SagaCallKey(sagaID: failed.sagaID, call: failed.call)] = failed.outcome
            }
        }
    }

    private func claim(
        limit: Int, _ verdicts: [SagaCallKey: SagaOutcome], in unit: Unit,
    ) throws -> ClaimedBatch<Unit> {
        let journal = self.journal(unit)
        let now = self.now
        var batch = ClaimedBatch<Unit>()
        for instance in try journal.dueSagas(at: now, limit: limit) {
            batch.found += 1
            guard var run = try self.open(instance, in: journal, at: now) else { continue }
            let advance = self.advance(verdicts, in: unit, at: now)
            do {
                let stride = try advance.advance(&run, after: nil, epoch: instance.epoch, version: instance.version)
                batch.sagas.append(ClaimedSaga(run: run, stride: stride))
            } catch let error as SagaError where error.code == .fenced {
                continue
            }
        }
        batch.nextDue = try journal.nextSagaDue()
        return batch
    }

    /// Makes a run of a row, under the definition that it began with. Parks the saga when that cannot be.
    private func open(
        _ instance: SagaInstance, in journal: any SagaUnit, at now: Timestamp,
    ) throws -> SagaRun<Unit>? {
        guard let saga = self.sagas[instance.definitionHash] else {
            try self.park(instance, .definitionMissing(hash: instance.definitionHash), in: journal, at: now)
            return nil
        }
        let entries: [SagaEntry]
        let bytes: [UInt8]
        let state: any Sendable
        do {
            entries = try journal.sagaJournal(instance.id)
            bytes = entries.last { $0.state != nil }?.state ?? []
            state = try saga.decode(bytes)
        } catch let error where error is DecodingError || Self.isCorrupt(error) {
            // One unreadable saga must not keep the engine from the others.
            try self.park(instance, .stateUnreadable(message: String(describing: error)), in: journal, at: now)
            return nil
        }
        var machine = SagaMachine(
            plan: saga.plan, policies: saga.policies, deadline: saga.deadline, journal: entries)
        machine.ownerChanged()
        var claimed = instance
        claimed.epoch += 1
        return SagaRun(instance: claimed, machine: machine, saga: saga, state: state, stateBytes: bytes)
    }

    private static func isCorrupt(_ error: any Error) -> Bool { (error as? EventStoreError)?.code == .corrupt }

    private func park(
        _ instance: SagaInstance, _ reason: SagaParkReason, in journal: any SagaUnit, at now: Timestamp,
    ) throws {
        var parked = instance
        parked.epoch += 1
        parked.version += 1
        parked.owner = nil
        parked.due = nil
        parked.state = .parked(reason)
        parked.updatedAt = now
        let entry = SagaEntry(sequence: parked.version, at: now, fact: .parked(reason: reason))
        _ = try journal.updateSaga(
            parked, ifEpoch: instance.epoch, version: instance.version, appending: [entry])
    }

    func advance(
        _ verdicts: [SagaCallKey: SagaOutcome], in unit: Unit, at now: Timestamp,
    ) -> SagaAdvance<Unit> {
        SagaAdvance(
            owner: self.name, leaseDuration: self.configuration.leaseDuration, now: now,
            jitter: self.chance.fraction(), verdicts: verdicts, unit: unit, journal: self.journal(unit))
    }
}
