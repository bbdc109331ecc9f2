public import Essentials
public import EventSourcing

/// Some events of a log, in its order, and where to go on.
public struct FeedPage: Hashable, Sendable {
    public var events: [RecordedEvent]
    /// Behind the last event; where the reader stood when there is none.
    public var next: Cursor

    public init(events: [RecordedEvent], next: Cursor) {
        self.events = events
        self.next = next
    }
}

/// Where a consumer reads the log of a service: in the same process or over the wire.
public protocol EventFeed: Sendable {
    /// The events behind `cursor`, at most `limit`. Waits for one, up to `wait`, when there is none.
    ///
    /// A cursor of another epoch than the log's is answered from the log's start: what it counted is gone.
    /// - Parameter cursor: nil is the start of the log.
    /// - Throws: whatever keeps the log from being read; the reader comes back later.
    func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage
}

/// The feed of a log whose database is open in this process.
public struct LocalFeed<Unit>: EventFeed {
    private let transactor: Transactor<Unit>
    private let log: @Sendable (Unit) -> any UnitOfWork
    private let time: TimeSource

    /// - Parameter log: the log inside a unit; `{ $0 }` where the unit is a unit of work.
    public init(
        _ transactor: Transactor<Unit>, log: @escaping @Sendable (Unit) -> any UnitOfWork, time: TimeSource = .system,
    ) {
        self.transactor = transactor
        self.log = log
        self.time = time
    }

    public func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        let page = try await self.read(after: cursor, limit: limit)
        guard page.events.isEmpty, wait > .zero else { return page }
        await self.transactor.commits.wait(after: page.next.position, atMost: wait, time: self.time)
        try Task.checkCancellation()
        return try await self.read(after: page.next, limit: limit)
    }

    private func read(after cursor: Cursor?, limit: Int) async throws -> FeedPage {
        let log = self.log
        return try await self.transactor.read { unit in
            let unit = log(unit)
            let epoch = unit.source.epoch
            let start = cursor?.epoch == epoch ? cursor?.position ?? .start : .start
            let events = try unit.readAll(after: start, limit: limit)
            return FeedPage(events: events, next: Cursor(epoch: epoch, position: events.last?.position ?? start))
        }
    }
}
