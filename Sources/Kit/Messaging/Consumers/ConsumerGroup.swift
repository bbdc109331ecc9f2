public import Essentials
public import EventSourcing

/// The feed of one service, under the service's name.
public struct NamedFeed: Sendable {
    public let service: String
    public let feed: any EventFeed

    public init(_ service: String, _ feed: any EventFeed) {
        self.service = service
        self.feed = feed
    }
}

/// Which feeds a consumer reads, and which share of their keys.
public struct Subscription<Unit>: Sendable {
    public let consumer: Consumer<Unit>
    public let feeds: [NamedFeed]
    public let partitions: [Partition]

    /// - Parameter partitions: the shares that this instance owns. Every share must be owned by some instance; an
    ///   overlap is harmless but does work twice.
    public init(_ consumer: Consumer<Unit>, to feeds: [NamedFeed], owning partitions: [Partition] = [.whole]) {
        self.consumer = consumer
        self.feeds = feeds
        self.partitions = partitions
    }
}

/// How far a consumer has come in the log of a service.
public struct ConsumerStanding: Hashable, Sendable {
    public var consumer: String
    /// Whose log.
    public var service: String
    /// The last event that has had its effect or is parked.
    public var position: Position

    public init(consumer: String, service: String, position: Position) {
        self.consumer = consumer
        self.service = service
        self.position = position
    }
}

/// What a redrive did.
public struct RedriveResult: Hashable, Sendable {
    /// How many parked events had their effect.
    public var released: Int
    /// The event that failed again; it and those behind it are still parked.
    public var failure: ParkedEvent?

    public init(released: Int, failure: ParkedEvent?) {
        self.released = released
        self.failure = failure
    }
}

/// The consumers of one service, driven over the logs of others. Each has its own loop for each feed and share, so one
/// that fails or is slow holds up nobody else.
public struct ConsumerGroup<Unit>: Sendable {
    public struct Configuration: Sendable {
        /// How many events are asked of a feed at once. 1 to 1,000. Default: 200.
        public var pageSize = 200
        /// How many events share one transaction, at least 1. Default: 100.
        public var maximumBatch = 100
        /// How long a feed may hold an empty answer back. Default: 10 seconds.
        public var wait = Duration.seconds(10)
        /// How often an event is tried before it is a dead letter. Default: 8 times, 100 ms to 30 s apart.
        public var retry = RetryPolicy()
        /// Pauses while a feed or the store is out of order; they never end. Default: 100 ms to 10 s.
        public var reconnect = RetryPolicy(
            maximumAttempts: .max, firstDelay: .milliseconds(100), maximumDelay: .seconds(10))
        /// How many events that do not concern a consumer may pass before its watermark follows. Default: 1,000.
        public var idleEvents: Int64 = 1_000
        /// How long the commit of what was handled may wait for other transactions to share a flush with, 0 or more.
        /// Default: 20 milliseconds.
        public var patience = Duration.milliseconds(20)

        public init() {}
    }

    struct Loop: Sendable {
        let delivery: Delivery<Unit>
        let feed: NamedFeed
        let partition: Partition
    }

    private let deliveries: [Delivery<Unit>]
    private let loops: [Loop]
    private let configuration: Configuration
    private let time: TimeSource
    private let observe: @Sendable (ConsumerReport) -> Void

    /// - Parameters:
    ///   - transactor: the database of the effects.
    ///   - inbox: the inbox inside a unit; `{ $0 }` where the unit is an inbox unit.
    ///   - observe: told what happens, on the task where it happens; must return at once.
    ///   - wallClock: when parked events are due.
    public init(
        _ subscriptions: [Subscription<Unit>], transactor: Transactor<Unit>,
        inbox: @escaping @Sendable (Unit) -> any InboxUnit, configuration: Configuration = Configuration(),
        observe: @escaping @Sendable (ConsumerReport) -> Void = { _ in }, wallClock: WallClock = .system,
        time: TimeSource = .system,
    ) {
        let names = subscriptions.map(\.consumer.name)
        precondition(Set(names).count == names.count, "two consumers share a name: \(names)")
        self.configuration = configuration
        self.observe = observe
        self.time = time
        var deliveries: [Delivery<Unit>] = []
        var loops: [Loop] = []
        for subscription in subscriptions {
            let delivery = Delivery(
                consumer: subscription.consumer, transactor: transactor, inbox: inbox, configuration: configuration,
                wallClock: wallClock, observe: observe)
            deliveries.append(delivery)
            for feed in subscription.feeds {
                loops += subscription.partitions.map { Loop(delivery: delivery, feed: feed, partition: $0) }
            }
        }
        self.deliveries = deliveries
        self.loops = loops
    }

