import Essentials
import EventSourcing
import Synchronization

/// One consumer and the database that its effects go to.
struct Delivery<Unit>: Sendable {
    let consumer: Consumer<Unit>
    let transactor: Transactor<Unit>
    let inbox: @Sendable (Unit) -> any InboxUnit
    let configuration: ConsumerGroup<Unit>.Configuration
    let wallClock: WallClock
    let observe: @Sendable (ConsumerReport) -> Void
    let retries = RetrySchedule()

    private struct HandlerFailure: Error {
        var offset: Int
        var kind: FailureKind
        var cause: any Error
    }

    // MARK: New events

    /// Handles or parks every event that is new, then moves the watermark to `end`.
    ///
    /// - Parameter events: of one source, in order, all of them handled by the consumer and in `partition`.
    func deliver(
        _ events: [RecordedEvent], of source: EventSource, in partition: Partition, upTo end: Position,
    ) async throws {
        #if PlantedFaults
            let events = PlantedFault.applyPageBackwards.isPlanted ? events.reversed() : events
        #endif
        var rest = events[...]
        var singles = 0
        repeat {
            let size = singles > 0 ? 1 : self.configuration.maximumBatch
            let batch = Array(rest.prefix(size))
            let mark = batch.count == rest.count ? end : batch.last?.position ?? end
            let watermark = Watermark(
                consumer: self.consumer.name, source: source, partition: partition, position: mark)
            do {
                try await self.handle(batch, watermark)
            } catch let failure as HandlerFailure {
                guard failure.kind != .outage else { throw failure.cause }
                guard batch.count == 1 else {
                    singles = failure.offset + 1
                    continue
                }
                try await self.park(batch[0], failure, watermark)
            }
            singles = max(0, singles - 1)
            rest = rest.dropFirst(batch.count)
        } while !rest.isEmpty
    }

    private func handle(_ batch: [RecordedEvent], _ watermark: Watermark) async throws {
        #if PlantedFaults
            if PlantedFault.watermarkBeforeEffect.isPlanted {
                try await self.transactor.write { unit in
                    let inbox = self.inbox(unit)
                    try self.move(watermark, self.marks(watermark.source, inbox), inbox)
                }
                try await self.transactor.write { unit in
                    for (offset, event) in batch.enumerated() { try self.runHandler(event, unit, offset: offset) }
                }
                return
            }
        #endif
        let handled = try await self.transactor.write(patience: self.configuration.patience) { unit in
            let inbox = self.inbox(unit)
            let marks = try self.marks(watermark.source, inbox)
            let hasParked = try inbox.hasParkedEvents(self.consumer.name)
            var handled = 0
            for (offset, event) in batch.enumerated() {
                let key = self.consumer.key(event)
                #if PlantedFaults
                    let isKnown = !PlantedFault.forgetInbox.isPlanted && marks.covers(event.position, key: key)
                #else
                    let isKnown = marks.covers(event.position, key: key)
                #endif
                guard !isKnown else { continue }
                if hasParked, try inbox.firstParkedEvent(self.consumer.name, key: key) != nil {
                    try inbox.park(
                        event, consumer: self.consumer.name, key: key, state: .waiting, at: self.wallClock.now)
                    continue
                }
                try self.runHandler(event, unit, offset: offset)
                handled += 1
            }
            try self.move(watermark, marks, inbox)
            return handled
        }
        guard handled > 0 else { return }
        self.observe(
            .handled(consumer: self.consumer.name, service: watermark.source.service, count: handled))
    }

    private func park(_ event: RecordedEvent, _ failure: HandlerFailure, _ watermark: Watermark) async throws {
        let key = self.consumer.key(event)
        let now = self.wallClock.now
        let state = self.state(after: failure, attempts: 1, now: now)
        let parked = try await self.transactor.write(patience: self.configuration.patience) { unit -> ParkedEvent? in
            let inbox = self.inbox(unit)
            let marks = try self.marks(watermark.source, inbox)
            guard !marks.covers(event.position, key: key) else { return nil }
            let isFirst = try inbox.firstParkedEvent(self.consumer.name, key: key) == nil
            try inbox.park(
                event, consumer: self.consumer.name, key: key, state: isFirst ? state : .waiting, at: now)
            try self.move(watermark, marks, inbox)
            return isFirst ? try inbox.firstParkedEvent(self.consumer.name, key: key) : nil
        }
        if let parked { self.observe(.parked(parked)) }
        try await self.refreshRetries()
    }

    private func runHandler(_ event: RecordedEvent, _ unit: Unit, offset: Int) throws {
        do {
            try self.consumer.handle(event, unit)
        } catch {
            throw HandlerFailure(offset: offset, kind: self.consumer.classify(error), cause: error)
        }
    }

    private func marks(_ source: EventSource, _ inbox: any InboxUnit) throws -> Watermarks {
        let rows = try inbox.watermarks(of: self.consumer.name, service: source.service)
        return Watermarks(rows.filter { $0.source == source })
    }

    private func move(_ watermark: Watermark, _ marks: Watermarks, _ inbox: any InboxUnit) throws {
        guard watermark.position > marks.position(of: watermark.partition) else { return }
        #if PlantedFaults
            if PlantedFault.forgetInbox.isPlanted { return }
            if PlantedFault.watermarkTooFar.isPlanted {
                var far = watermark
                far.position = Position(watermark.position.value + 1)
                return try inbox.setWatermark(far)
            }
        #endif
        try inbox.setWatermark(watermark)
    }

