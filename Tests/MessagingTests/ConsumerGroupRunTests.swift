import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Synchronization
import Testing

/// A feed whose pages a test hands out one by one.
private final class ScriptedFeed: EventFeed {
    struct Broken: Error {}

    private let feed: LocalFeed<InMemoryUnit>
    private let failures: Mutex<Int>

    init(_ store: InMemoryStore, failures: Int, time: TimeSource) {
        self.feed = LocalFeed(store.transactor, log: { $0 }, time: time)
        self.failures = Mutex(failures)
    }

    func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
        let fails = self.failures.withLock { failures in
            guard failures > 0 else { return false }
            failures -= 1
            return true
        }
        if fails { throw Broken() }
        return try await self.feed.page(after: cursor, limit: limit, wait: wait)
    }
}

/// Lets a test wait until something has happened so many times.
private final class Counter: Sendable {
    private struct State {
        var count = 0
        var waiters: [(Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var count: Int { self.state.withLock(\.count) }

    func add(_ amount: Int = 1) {
        let woken = self.state.withLock { state in
            state.count += amount
            let reached = state.count
            let woken = state.waiters.filter { $0.0 <= reached }
            state.waiters.removeAll { $0.0 <= reached }
            return woken
        }
        for (_, continuation) in woken { continuation.resume() }
    }

    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                if state.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }
}

@Suite(.timeLimit(.minutes(10)))
struct ConsumerGroupRunTests {
    private let clock = TestClock()
    private let wallClock = ManualWallClock()
    private let ids = IDSource.seeded(3)
    private let source = InMemoryStore(
        source: EventSource(service: "orders", epoch: UniqueID(high: 1, low: 1)))
    private let target = InMemoryStore(
        source: EventSource(service: "shop", epoch: UniqueID(high: 2, low: 1)))

    private func publish(_ count: Int) async throws {
        let events = (0..<count).map { _ in
            NewEvent(
                id: self.ids.next(), type: "Happened", schemaVersion: 1, timestamp: self.wallClock.now,
                metadata: EventMetadata(correlationID: self.ids.next()), data: Array("{}".utf8))
        }
        try await self.source.transactor.write { unit in
            for event in events {
                try unit.append(
                    [event], to: StreamID(category: "order", aggregateID: event.id), expecting: .any)
            }
        }
    }

    private func group(
        _ consumers: [Consumer<InMemoryUnit>], _ feed: any EventFeed,
        observe: @escaping @Sendable (ConsumerReport) -> Void = { _ in },
    ) -> ConsumerGroup<InMemoryUnit> {
        ConsumerGroup(
            consumers.map { Subscription($0, to: [NamedFeed("orders", feed)]) }, transactor: self.target.transactor,
            inbox: { $0 }, observe: observe, wallClock: self.wallClock.wallClock, time: TimeSource(self.clock))
    }

    @Test func `events that come later are handled as they come, without time passing`() async throws {
        let handled = Counter()
        let feed = LocalFeed(self.source.transactor, log: { $0 }, time: TimeSource(self.clock))
        let group = self.group([Consumer("c") { _, _ in }], feed) { report in
            if case .handled(_, _, let count) = report { handled.add(count) }
        }
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await self.publish(3)
            await handled.wait(for: 3)
            try await self.publish(2)
            await handled.wait(for: 5)
            tasks.cancelAll()
        }
        #expect(handled.count == 5)
    }

    @Test func `a feed that fails is tried again after pauses that grow`() async throws {
        let handled = Counter()
        let pauses = Mutex<[Duration]>([])
        let feed = ScriptedFeed(self.source, failures: 4, time: TimeSource(self.clock))
        let group = self.group([Consumer("c") { _, _ in handled.add() }], feed) { report in
            if case .stalled(_, _, _, let pause) = report { pauses.withLock { $0.append(pause) } }
        }
        try await self.publish(1)
        await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            for _ in 0..<4 {
                await self.clock.waitForSleepers()
                self.clock.advanceToNextSleeper()
            }
            await handled.wait(for: 1)
            tasks.cancelAll()
        }
        #expect(pauses.withLock { $0 } == [100, 200, 400, 800].map { .milliseconds($0) })
    }

