public import Essentials
import EventSourcing

extension SagaEngine {
    /// Sets a parked saga going again, or spares a waiting one the rest of its back-off.
    ///
    /// Retrying a saga that is parked because an outcome is unknown makes the call again.
    /// - Throws: `SagaError` `.notFound`, `.ended`, or `.running` when an engine works on it.
    public func retry(_ id: UniqueID, in unit: Unit) throws {
        let (instance, journal) = try self.find(id, in: unit)
        guard instance.owner == nil else {
            throw SagaError(.running, "saga \(id) is being worked on by \(instance.owner ?? "nobody")")
        }
        try self.change(instance, [.resumed], in: journal, at: self.now)
        self.waker.wake()
    }

    /// Turns a saga round, wherever it is; one that goes backwards already is set going again.
    ///
    /// An engine that works on it at this moment is fenced off; the call under way counts as lost and is compensated.
    /// - Throws: `SagaError` `.notFound` or `.ended`.
    public func compensate(_ id: UniqueID, reason: String = "requested", in unit: Unit) throws {
        let (instance, journal) = try self.find(id, in: unit)
        let hasTurned = try journal.sagaJournal(id).contains {
            if case .compensating = $0.fact { true } else { false }
        }
        var facts: [SagaFact] = []
        if case .parked = instance.state { facts.append(.resumed) }
        if hasTurned {
            if facts.isEmpty { return }
        } else {
            facts.append(.compensating(failure: SagaFailure(.requested, step: nil, message: reason)))
        }
        try self.change(instance, facts, in: journal, at: self.now)
        self.waker.wake()
    }

    /// ``retry(_:in:)`` in a transaction of its own.
    public func retry(_ id: UniqueID) async throws {
        try await self.transactor.write { try self.retry(id, in: $0) }
    }

    /// ``compensate(_:reason:in:)`` in a transaction of its own.
    public func compensate(_ id: UniqueID, reason: String = "requested") async throws {
        try await self.transactor.write { try self.compensate(id, reason: reason, in: $0) }
    }

    /// Sagas by id, those behind `after` only.
    public func list(status: SagaStatus? = nil, after: UniqueID? = nil, limit: Int = 100) async throws -> [SagaInstance]
    {
        try await self.transactor.read {
            try self.journal($0).sagas(status: status, after: after, limit: limit)
        }
    }

    /// Sagas by id from the last one back, those before `before` only. Ids that grow with time begin with the newest.
    public func latest(
        status: SagaStatus? = nil, before: UniqueID? = nil, limit: Int = 100,
    ) async throws -> [SagaInstance] {
        try await self.transactor.read {
            try self.journal($0).sagas(status: status, before: before, limit: limit)
        }
    }

    /// Everything about one saga: each step with its attempts, errors and times.
    /// - Throws: `SagaError.notFound`.
    public func view(_ id: UniqueID) async throws -> SagaView {
        try await self.transactor.read { try SagaView.read(id, in: self.journal($0)) }
    }

    private func find(_ id: UniqueID, in unit: Unit) throws -> (SagaInstance, any SagaUnit) {
        let journal = self.journal(unit)
        guard let instance = try journal.saga(id) else { throw SagaError.notFound(id) }
        guard !instance.state.hasEnded else {
            throw SagaError(.ended, "saga \(id) has ended: \(instance.state.status.rawValue)")
        }
        return (instance, journal)
    }

    /// Adds facts from outside, under a new epoch, and makes the saga due.
    func change(
        _ instance: SagaInstance, _ facts: [SagaFact], in journal: any SagaUnit, at now: Timestamp,
    ) throws {
        let hasTurned = try journal.sagaJournal(instance.id).contains {
            if case .compensating = $0.fact { true } else { false }
        }
        let isTurning = facts.contains { if case .compensating = $0 { true } else { false } }
        var changed = instance
        changed.epoch += 1
        changed.owner = nil
        changed.due = now
        changed.updatedAt = now
        changed.state = hasTurned || isTurning ? .compensating : .running
        let entries = facts.enumerated().map { offset, fact in
            SagaEntry(sequence: instance.version + Int64(offset) + 1, at: now, fact: fact)
        }
        changed.version += Int64(entries.count)
        guard
            try journal.updateSaga(
                changed, ifEpoch: instance.epoch, version: instance.version, appending: entries)
        else { throw SagaError(.fenced, "saga \(instance.id) has been changed meanwhile") }
    }
}