    // MARK: Running

    /// Runs all consumers until the task is cancelled. A feed or store that fails is tried again for ever, with pauses.
    public func run() async throws {
        await withTaskGroup { group in
            for loop in self.loops {
                group.addTask { await self.run(loop) }
            }
        }
    }

    /// Handles everything that the feeds have and everything parked that is due, then returns. For tests, tools and
    /// start-up.
    /// - Returns: how many events were read and parked ones tried.
    /// - Throws: what a feed or the store throws.
    @discardableResult
    public func catchUp() async throws -> Int {
        var total = 0
        var round = 0
        repeat {
            round = 0
            for loop in self.loops {
                var reader = try await self.reader(loop)
                while case let count = try await self.step(loop, &reader, wait: .zero), count > 0 { round += count }
                try await self.persist(loop, &reader)
            }
            total += round
        } while round > 0
        return total
    }

    /// Where a loop stands.
    private struct Reader {
        var cursor: Cursor?
        /// What the store knows of it.
        var persisted: Position
        var source: EventSource?
    }

    private func run(_ loop: Loop) async {
        var failures = 0
        var reader: Reader?
        while !Task.isCancelled {
            do {
                var current: Reader
                if let reader { current = reader } else { current = try await self.reader(loop) }
                defer { reader = current }
                try await self.step(loop, &current, wait: self.configuration.wait)
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                let pause = self.configuration.reconnect.delay(afterFailures: failures)
                self.observe(
                    .stalled(
                        consumer: loop.delivery.consumer.name, service: loop.feed.service, error: error,
                        retryIn: pause))
                do { try await self.time.sleep(for: pause) } catch { return }
            }
        }
    }

