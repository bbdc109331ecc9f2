public import Essentials
public import EventSourcing

/// The sagas of an in-memory store.
struct InMemorySagas: Sendable {
    struct Record: Sendable {
        var instance: SagaInstance
        var journal: [SagaEntry]
    }

    var records: [UniqueID: Record] = [:]
    var signals: [UniqueID: [String: [UInt8]]] = [:]

    var instances: [SagaInstance] { self.records.values.map(\.instance).sorted { $0.id < $1.id } }
}

extension InMemoryUnit: SagaUnit {
    private var stored: InMemorySagas { self.facet(InMemorySagas.self, initially: InMemorySagas()) }

    public func insertSaga(_ instance: SagaInstance, _ entry: SagaEntry) throws -> Bool {
        var sagas = self.stored
        guard sagas.records[instance.id] == nil else { return false }
        sagas.records[instance.id] = InMemorySagas.Record(instance: instance, journal: [entry])
        try self.setFacet(sagas)
        return true
    }

    public func saga(_ id: UniqueID) throws -> SagaInstance? { self.stored.records[id]?.instance }

    public func sagaJournal(_ id: UniqueID) throws -> [SagaEntry] { self.stored.records[id]?.journal ?? [] }

    public func dueSagas(at now: Timestamp, limit: Int) throws -> [SagaInstance] {
        let due = self.stored.instances.filter { $0.due.map { $0 <= now } ?? false }
        let ordered = due.sorted { ($0.due ?? now, $0.id) < ($1.due ?? now, $1.id) }
        return Array(ordered.prefix(limit))
    }

    public func nextSagaDue() throws -> Timestamp? { self.stored.records.values.compactMap(\.instance.due).min() }

    public func sagas(ownedBy owner: String) throws -> [SagaInstance] {
        self.stored.instances.filter { $0.owner == owner }
    }

    public func updateSaga(
        _ instance: SagaInstance, ifEpoch epoch: Int64, version: Int64, appending entries: [SagaEntry],
    ) throws -> Bool {
        guard try self.lockSaga(instance.id, epoch: epoch, version: version) else { return false }
        var sagas = self.stored
        sagas.records[instance.id]?.instance = instance
        sagas.records[instance.id]?.journal += entries
        try self.setFacet(sagas)
        return true
    }

    public func lockSaga(_ id: UniqueID, epoch: Int64, version: Int64) throws -> Bool {
        guard let instance = try self.saga(id) else { return false }
        return instance.epoch == epoch && instance.version == version
    }

    public func renewSagaLease(_ id: UniqueID, owner: String, epoch: Int64, until due: Timestamp) throws -> Bool {
        var sagas = self.stored
        guard let instance = sagas.records[id]?.instance, instance.owner == owner, instance.epoch == epoch else {
            return false
        }
        sagas.records[id]?.instance.due = due
        try self.setFacet(sagas)
        return true
    }

    public func sagas(status: SagaStatus?, after: UniqueID?, limit: Int) throws -> [SagaInstance] {
        let matching = self.stored.instances.filter { instance in
            (status == nil || instance.state.status == status) && (after.map { $0 < instance.id } ?? true)
        }
        return Array(matching.prefix(limit))
    }

    public func sagas(status: SagaStatus?, before: UniqueID?, limit: Int) throws -> [SagaInstance] {
        let matching = self.stored.instances.filter { instance in
            (status == nil || instance.state.status == status) && (before.map { instance.id < $0 } ?? true)
        }
        return Array(matching.suffix(limit).reversed())
    }

    public func addSagaSignal(_ id: UniqueID, name: String, payload: [UInt8], now: Timestamp) throws -> Bool {
        var sagas = self.stored
        guard sagas.signals[id]?[name] == nil else { return false }
        sagas.signals[id, default: [:]][name] = payload
        if let instance = sagas.records[id]?.instance, instance.state.status == .waiting, instance.owner == nil {
            sagas.records[id]?.instance.due = now
        }
        try self.setFacet(sagas)
        return true
    }

    public func sagaSignal(_ id: UniqueID, name: String) throws -> [UInt8]? { self.stored.signals[id]?[name] }
}
