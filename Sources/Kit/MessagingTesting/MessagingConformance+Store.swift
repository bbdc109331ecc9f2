import Essentials
import EventSourcing
import Messaging
import Testing

private let epochs = [UniqueID(high: 1, low: 1), UniqueID(high: 1, low: 2)]

private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

private func event(_ position: Int64, key: UInt64 = 1, epoch: Int = 0) -> RecordedEvent {
    RecordedEvent(
        event: NewEvent(
            id: UniqueID(high: UInt64(epoch), low: UInt64(position)), type: "Happened", schemaVersion: 2,
            timestamp: moment(position),
            metadata: EventMetadata(
                correlationID: .key(1), causationID: .key(2), traceparent: "00-ab-cd-01", tenant: "t\"\n",
                actor: "user:ü"),
            data: Array("{\"a\":[1,2.50],\"b\":\"x\"}".utf8)),
        source: EventSource(service: "orders", epoch: epochs[epoch]),
        stream: StreamID(category: "order", aggregateID: .key(key)), version: StreamVersion(position),
        position: Position(position))
}

extension MessagingConformance {
    private static let dead = ParkedEvent.State.dead(attempts: 3, error: "no")

    static func checkWatermarks(_ transactor: Transactor<Unit>) async throws {
        let sources = epochs.map { EventSource(service: "orders", epoch: $0) }
        let other = EventSource(service: "payments", epoch: epochs[0])
        let marks = [
            Watermark(consumer: "a", source: sources[0], partition: .whole, position: Position(3)),
            Watermark(consumer: "a", source: sources[0], partition: Partition(0, of: 2), position: Position(4)),
            Watermark(consumer: "a", source: sources[0], partition: Partition(1, of: 2), position: Position(5)),
            Watermark(consumer: "a", source: sources[1], partition: .whole, position: Position(6)),
        ]
        try await transactor.write { unit throws in
            for mark in marks.reversed() { try unit.setWatermark(mark) }
            try unit.setWatermark(Watermark(consumer: "a", source: other, partition: .whole, position: Position(7)))
            try unit.setWatermark(
                Watermark(consumer: "b", source: sources[0], partition: .whole, position: Position(8)))
        }
        #expect(try await transactor.read { try $0.watermarks(of: "a", service: "orders") } == marks)
        #expect(try await transactor.read { try $0.watermarks(of: "c", service: "orders") }.isEmpty)
        var moved = marks[1]
        moved.position = Position(40)
        try await transactor.write { [moved] in try $0.setWatermark(moved) }
        let read = try await transactor.read { try $0.watermarks(of: "a", service: "orders") }
        #expect(read == [marks[0], moved, marks[2], marks[3]])
    }

