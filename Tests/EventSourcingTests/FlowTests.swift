import Essentials
import EssentialsTesting
import EventSourcing
import Synchronization
import Testing

/// A handler outside the store: it follows the log from a checkpoint and puts what it makes into a cache.
private final class Follower: Sendable {
    let seen = Mutex<[String]>([])
    let name: String

    init(_ name: String) { self.name = name }

    func catchUp(_ store: Transactor<any UnitOfWork>) async throws {
        let name = self.name
        let events = try await store.write { unit in
            let events = try unit.readAll(after: unit.checkpoint(name), limit: .max)
            if let last = events.last { try unit.setCheckpoint(name, to: last.position) }
            return events
        }
        self.seen.withLock { $0 += events.map(\.type) }
    }
}

@Suite(.timeLimit(.minutes(10)))
struct FlowTests {
    private let bank = Bank()

    @Test func `a command becomes an event, the event reaches each handler once and the read model`() async throws {
        let store = self.bank.store.transactor
        let projector = Projector([BalanceProjection()]) { $0 }
        let followers = [Follower("cache"), Follower("mail")]
        let id = self.bank.ids.next()
        for command in [Account.Command.open(10), .move(5)] {
            try await self.bank.run(command, on: id)
            try await projector.catchUp(using: store)
            for follower in followers {
                try await follower.catchUp(self.bank.transactor)
                try await follower.catchUp(self.bank.transactor)
            }
        }
        for follower in followers { #expect(follower.seen.withLock { $0 } == ["AccountOpened", "AccountCredited"]) }
        #expect(try await store.read { BalanceProjection.table("balances", in: $0) } == [id: 15])
    }

    @Test func `a waiting handler is woken by the commit that concerns it`() async throws {
        let store = self.bank.transactor
        let woken = Task {
            await store.commits.wait(after: Position(1))
            return store.commits.head
        }
        try await self.bank.run(.moveMany(3), on: self.bank.ids.next())
        #expect(await woken.value == Position(3))
    }

    @Test func `waiting for a commit ends when the task is cancelled, or when its time is over`() async throws {
        let signal = CommitSignal()
        let cancelled = Task { await signal.wait(after: .start) }
        cancelled.cancel()
        await cancelled.value
        let clock = TestClock()
        let late = Task { await signal.wait(after: .start, atMost: .seconds(5), time: TimeSource(clock)) }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(5))
        await late.value
        #expect(signal.head == .start)
    }

    @Test func `a cursor carries the epoch of its log and reads back what it wrote`() {
        let cursor = Cursor(epoch: self.bank.ids.next(), position: Position(42))
        #expect(Cursor(cursor.description) == cursor)
        for text in ["", "42", ".42", "\(cursor.epoch)", "\(cursor.epoch).", "\(cursor.epoch).-1", "\(cursor.epoch).x"]
        {
            #expect(Cursor(text) == nil)
        }
    }

    @Test func `streams and sources read back what they wrote`() {
        let stream = StreamID(category: "cart.line", aggregateID: self.bank.ids.next())
        #expect(StreamID(stream.description) == stream)
        #expect(StreamID("order") == nil && StreamID("-\(stream.aggregateID)") == nil)
        let source = EventSource(service: "orders/eu", epoch: self.bank.ids.next())
        #expect(EventSource(source.description) == source)
        #expect(EventSource("orders") == nil && EventSource("/\(source.epoch)") == nil)
    }
}
