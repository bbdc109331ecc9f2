public import Essentials
public import EventSourcing

/// The inbox of an in-memory store.
private struct InboxFacet: Sendable {
    struct MarkKey: Hashable {
        var consumer: String
        var source: EventSource
        var partition: Partition
    }

    struct LineKey: Hashable {
        var consumer: String
        var key: String
    }

    var watermarks: [MarkKey: Watermark] = [:]
    /// By number, which only rises.
    var parked: [ParkedEvent] = []
    /// The numbers of each line, in order.
    var lines: [LineKey: [Int64]] = [:]
    var lastNumber: Int64 = 0

    func index(of number: Int64) -> Int? {
        var low = 0
        var high = self.parked.count
        while low < high {
            let middle = (low + high) / 2
            if self.parked[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < self.parked.count && self.parked[low].number == number ? low : nil
    }

    func parked(_ consumer: String, number: Int64) -> ParkedEvent? {
        guard let index = self.index(of: number), self.parked[index].consumer == consumer else { return nil }
        return self.parked[index]
    }

    func scheduled(_ consumer: String) -> [(at: Timestamp, event: ParkedEvent)] {
        self.parked.compactMap { event in
            guard event.consumer == consumer, case .scheduled(let at, _, _) = event.state else { return nil }
            return (at, event)
        }
    }
}

extension InMemoryUnit: InboxUnit {
    private var inbox: InboxFacet { self.facet(InboxFacet.self, initially: InboxFacet()) }

    private func changeInbox(_ change: (inout InboxFacet) -> Void) throws {
        var facet = self.inbox
        // The store's own reference goes first, so that the change copies nothing that is ours alone.
        try self.setFacet(InboxFacet())
        change(&facet)
        try self.setFacet(facet)
    }

    public func watermarks(of consumer: String, service: String) throws -> [Watermark] {
        self.inbox.watermarks.values
            .filter { $0.consumer == consumer && $0.source.service == service }
            .sorted {
                ($0.source.epoch, $0.partition.count, $0.partition.index)
                    < ($1.source.epoch, $1.partition.count, $1.partition.index)
            }
    }

    public func setWatermark(_ watermark: Watermark) throws {
        let key = InboxFacet.MarkKey(
            consumer: watermark.consumer, source: watermark.source, partition: watermark.partition)
        try self.changeInbox { $0.watermarks[key] = watermark }
    }

    public func park(
        _ event: RecordedEvent, consumer: String, key: String, state: ParkedEvent.State, at: Timestamp,
    ) throws {
        try self.changeInbox { inbox in
            let isParked = inbox.parked.contains {
                $0.consumer == consumer && $0.event.source == event.source && $0.event.position == event.position
            }
            guard !isParked else { return }
            inbox.lastNumber += 1
            inbox.parked.append(
                ParkedEvent(
                    consumer: consumer, key: key, number: inbox.lastNumber, event: event, state: state, parkedAt: at))
            inbox.lines[InboxFacet.LineKey(consumer: consumer, key: key), default: []].append(inbox.lastNumber)
        }
    }

    public func hasParkedEvents(_ consumer: String) throws -> Bool {
        self.inbox.parked.contains { $0.consumer == consumer }
    }

    public func firstParkedEvent(_ consumer: String, key: String) throws -> ParkedEvent? {
        let inbox = self.inbox
        return inbox.lines[InboxFacet.LineKey(consumer: consumer, key: key)]?.first
            .flatMap { inbox.parked(consumer, number: $0) }
    }

    public func parkedEvent(_ consumer: String, number: Int64) throws -> ParkedEvent? {
        self.inbox.parked(consumer, number: number)
    }

    public func parkedEvent(_ consumer: String, id: UniqueID) throws -> ParkedEvent? {
        self.inbox.parked.first { $0.consumer == consumer && $0.event.id == id }
    }

    public func setParkedState(_ state: ParkedEvent.State, consumer: String, number: Int64) throws {
        try self.changeInbox { inbox in
            guard inbox.parked(consumer, number: number) != nil, let index = inbox.index(of: number) else { return }
            inbox.parked[index].state = state
        }
    }

    public func removeParkedEvent(_ consumer: String, number: Int64) throws {
        try self.changeInbox { inbox in
            guard let event = inbox.parked(consumer, number: number), let index = inbox.index(of: number) else {
                return
            }
            inbox.parked.remove(at: index)
            let line = InboxFacet.LineKey(consumer: consumer, key: event.key)
            inbox.lines[line]?.removeAll { $0 == number }
            if inbox.lines[line]?.isEmpty == true { inbox.lines[line] = nil }
        }
    }

    public func dueParkedEvents(_ consumer: String, at now: Timestamp, limit: Int) throws -> [ParkedEvent] {
        self.inbox.scheduled(consumer).filter { $0.at <= now }
            .sorted { ($0.at, $0.event.number) < ($1.at, $1.event.number) }
            .prefix(limit).map(\.event)
    }

    public func nextParkedRetry(_ consumer: String) throws -> Timestamp? {
        self.inbox.scheduled(consumer).map(\.at).min()
    }

    public func parkedEvents(
        _ consumer: String?, onlyDead: Bool, after number: Int64, limit: Int,
    ) throws -> [ParkedEvent] {
        let matching = self.inbox.parked.lazy.filter { event in
            event.number > number && (!onlyDead || event.isDead) && consumer.map { $0 == event.consumer } ?? true
        }
        return Array(matching.prefix(limit))
    }
}
