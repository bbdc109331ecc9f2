public import Essentials
public import EventSourcing

/// The effects of an in-memory store.
private struct EffectFacet: Sendable {
    struct Key: Hashable {
        var queue: String
        var id: UniqueID
    }

    var effects: [Key: Effect] = [:]

    /// What a worker may take, and when.
    func takeable(_ queue: String) -> [(at: Timestamp, effect: Effect)] {
        self.effects.values.compactMap { effect in
            guard effect.queue == queue else { return nil }
            switch effect.state {
            case .due(let at): return (at, effect)
            case .claimed(let until, _): return (until, effect)
            case .done, .dead: return nil
            }
        }
    }
}

extension InMemoryUnit: EffectUnit {
    private var outbox: EffectFacet { self.facet(EffectFacet.self, initially: EffectFacet()) }

    private func changeOutbox(_ change: (inout EffectFacet) -> Void) throws {
        var facet = self.outbox
        // The store's own reference goes first, so that the change copies nothing that is ours alone.
        try self.setFacet(EffectFacet())
        change(&facet)
        try self.setFacet(facet)
    }

    public func effect(_ queue: String, id: UniqueID) throws -> Effect? {
        self.outbox.effects[EffectFacet.Key(queue: queue, id: id)]
    }

    public func putEffect(_ effect: Effect) throws {
        try self.changeOutbox { $0.effects[EffectFacet.Key(queue: effect.queue, id: effect.id)] = effect }
    }

    public func dueEffects(_ queue: String, at now: Timestamp, limit: Int) throws -> [Effect] {
        self.outbox.takeable(queue).filter { $0.at <= now }
            .sorted { ($0.at, $0.effect.id) < ($1.at, $1.effect.id) }
            .prefix(limit).map(\.effect)
    }

    public func claimedEffects(_ queue: String, by name: String, limit: Int) throws -> [Effect] {
        let held = self.outbox.effects.values.filter { effect in
            guard effect.queue == queue, case .claimed(_, let owner) = effect.state else { return false }
            return owner == name
        }
        return Array(held.sorted { $0.id < $1.id }.prefix(limit))
    }

    public func nextEffect(_ queue: String) throws -> Timestamp? {
        self.outbox.takeable(queue).map(\.at).min()
    }

    public func deadEffects(_ queue: String, after id: UniqueID?, limit: Int) throws -> [Effect] {
        let dead = self.outbox.effects.values.filter { effect in
            effect.queue == queue && effect.state == .dead && id.map { effect.id > $0 } ?? true
        }
        return Array(dead.sorted { $0.id < $1.id }.prefix(limit))
    }

    @discardableResult
    public func removeDoneEffects(_ queue: String, before moment: Timestamp, limit: Int) throws -> Int {
        let done = self.outbox.effects.values.filter { effect in
            guard effect.queue == queue, case .done(let at, _) = effect.state else { return false }
            return at < moment
        }
        let leaving = done.sorted { $0.id < $1.id }.prefix(limit)
        try self.changeOutbox { outbox in
            for effect in leaving { outbox.effects[EffectFacet.Key(queue: effect.queue, id: effect.id)] = nil }
        }
        return leaving.count
    }
}