    private func state(after failure: HandlerFailure, attempts: Int, now: Timestamp) -> ParkedEvent.State {
        let error = String("\(failure.cause)".prefix(1_000))
        let policy = self.configuration.retry
        guard let next = policy.nextAttempt(afterFailures: attempts, kind: failure.kind, now: now) else {
            return .dead(attempts: attempts, error: error)
        }
        return .scheduled(at: next, attempts: attempts, error: error)
    }

    // MARK: Parked events

    private enum Release {
        case gone
        case released
        case failed(ParkedEvent)
    }

    /// Tries the first event of each line that is due, in rounds, until none is or `maximumBatch` have been tried.
    /// - Returns: how many were tried.
    @discardableResult
    func retryDue() async throws -> Int {
        var tried = 0
        while tried < self.configuration.maximumBatch, self.retries.isDue(at: self.wallClock.now) {
            let now = self.wallClock.now
            let due = try await self.transactor.read { unit in
                try self.inbox(unit).dueParkedEvents(
                    self.consumer.name, at: now, limit: self.configuration.maximumBatch)
            }
            for parked in due {
                _ = try await self.release(parked)
                tried += 1
            }
            try await self.refreshRetries()
            if due.isEmpty { break }
        }
        return tried
    }

    /// Handles the events of one line from its first on, dead or not, until it is empty or one fails.
    func redrive(key: String) async throws -> RedriveResult {
        var result = RedriveResult(released: 0, failure: nil)
        while let first = try await self.first(of: key) {
            switch try await self.release(first) {
            case .released: result.released += 1
            case .gone: break
            case .failed(let parked):
                result.failure = parked
                try await self.refreshRetries()
                return result
            }
        }
        try await self.refreshRetries()
        return result
    }

    /// Removes a parked event without its effect.
    func discard(_ parked: ParkedEvent) async throws {
        try await self.transactor.write { unit in
            let inbox = self.inbox(unit)
            let isFirst = try inbox.firstParkedEvent(parked.consumer, key: parked.key)?.number == parked.number
            try inbox.removeParkedEvent(parked.consumer, number: parked.number)
            if isFirst { try self.promote(key: parked.key, inbox) }
        }
        try await self.refreshRetries()
    }

    func first(of key: String) async throws -> ParkedEvent? {
        try await self.transactor.read { try self.inbox($0).firstParkedEvent(self.consumer.name, key: key) }
    }

    func refreshRetries() async throws {
        self.retries.set(try await self.transactor.read { try self.inbox($0).nextParkedRetry(self.consumer.name) })
    }

    /// Handles the first event of a line and removes it, both in one transaction.
    private func release(_ parked: ParkedEvent) async throws -> Release {
        do {
            let isReleased = try await self.transactor.write(patience: self.configuration.patience) { unit in
                let inbox = self.inbox(unit)
                guard try self.isStillFirst(parked, inbox) else { return false }
                try self.runHandler(parked.event, unit, offset: 0)
                try inbox.removeParkedEvent(parked.consumer, number: parked.number)
                try self.promote(key: parked.key, inbox)
                return true
            }
            if isReleased { self.observe(.released(parked)) }
            return isReleased ? .released : .gone
        } catch let failure as HandlerFailure {
            guard failure.kind != .outage else { throw failure.cause }
            return try await self.reschedule(parked, after: failure)
        }
    }

    private func reschedule(_ parked: ParkedEvent, after failure: HandlerFailure) async throws -> Release {
        let state = self.state(after: failure, attempts: parked.attempts + 1, now: self.wallClock.now)
        let isKept = try await self.transactor.write(patience: self.configuration.patience) { unit in
            let inbox = self.inbox(unit)
            guard try self.isStillFirst(parked, inbox) else { return false }
            try inbox.setParkedState(state, consumer: parked.consumer, number: parked.number)
            return true
        }
        guard isKept else { return .gone }
        var parked = parked
        parked.state = state
        self.observe(.parked(parked))
        return .failed(parked)
    }

    /// Whether nobody else has handled or discarded the event since it was read.
    private func isStillFirst(_ parked: ParkedEvent, _ inbox: any InboxUnit) throws -> Bool {
        try inbox.firstParkedEvent(parked.consumer, key: parked.key)?.number == parked.number
    }

    /// Lets the event that is now the first of its line be tried at once.
    private func promote(key: String, _ inbox: any InboxUnit) throws {
        guard let next = try inbox.firstParkedEvent(self.consumer.name, key: key) else { return }
        try inbox.setParkedState(
            .scheduled(at: self.wallClock.now, attempts: 0, error: nil), consumer: next.consumer, number: next.number)
    }
}

/// When a consumer's next parked event is due, known without asking the store.
final class RetrySchedule: Sendable {
    private let moment = Mutex<Timestamp?>(nil)

    var next: Timestamp? { self.moment.withLock { $0 } }

    func set(_ next: Timestamp?) {
        self.moment.withLock { $0 = next }
    }

    func isDue(at now: Timestamp) -> Bool { self.next.map { $0 <= now } ?? false }
}
