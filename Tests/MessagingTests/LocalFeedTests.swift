import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Testing

@Suite(.timeLimit(.minutes(10)))
struct LocalFeedTests {
    private let clock = TestClock()
    private let store = InMemoryStore(source: EventSource(service: "orders", epoch: UniqueID(high: 1, low: 1)))

    private var feed: LocalFeed<InMemoryUnit> {
        LocalFeed(self.store.transactor, log: { $0 }, time: TimeSource(self.clock))
    }

    private func publish(_ count: UInt64) async throws {
        try await self.store.transactor.write { unit in
            for number in 0..<count {
                let event = NewEvent(
                    id: UniqueID(high: 9, low: number), type: "Happened", schemaVersion: 1,
                    timestamp: Timestamp(milliseconds: 0),
                    metadata: EventMetadata(correlationID: UniqueID(high: 0, low: 0)), data: Array("{}".utf8))
                try unit.append(
                    [event], to: StreamID(category: "order", aggregateID: UniqueID(high: 0, low: number)),
                    expecting: .any)
            }
        }
    }

    @Test func `pages follow each other without gap or overlap`() async throws {
        try await self.publish(10)
        var cursor: Cursor?
        var positions: [Int64] = []
        while true {
            let page = try await self.feed.page(after: cursor, limit: 3, wait: .zero)
            if page.events.isEmpty { break }
            positions += page.events.map(\.position.value)
            cursor = page.next
        }
        #expect(positions == Array(1...10))
    }

    @Test func `an empty answer is held back until an event comes`() async throws {
        let feed = self.feed
        async let page = feed.page(after: nil, limit: 3, wait: .seconds(10))
        await self.clock.waitForSleepers()
        try await self.publish(2)
        #expect(try await page.events.count == 2)
    }

    @Test func `an empty answer comes when the wait is over`() async throws {
        let feed = self.feed
        async let page = feed.page(after: nil, limit: 3, wait: .seconds(10))
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(10))
        let answer = try await page
        #expect(answer == FeedPage(events: [], next: Cursor(epoch: UniqueID(high: 1, low: 1), position: .start)))
    }

    @Test func `a cursor of another epoch is answered from the start`() async throws {
        try await self.publish(3)
        let foreign = Cursor(epoch: UniqueID(high: 5, low: 5), position: Position(2))
        let page = try await self.feed.page(after: foreign, limit: 10, wait: .zero)
        #expect(page.events.map(\.position.value) == [1, 2, 3])
        #expect(page.next.epoch == UniqueID(high: 1, low: 1))
    }
}