    @Test func `one consumer whose feed is dead does not stop two others`() async throws {
        let handled = Counter()
        let broken = ScriptedFeed(self.source, failures: .max, time: TimeSource(self.clock))
        let healthy = LocalFeed(self.source.transactor, log: { $0 }, time: TimeSource(self.clock))
        let consumer = { (name: String) in Consumer<InMemoryUnit>(name) { _, _ in handled.add() } }
        let group = ConsumerGroup(
            [
                Subscription(consumer("inventory"), to: [NamedFeed("orders", broken)]),
                Subscription(consumer("email"), to: [NamedFeed("orders", healthy)]),
                Subscription(consumer("analytics"), to: [NamedFeed("orders", healthy)]),
            ], transactor: self.target.transactor, inbox: { $0 }, wallClock: self.wallClock.wallClock,
            time: TimeSource(self.clock))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await self.publish(5)
            await handled.wait(for: 10)
            tasks.cancelAll()
        }
        #expect(handled.count == 10)
    }

    @Test func `a parked event is tried again when its time comes, without new events`() async throws {
        let reports = Counter()
        let released = Counter()
        let failures = Mutex(1)
        let consumer = Consumer<InMemoryUnit>("c") { _, _ in
            struct Failure: Error {}
            let fails = failures.withLock { failures in
                defer { failures -= 1 }
                return failures > 0
            }
            if fails { throw Failure() }
        }
        let feed = LocalFeed(self.source.transactor, log: { $0 }, time: TimeSource(self.clock))
        let group = self.group([consumer], feed) { report in
            switch report {
            case .parked: reports.add()
            case .released: released.add()
            case .handled, .stalled: break
            }
        }
        try await self.publish(1)
        await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            await reports.wait(for: 1)
            await self.clock.waitForSleepers(2)
            self.wallClock.advance(by: .milliseconds(100))
            self.clock.advance(by: .milliseconds(100))
            await released.wait(for: 1)
            tasks.cancelAll()
        }
        #expect(try await group.parkedEvents().isEmpty)
    }

    @Test func `a feed that gives events out of order is refused`() async throws {
        struct Shuffled: EventFeed {
            let feed: any EventFeed

            func page(after cursor: Cursor?, limit: Int, wait: Duration) async throws -> FeedPage {
                var page = try await self.feed.page(after: cursor, limit: limit, wait: wait)
                page.events.reverse()
                return page
            }
        }
        try await self.publish(2)
        let feed = Shuffled(feed: LocalFeed(self.source.transactor, log: { $0 }))
        let refusal = await #expect(throws: MessagingRefusal.self) {
            try await self.group([Consumer("c") { _, _ in }], feed).catchUp()
        }
        #expect(refusal?.code == .brokenFeed)
    }

    @Test func `events that concern nobody cost one write in a thousand`() async throws {
        try await self.publish(2_500)
        let writes = Counter()
        let inner = self.target.transactor
        let counting = Transactor<InMemoryUnit>(commits: inner.commits) { mode, body in
            if mode == .write { writes.add() }
            return try await mode == .write
                ? inner.write { Box(try body($0)) }.value : inner.read { Box(try body($0)) }.value
        }
        let feed = LocalFeed(self.source.transactor, log: { $0 })
        let group = ConsumerGroup(
            [Subscription(Consumer("c", types: ["Other"]) { _, _ in }, to: [NamedFeed("orders", feed)])],
            transactor: counting, inbox: { $0 })
        try await group.catchUp()
        #expect(writes.count == 3)
        let marks = try await inner.read { try $0.watermarks(of: "c", service: "orders") }
        #expect(marks.map(\.position) == [Position(2_500)])
    }
}

private struct Box: Sendable {
    let value: any Sendable

    init(_ value: any Sendable) {
        self.value = value
    }
}