    static func checkParking(_ transactor: Transactor<Unit>) async throws {
        try await transactor.write { unit throws in
            #expect(try !unit.hasParkedEvents("a"))
            try unit.park(event(1), consumer: "a", key: "k", state: Self.dead, at: moment(10))
            try unit.park(event(2), consumer: "a", key: "k", state: .waiting, at: moment(11))
            try unit.park(event(2), consumer: "a", key: "k", state: .waiting, at: moment(12))
            try unit.park(event(3), consumer: "a", key: "l", state: .waiting, at: moment(13))
            try unit.park(event(2, epoch: 1), consumer: "a", key: "k", state: .waiting, at: moment(14))
            try unit.park(event(1), consumer: "b", key: "k", state: .waiting, at: moment(15))
        }
        let all = try await transactor.read { try $0.parkedEvents(nil, onlyDead: false, after: 0, limit: 10) }
        #expect(all.map(\.event.position.value) == [1, 2, 3, 2, 1])
        let first = try await transactor.read { try $0.firstParkedEvent("a", key: "k") }
        #expect(
            first
                == ParkedEvent(
                    consumer: "a", key: "k", number: all[0].number, event: event(1), state: Self.dead,
                    parkedAt: moment(10)))
        try await transactor.write { unit throws in
            #expect(try unit.hasParkedEvents("a") && unit.hasParkedEvents("b") && !unit.hasParkedEvents("c"))
            #expect(try unit.firstParkedEvent("a", key: "none") == nil)
            #expect(try unit.parkedEvent("a", id: event(3).id)?.key == "l")
            #expect(try unit.parkedEvent("b", number: all[0].number) == nil)
            try unit.removeParkedEvent("a", number: all[0].number)
            #expect(try unit.firstParkedEvent("a", key: "k")?.number == all[1].number)
            try unit.removeParkedEvent("b", number: all[4].number)
            try unit.park(event(9), consumer: "b", key: "k", state: .waiting, at: moment(16))
        }
        let last = try await transactor.read { try $0.firstParkedEvent("b", key: "k") }
        #expect((last?.number ?? 0) > all[4].number, "a number must not be used again")
    }

    static func checkDueLines(_ transactor: Transactor<Unit>) async throws {
        try await transactor.write { unit throws in
            #expect(try unit.nextParkedRetry("a") == nil)
            let due: [(Int64, String, ParkedEvent.State)] = [
                (1, "k", .scheduled(at: moment(300), attempts: 1, error: "x")), (2, "k", .waiting),
                (3, "l", .scheduled(at: moment(100), attempts: 2, error: nil)), (4, "m", Self.dead),
                (5, "n", .scheduled(at: moment(200), attempts: 1, error: "z")),
            ]
            for (position, key, state) in due {
                try unit.park(event(position), consumer: "a", key: key, state: state, at: moment(1))
            }
        }
        try await transactor.write { unit throws in
            #expect(try unit.nextParkedRetry("a") == moment(100))
            #expect(try unit.nextParkedRetry("b") == nil)
            #expect(try unit.dueParkedEvents("a", at: moment(99), limit: 9).isEmpty)
            #expect(try unit.dueParkedEvents("a", at: moment(200), limit: 9).map(\.key) == ["l", "n"])
            #expect(try unit.dueParkedEvents("a", at: moment(900), limit: 2).map(\.key) == ["l", "n"])
            let first = try unit.dueParkedEvents("a", at: moment(100), limit: 1)[0]
            #expect(first.state == .scheduled(at: moment(100), attempts: 2, error: nil))
            try unit.setParkedState(Self.dead, consumer: "a", number: first.number)
            #expect(try unit.parkedEvent("a", number: first.number)?.state == Self.dead)
            #expect(try unit.nextParkedRetry("a") == moment(200))
        }
    }

    static func checkDeadLetters(_ transactor: Transactor<Unit>) async throws {
        try await transactor.write { unit throws in
            for position in Int64(1)...6 {
                try unit.park(
                    event(position), consumer: position % 2 == 0 ? "a" : "b", key: "k\(position)",
                    state: position == 3 ? .waiting : Self.dead, at: moment(1))
            }
        }
        try await transactor.read { unit throws in
            let positions = { (events: [ParkedEvent]) in events.map(\.event.position.value) }
            let first = try unit.parkedEvents(nil, onlyDead: true, after: 0, limit: 3)
            #expect(positions(first) == [1, 2, 4])
            let next = try unit.parkedEvents(nil, onlyDead: true, after: first[2].number, limit: 3)
            #expect(positions(next) == [5, 6])
            #expect(positions(try unit.parkedEvents("b", onlyDead: true, after: 0, limit: 9)) == [1, 5])
            #expect(positions(try unit.parkedEvents("b", onlyDead: false, after: 0, limit: 9)) == [1, 3, 5])
        }
    }

    static func checkEffects(_ transactor: Transactor<Unit>) async throws {
        let effects = [
            Effect(
                queue: "mail", id: .key(1), payload: [1, 0, 255], state: .due(at: moment(300)), createdAt: moment(1)),
            Effect(
                queue: "mail", id: .key(2), payload: [], state: .claimed(until: moment(100)), attempts: 2, error: "e",
                createdAt: moment(2)),
            Effect(
                queue: "mail", id: .key(3), payload: [3], state: .done(at: moment(50), result: "r"), attempts: 1,
                createdAt: moment(3)),
            Effect(
                queue: "mail", id: .key(4), payload: [4], state: .dead, attempts: 8, error: "x", createdAt: moment(4)),
            Effect(
                queue: "mail", id: .key(6), payload: [6], state: .claimed(until: moment(900), by: "sender"),
                attempts: 1,
                createdAt: moment(6)),
            Effect(queue: "sms", id: .key(1), payload: [5], state: .due(at: moment(1)), createdAt: moment(5)),
        ]
        try await transactor.write { unit in for effect in effects { try unit.putEffect(effect) } }
        try await transactor.write { unit throws in
            for effect in effects { #expect(try unit.effect(effect.queue, id: effect.id) == effect) }
            #expect(try unit.effect("mail", id: .key(9)) == nil)
            #expect(try unit.nextEffect("mail") == moment(100))
            #expect(try unit.nextEffect("none") == nil)
            #expect(try unit.dueEffects("mail", at: moment(99), limit: 9).isEmpty)
            #expect(try unit.claimedEffects("mail", by: "sender", limit: 9).map(\.id) == [.key(6)])
            #expect(try unit.claimedEffects("mail", by: "another", limit: 9).isEmpty)
            #expect(try unit.claimedEffects("sms", by: "sender", limit: 9).isEmpty)
            #expect(try unit.dueEffects("mail", at: moment(300), limit: 9).map(\.id) == [.key(2), .key(1)])
            #expect(try unit.dueEffects("mail", at: moment(300), limit: 1).map(\.id) == [.key(2)])
            #expect(try unit.deadEffects("mail", after: nil, limit: 9).map(\.id) == [.key(4)])
            #expect(try unit.deadEffects("mail", after: .key(4), limit: 9).isEmpty)
            #expect(try unit.removeDoneEffects("mail", before: moment(50), limit: 9) == 0)
            #expect(try unit.removeDoneEffects("mail", before: moment(51), limit: 9) == 1)
            #expect(try unit.effect("mail", id: .key(3)) == nil)
            #expect(try !unit.enqueueEffect("mail", id: .key(4), payload: [9], at: moment(9)))
            #expect(try unit.enqueueEffect("mail", id: .key(5), payload: [9], at: moment(9)))
            #expect(try unit.redriveEffect("mail", id: .key(4), at: moment(9)))
            #expect(try !unit.redriveEffect("mail", id: .key(4), at: moment(9)))
            #expect(try unit.effect("mail", id: .key(4))?.attempts == 0)
        }
    }

    static func checkRollback(_ transactor: Transactor<Unit>) async throws {
        let mark = Watermark(consumer: "a", source: event(1).source, partition: .whole, position: Position(3))
        await #expect(throws: HandlerError.self) {
            try await transactor.write { unit throws in
                try unit.setWatermark(mark)
                try unit.park(event(1), consumer: "a", key: "k", state: .waiting, at: moment(1))
                try unit.enqueueEffect("mail", id: .key(1), payload: [], at: moment(1))
                throw HandlerError()
            }
        }
        try await transactor.read { unit throws in
            #expect(try unit.watermarks(of: "a", service: "orders").isEmpty)
            #expect(try !unit.hasParkedEvents("a"))
            #expect(try unit.effect("mail", id: .key(1)) == nil)
        }
    }

    static func checkReadOnly(_ transactor: Transactor<Unit>) async throws {
        let writes: [@Sendable (Unit) throws -> Void] = [
            {
                try $0.setWatermark(
                    Watermark(consumer: "a", source: event(1).source, partition: .whole, position: .start))
            },
            { try $0.park(event(1), consumer: "a", key: "k", state: .waiting, at: moment(1)) },
            { try $0.enqueueEffect("mail", id: .key(1), payload: [], at: moment(1)) },
        ]
        for write in writes {
            let error = await #expect(throws: EventStoreError.self) { try await transactor.read { try write($0) } }
            #expect(error?.code == .readOnly)
        }
    }
}