    /// The next page, empty when a parked event falls due before it comes.
    private func page(_ loop: Loop, after cursor: Cursor?, wait: Duration) async throws -> FeedPage? {
        let (feed, limit) = (loop.feed.feed, self.configuration.pageSize)
        guard wait > .zero, let next = loop.delivery.retries.next else {
            return try await feed.page(after: cursor, limit: limit, wait: wait)
        }
        let pause = next - loop.delivery.wallClock.now
        guard pause > .zero else { return try await feed.page(after: cursor, limit: limit, wait: .zero) }
        // Not left to the feed: it may count in whole seconds, and asking it again and again would keep it busy.
        return try await withThrowingTaskGroup(of: FeedPage?.self) { group in
            group.addTask { try await feed.page(after: cursor, limit: limit, wait: wait) }
            group.addTask {
                try await self.time.sleep(for: pause)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func reader(_ loop: Loop) async throws -> Reader {
        let name = loop.delivery.consumer.name
        let inbox = loop.delivery.inbox
        try await loop.delivery.refreshRetries()
        return try await loop.delivery.transactor.read { unit in
            let rows = try inbox(unit).watermarks(of: name, service: loop.feed.service)
            guard let source = rows.max(by: { $0.source.epoch < $1.source.epoch })?.source else {
                return Reader(cursor: nil, persisted: .start, source: nil)
            }
            let start = Watermarks(rows.filter { $0.source == source }).start(of: loop.partition)
            return Reader(
                cursor: Cursor(epoch: source.epoch, position: start), persisted: start, source: source)
        }
    }

    /// Tries what is due, reads one page and handles it.
    /// - Returns: how many events were read or tried.
    @discardableResult
    private func step(_ loop: Loop, _ reader: inout Reader, wait: Duration) async throws -> Int {
        let tried = try await loop.delivery.retryDue()
        guard let page = try await self.page(loop, after: reader.cursor, wait: tried > 0 ? .zero : wait) else {
            return tried
        }
        if page.next.epoch != reader.cursor?.epoch { reader.persisted = .start }
        guard let last = page.events.last else {
            reader.cursor = page.next
            return tried
        }
        try self.check(page, loop)
        let concerned = page.events.filter { loop.delivery.consumer.handles($0, in: loop.partition) }
        if !concerned.isEmpty || last.position.value - reader.persisted.value >= self.configuration.idleEvents {
            try await loop.delivery.deliver(concerned, of: last.source, in: loop.partition, upTo: last.position)
            reader.persisted = last.position
        }
        reader.source = last.source
        reader.cursor = page.next
        return tried + page.events.count
    }

    private func persist(_ loop: Loop, _ reader: inout Reader) async throws {
        guard let source = reader.source, let cursor = reader.cursor, cursor.position > reader.persisted else { return }
        try await loop.delivery.deliver([], of: source, in: loop.partition, upTo: cursor.position)
        reader.persisted = cursor.position
    }

    private func check(_ page: FeedPage, _ loop: Loop) throws {
        var last = Position.start
        for event in page.events {
            guard event.source.service == loop.feed.service, event.source.epoch == page.next.epoch,
                event.position > last
            else {
                throw MessagingRefusal(
                    .brokenFeed,
                    "the feed of \(loop.feed.service) gave \(event.source) at \(event.position) behind \(last)")
            }
            last = event.position
        }
    }

    // MARK: Dead letters

    public var consumers: [String] { self.deliveries.map(\.consumer.name) }

    /// Events that failed for good, oldest first.
    /// - Parameters:
    ///   - consumer: nil for all.
    ///   - number: the ``ParkedEvent/number`` behind which to begin.
    public func deadLetters(
        of consumer: String? = nil, after number: Int64 = 0, limit: Int = 100,
    ) async throws -> [ParkedEvent] {
        try await self.parked(of: consumer, onlyDead: true, after: number, limit: limit)
    }

    /// How far each consumer has come in the current log of each service that it reads: the share that is furthest behind.
    public func standings() async throws -> [ConsumerStanding] {
        guard let delivery = self.deliveries.first else { return [] }
        return try await delivery.transactor.read { unit in
            let inbox = delivery.inbox(unit)
            var standings: [ConsumerStanding] = []
            for loop in self.loops {
                let (consumer, service) = (loop.delivery.consumer.name, loop.feed.service)
                let marks = try inbox.watermarks(of: consumer, service: service)
                let position = marks.last { $0.partition == loop.partition }?.position ?? .start
                if let known = standings.firstIndex(where: { $0.consumer == consumer && $0.service == service }) {
                    standings[known].position = min(standings[known].position, position)
                } else {
                    standings.append(ConsumerStanding(consumer: consumer, service: service, position: position))
                }
            }
            return standings
        }
    }

    /// Everything that is set aside: dead letters, those to be tried again, and those that wait behind them.
    public func parkedEvents(
        of consumer: String? = nil, after number: Int64 = 0, limit: Int = 100,
    ) async throws -> [ParkedEvent] {
        try await self.parked(of: consumer, onlyDead: false, after: number, limit: limit)
    }

    private func parked(of consumer: String?, onlyDead: Bool, after: Int64, limit: Int) async throws -> [ParkedEvent] {
        guard let delivery = self.deliveries.first else { return [] }
        return try await delivery.transactor.read { unit in
            try delivery.inbox(unit).parkedEvents(consumer, onlyDead: onlyDead, after: after, limit: limit)
        }
    }

    /// Tries a parked event and its whole line again, in order, those before it first.
    /// - Throws: ``MessagingRefusal``, or what the store throws.
    public func redrive(_ event: UniqueID, of consumer: String) async throws -> RedriveResult {
        let parked = try await self.parked(event, of: consumer)
        return try await self.delivery(consumer).redrive(key: parked.key)
    }

    /// Tries the line of a key again, in order, until it is empty or one fails.
    /// - Throws: ``MessagingRefusal``, or what the store throws.
    public func redrive(key: String, of consumer: String) async throws -> RedriveResult {
        let delivery = try self.delivery(consumer)
        guard try await delivery.first(of: key) != nil else {
            throw MessagingRefusal(.notParked, "\(consumer) has nothing parked under the key '\(key)'")
        }
        return try await delivery.redrive(key: key)
    }

    /// Gives a parked event up: it leaves without an effect, those behind it move up.
    /// - Throws: ``MessagingRefusal``, or what the store throws.
    @discardableResult
    public func discard(_ event: UniqueID, of consumer: String) async throws -> ParkedEvent {
        let parked = try await self.parked(event, of: consumer)
        try await self.delivery(consumer).discard(parked)
        return parked
    }

    private func delivery(_ consumer: String) throws -> Delivery<Unit> {
        guard let delivery = self.deliveries.first(where: { $0.consumer.name == consumer }) else {
            throw MessagingRefusal(
                .unknownConsumer,
                "no consumer is called '\(consumer)'; there are \(self.consumers.joined(separator: ", "))")
        }
        return delivery
    }

    private func parked(_ event: UniqueID, of consumer: String) async throws -> ParkedEvent {
        let delivery = try self.delivery(consumer)
        let parked = try await delivery.transactor.read { try delivery.inbox($0).parkedEvent(consumer, id: event) }
        guard let parked else {
            throw MessagingRefusal(.notParked, "\(consumer) has no parked event \(event)")
        }
        return parked
    }
}
