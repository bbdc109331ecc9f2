import Essentials
import EventSourcing
import Testing

extension EventStoreConformance {
    static func log(_ store: Transactor<any UnitOfWork>) async throws -> [RecordedEvent] {
        try await store.read { try $0.readAll(after: .start, limit: .max) }
    }

    static func checkReadingBack(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        var full = sample.event(1, causedBy: sample.id())
        full.schemaVersion = 7
        full.timestamp = Timestamp(microseconds: -62_135_596_800_000_001)
        full.metadata.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        full.metadata.tenant = ""
        full.metadata.actor = "naïve 🦀 user"
        full.data = Array(#"{"text":"é \u0000 \" 🦀","very":"\#(String(repeating: "long ", count: 20_000))"}"#.utf8)
        var empty = sample.event(2)
        empty.data = []
        let events = [sample.event(0), full, empty]
        let end = try await store.write { try $0.append(events, to: stream, expecting: .exactly(.zero)) }
        #expect(end == AppendResult(version: StreamVersion(3), position: Position(3)))
        let source = try await store.read { $0.source }
        let expected = events.enumerated().map { index, event in
            RecordedEvent(
                event: event, source: source, stream: stream, version: StreamVersion(Int64(index) + 1),
                position: Position(Int64(index) + 1))
        }
        #expect(try await Self.log(store) == expected)
        #expect(try await store.read { try $0.read(stream, after: .zero, limit: 10) } == expected)
    }

    static func checkNumbers(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let streams = (0..<3).map { _ in sample.stream() }
        var counts = [Int64](repeating: 0, count: 3)
        var total: Int64 = 0
        for round in 0..<12 {
            let batch = sample.events(round % 4)
            let index = round % 3
            let end = try await store.write { try $0.append(batch, to: streams[index], expecting: .any) }
            counts[index] += Int64(batch.count)
            total += Int64(batch.count)
            #expect(end.version.value == counts[index])
            #expect(end.position.value == total)
            #expect(try await store.read { try $0.version(of: streams[index]).value } == counts[index])
            #expect(try await store.read { try $0.head().value } == total)
        }
        #expect(LogHistory().anomalies(in: try await Self.log(store)) == [])
        #expect(try await Self.log(store).count == Int(total))
    }

    static func checkOwnWrites(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let (one, other) = (sample.stream(), sample.stream())
        let events = sample.events(4)
        let cause = sample.id()
        let last = sample.event(9, causedBy: cause)
        let snapshot = Snapshot(version: StreamVersion(2), schemaVersion: 1, data: Array("{}".utf8))
        try await store.write { unit throws in
            #expect(try unit.head() == .start)
            try unit.append(Array(events[..<2]), to: one, expecting: .exactly(.zero))
            try unit.append(Array(events[2...]), to: other, expecting: .exactly(.zero))
            let end = try unit.append([last], to: one, expecting: .exactly(StreamVersion(2)))
            #expect(end == AppendResult(version: StreamVersion(3), position: Position(5)))
            #expect(try unit.head() == Position(5))
            #expect(try unit.version(of: one) == StreamVersion(3))
            #expect(try unit.readAll(after: .start, limit: 9).map(\.event) == events + [last])
            #expect(try unit.read(one, causedBy: cause).map(\.event) == [last])
            try unit.setCheckpoint("reader", to: Position(4))
            #expect(try unit.checkpoint("reader") == Position(4))
            try unit.saveSnapshot(snapshot, of: one)
            #expect(try unit.snapshot(of: one) == snapshot)
        }
    }

    static func checkStaleAppends(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        let first = sample.events(2)
        try await store.write { _ = try $0.append(first, to: stream, expecting: .exactly(.zero)) }
        let stale = sample.events(2)
        for expected in [0, 1, 3] as [Int64] {
            let error = await #expect(throws: EventStoreError.self) {
                try await store.write { unit throws in
                    _ = try unit.append(stale, to: stream, expecting: .exactly(StreamVersion(expected)))
                }
            }
            #expect(error == .stale(stream, expected: StreamVersion(expected), actual: StreamVersion(2)))
        }
        let after = sample.events(1)
        let end = try await store.write { unit throws in
            let error = #expect(throws: EventStoreError.self) {
                try unit.append(stale, to: stream, expecting: .exactly(StreamVersion(1)))
            }
            #expect(error?.code == .staleVersion)
            #expect(try unit.version(of: stream) == StreamVersion(2))
            #expect(try unit.head() == Position(2))
            return try unit.append(after, to: stream, expecting: .exactly(StreamVersion(2)))
        }
        #expect(end == AppendResult(version: StreamVersion(3), position: Position(3)))
        #expect(try await Self.log(store).map(\.event) == first + after)
    }

    static func checkRollback(_ store: Transactor<any UnitOfWork>) async throws {
        struct Refused: Error {}
        let sample = SampleEvents()
        let (old, new) = (sample.stream(), sample.stream())
        let kept = sample.events(2)
        let snapshot = Snapshot(version: StreamVersion(2), schemaVersion: 1, data: Array(#"{"kept":true}"#.utf8))
        try await store.write { unit throws in
            try unit.append(kept, to: old, expecting: .any)
            try unit.setCheckpoint("reader", to: Position(1))
            try unit.saveSnapshot(snapshot, of: old)
        }
        let (lost, lostToo) = (sample.events(3), sample.events(2))
        await #expect(throws: Refused.self) {
            try await store.write { unit throws in
                try unit.append(lost, to: old, expecting: .any)
                try unit.append(lostToo, to: new, expecting: .any)
                try unit.setCheckpoint("reader", to: Position(5))
                try unit.setCheckpoint("another", to: Position(5))
                let newer = Snapshot(version: StreamVersion(5), schemaVersion: 1, data: Array("{}".utf8))
                try unit.saveSnapshot(newer, of: old)
                try unit.saveSnapshot(newer, of: new)
                throw Refused()
            }
        }
        #expect(try await Self.log(store).map(\.event) == kept)
        try await store.read { unit throws in
            #expect(try unit.version(of: new) == .zero)
            #expect(try unit.checkpoint("reader") == Position(1))
            #expect(try unit.checkpoint("another") == .start)
            #expect(try unit.snapshot(of: old) == snapshot)
            #expect(try unit.snapshot(of: new) == nil)
        }
        let end = try await store.write { try $0.append(lostToo, to: new, expecting: .exactly(.zero)) }
        #expect(end == AppendResult(version: StreamVersion(2), position: Position(4)))
    }

    static func checkResults(_ store: Transactor<any UnitOfWork>) async throws {
        struct Refused: Error, Equatable { var reason: String }
        for reason in ["one", "two"] {
            await #expect(throws: Refused(reason: reason)) {
                try await store.write { _ in throw Refused(reason: reason) }
            }
            await #expect(throws: Refused(reason: reason)) {
                try await store.read { _ in throw Refused(reason: reason) }
            }
        }
        #expect(try await store.write { _ in Int?.none } == nil)
        #expect(try await store.write { _ in Int?.some(3) } == 3)
        #expect(try await store.read { _ in Int??.some(nil) } == .some(nil))
        #expect(try await store.read { _ in [String?.none, "x"] } == [nil, "x"])
        try await store.write { _ in }
    }

    static func checkReadOnly(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        let event = sample.event()
        let snapshot = Snapshot(version: .zero, schemaVersion: 1, data: Array("{}".utf8))
        let attempts: [@Sendable (any UnitOfWork) throws -> Void] = [
            { _ = try $0.append([event], to: stream, expecting: .any) },
            { _ = try $0.append([event], to: stream, expecting: .exactly(StreamVersion(5))) },
            { _ = try $0.append([], to: stream, expecting: .any) },
            { try $0.setCheckpoint("reader", to: Position(1)) },
            { try $0.saveSnapshot(snapshot, of: stream) },
        ]
        for attempt in attempts {
            let error = await #expect(throws: EventStoreError.self) { try await store.read { try attempt($0) } }
            #expect(error?.code == .readOnly)
        }
        #expect(try await Self.log(store).isEmpty)
        try await store.read { unit throws in
            #expect(try unit.checkpoint("reader") == .start)
            #expect(try unit.snapshot(of: stream) == nil)
        }
    }
}
