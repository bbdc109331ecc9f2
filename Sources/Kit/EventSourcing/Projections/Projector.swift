#if PlantedFaults
    import Essentials
#endif

/// Drives projections over the log of their own database. Each batch of events, its read model rows and its checkpoint
/// are written in one transaction, so a read model never misses or repeats an event.
///
/// Called at the end of a writing transaction it keeps read models as fresh as the log itself; called by
/// ``catchUp(using:)`` it builds them up from wherever they stand.
public struct Projector<Unit>: Sendable {
    private let projections: [any Projection<Unit>]
    private let log: @Sendable (Unit) -> any UnitOfWork

    /// - Parameter log: the log inside a unit; `{ $0 }` where the unit is an `any UnitOfWork` or refines it.
    public init(_ projections: [any Projection<Unit>], log: @escaping @Sendable (Unit) -> any UnitOfWork) {
        let names = projections.map(\.name)
        precondition(Set(names).count == names.count, "two projections share a name: \(names)")
        self.projections = projections
        self.log = log
    }

    public var names: [String] { self.projections.map(\.name) }

    /// Applies what the log has behind each checkpoint, at most `limit` events a projection.
    /// - Returns: whether every projection has reached the end of the log.
    @discardableResult
    public func advance(in unit: Unit, limit: Int = 1_000) throws -> Bool {
        precondition(limit > 0, "a batch of \(limit) events leads nowhere")
        let log = self.log(unit)
        let head = try log.head()
        var isCaughtUp = true
        // Read models that stand at the same place, which most do, share what is read.
        var page: (after: Position, events: [RecordedEvent])?
        for projection in self.projections {
            let checkpoint = try log.checkpoint(Self.checkpointName(projection))
            guard checkpoint < head else { continue }
            let known = page.flatMap { $0.after == checkpoint ? $0.events : nil }
            let events = try known ?? log.readAll(after: checkpoint, limit: limit)
            page = (checkpoint, events)
            for event in events {
                #if PlantedFaults
                    if PlantedFault.projectorSkipsEvent.isPlanted, event.position.value % 7 == 0, events.count > 1 {
                        continue
                    }
                #endif
                try projection.apply(event, in: unit)
            }
            if let last = events.last {
                try log.setCheckpoint(Self.checkpointName(projection), to: last.position)
                isCaughtUp = isCaughtUp && last.position >= head
            }
        }
        return isCaughtUp
    }

    /// Brings every read model to the end of the log, in transactions of bounded size. Rebuilds those whose version
    /// has changed.
    public func catchUp(using transactor: Transactor<Unit>) async throws {
        try await transactor.write { unit in
            for projection in self.projections where try self.isOutdated(projection, in: unit) {
                try self.reset(projection, in: unit)
            }
        }
        while try await !transactor.write({ try self.advance(in: $0) }) {}
    }

    /// Empties one read model and builds it again from the first event.
    /// - Returns: false when no projection has that name.
    public func rebuild(_ name: String, using transactor: Transactor<Unit>) async throws -> Bool {
        guard let projection = self.projections.first(where: { $0.name == name }) else { return false }
        try await transactor.write { try self.reset(projection, in: $0) }
        while try await !transactor.write({ try self.advance(in: $0) }) {}
        return true
    }

    private func isOutdated(_ projection: any Projection<Unit>, in unit: Unit) throws -> Bool {
        try self.log(unit).checkpoint(Self.versionName(projection)) != Position(Int64(projection.version))
    }

    private func reset(_ projection: any Projection<Unit>, in unit: Unit) throws {
        try projection.reset(in: unit)
        try self.log(unit).setCheckpoint(Self.checkpointName(projection), to: .start)
        try self.log(unit).setCheckpoint(Self.versionName(projection), to: Position(Int64(projection.version)))
    }

    private static func checkpointName(_ projection: any Projection<Unit>) -> String { "projection/\(projection.name)" }
    private static func versionName(_ projection: any Projection<Unit>) -> String { "version/\(projection.name)" }
}
