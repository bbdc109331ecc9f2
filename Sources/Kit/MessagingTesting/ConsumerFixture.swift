import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Synchronization

struct HandlerError: Error, Hashable {}

/// Decides which events fail, and how often.
final class FailureScript: Sendable {
    private let remaining = Mutex<[UniqueID: Int]>([:])
    private let error: any Error

    init(error: any Error = HandlerError()) {
        self.error = error
    }

    func fail(_ event: UniqueID, times: Int = .max) {
        self.remaining.withLock { $0[event] = times }
    }

    func heal() {
        self.remaining.withLock { $0 = [:] }
    }

    func check(_ event: UniqueID) throws {
        let fails = self.remaining.withLock { remaining in
            guard let count = remaining[event], count > 0 else { return false }
            remaining[event] = count == .max ? .max : count - 1
            return true
        }
        if fails { throw self.error }
    }
}

/// A source with a log, a store that effects go to, and consumers whose effect is to append an event to a stream of
/// their own: one stream for each consumer and aggregate.
final class ConsumerFixture: Sendable {
    typealias Unit = MessagingConformance.Unit

    let source: InMemoryStore
    let target: Transactor<Unit>
    let wallClock = ManualWallClock()
    let ids = IDSource.seeded(11)
    let script: FailureScript

    init(_ target: Transactor<Unit>, script: FailureScript = FailureScript()) {
        self.target = target
        self.script = script
        self.source = InMemoryStore(source: EventSource(service: "orders", epoch: UniqueID(high: 1, low: 1)))
    }

    func store(epoch: UInt64) -> InMemoryStore {
        InMemoryStore(source: EventSource(service: "orders", epoch: UniqueID(high: 1, low: epoch)))
    }

    var feed: NamedFeed { NamedFeed("orders", LocalFeed(self.source.transactor, log: { $0 })) }

    /// Appends one event for each key, in this order, and returns their ids.
    @discardableResult
    func publish(_ keys: [UInt64], type: String = "Happened", in store: InMemoryStore? = nil) async throws -> [UniqueID]
    {
        let events = keys.map { key in (StreamID(category: "order", aggregateID: .key(key)), self.event(type)) }
        try await (store ?? self.source).transactor.write { unit in
            for (stream, event) in events { try unit.append([event], to: stream, expecting: .any) }
        }
        return events.map { $0.1.id }
    }

    private func event(_ type: String, causation: UniqueID? = nil) -> NewEvent {
        NewEvent(
            id: self.ids.next(), type: type, schemaVersion: 1, timestamp: self.wallClock.now,
            metadata: EventMetadata(correlationID: .key(0), causationID: causation), data: Array("{}".utf8))
    }

    /// A consumer that appends first and fails afterwards, so that a failure has something to undo.
    func mirror(_ name: String, types: Set<String>? = nil) -> Consumer<Unit> {
        Consumer(name, types: types) { event, unit in
            try unit.append(
                [self.event("Mirrored", causation: event.id)],
                to: StreamID(category: name, aggregateID: event.aggregateID), expecting: .any)
            try self.script.check(event.id)
        }
    }

    func group(
        _ consumers: [Consumer<Unit>], feeds: [NamedFeed]? = nil, owning partitions: [Partition] = [.whole],
        transactor: Transactor<Unit>? = nil, observe: @escaping @Sendable (ConsumerReport) -> Void = { _ in },
        time: TimeSource = .system,
    ) -> ConsumerGroup<Unit> {
        var configuration = ConsumerGroup<Unit>.Configuration()
        configuration.pageSize = 7
        configuration.maximumBatch = 3
        configuration.retry = RetryPolicy(
            maximumAttempts: 3, firstDelay: .milliseconds(100), maximumDelay: .seconds(1))
        return ConsumerGroup(
            consumers.map { Subscription($0, to: feeds ?? [self.feed], owning: partitions) },
            transactor: transactor ?? self.target, inbox: { $0 }, configuration: configuration, observe: observe,
            wallClock: self.wallClock.wallClock, time: time)
    }

    /// Which events have had their effect on a key, in order.
    func effects(_ consumer: String, _ key: UInt64) async throws -> [UniqueID] {
        let stream = StreamID(category: consumer, aggregateID: .key(key))
        return try await self.target.read { unit in
            try unit.read(stream, after: .zero, limit: .max).compactMap(\.metadata.causationID)
        }
    }
}

/// Ignores where its reader stands and begins earlier.
struct RewindingFeed: EventFeed {
    let feed: any EventFeed
    let distance: Int64

    func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        let page = try await self.feed.page(after: cursor, limit: limit, wait: wait)
        guard let cursor, !page.events.isEmpty, cursor.epoch == page.next.epoch else { return page }
        let earlier = Cursor(
            epoch: cursor.epoch, position: Position(max(0, cursor.position.value - self.distance)))
        let behind = Int(cursor.position.value - earlier.position.value)
        return try await self.feed.page(after: earlier, limit: limit + behind, wait: .zero)
    }
}

extension Transactor {
    /// This database behind a connection that breaks: before a transaction, or after its commit and before its answer.
    func breaking(_ breaks: @escaping @Sendable () -> Breakage) -> Transactor<Unit> {
        Transactor(commits: self.commits) { mode, body in
            guard mode == .write else { return try await self.read { Opaque(try body($0)) }.value }
            let breakage = breaks()
            if breakage == .before { throw EventStoreError(.unavailable, "broken before the transaction") }
            let value = try await self.write { Opaque(try body($0)) }.value
            if breakage == .after { throw EventStoreError(.unavailable, "broken after the commit") }
            return value
        }
    }
}

extension Transactor {
    /// This database, with something else happening to it just before the first transaction that writes.
    func interrupted(by interruption: @escaping @Sendable () async throws -> Void) -> Transactor<Unit> {
        let isDue = Once()
        return Transactor(commits: self.commits) { mode, body in
            guard mode == .write else { return try await self.read { Opaque(try body($0)) }.value }
            if isDue.take() { try await interruption() }
            return try await self.write { Opaque(try body($0)) }.value
        }
    }
}

private final class Once: Sendable {
    private let isTaken = Mutex(false)

    /// Whether this is the first call.
    func take() -> Bool {
        self.isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }
}

private struct Opaque: Sendable {
    let value: any Sendable

    init(_ value: any Sendable) {
        self.value = value
    }
}

enum Breakage: Sendable {
    case none
    case before
    case after
}

extension UniqueID {
    static func key(_ number: UInt64) -> UniqueID { UniqueID(high: 0x7000, low: number) }
}
