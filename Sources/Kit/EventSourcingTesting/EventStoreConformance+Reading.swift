import Essentials
import EventSourcing
import Testing

extension EventStoreConformance {
    static func checkStreamPages(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let (stream, other) = (sample.stream(), sample.stream())
        let events = sample.events(7)
        for event in events {
            let between = sample.event()
            try await store.write { unit throws in
                try unit.append([event], to: stream, expecting: .any)
                try unit.append([between], to: other, expecting: .any)
            }
        }
        for limit in [1, 2, 3, 7, 8, .max] {
            var found: [RecordedEvent] = []
            while found.count <= 7 {
                let after = found.last?.version ?? .zero
                let page = try await store.read { try $0.read(stream, after: after, limit: limit) }
                #expect(page.count == min(limit, 7 - found.count))
                guard !page.isEmpty else { break }
                found += page
            }
            #expect(found.map(\.event) == events)
            #expect(found.map(\.version.value) == Array(1...7))
        }
        try await store.read { unit throws in
            #expect(try unit.read(stream, after: StreamVersion(5), limit: 0).isEmpty)
            #expect(try unit.read(stream, after: StreamVersion(99), limit: 9).isEmpty)
            #expect(
                try unit.read(StreamID(category: "nobody", aggregateID: stream.aggregateID), after: .zero, limit: 9)
                    .isEmpty)
        }
    }

    static func checkLogPages(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let streams = (0..<3).map { _ in sample.stream() }
        var events: [NewEvent] = []
        for round in 0..<8 {
            let batch = sample.events(round % 3)
            try await store.write { _ = try $0.append(batch, to: streams[round % 3], expecting: .any) }
            events += batch
        }
        let total = events.count
        for limit in [1, 2, 5, total, total + 1, .max] {
            var found: [RecordedEvent] = []
            while found.count <= total {
                let after = found.last?.position ?? .start
                let page = try await store.read { try $0.readAll(after: after, limit: limit) }
                #expect(page.count == min(limit, total - found.count))
                guard !page.isEmpty else { break }
                found += page
            }
            #expect(found.map(\.event) == events)
            #expect(found.map(\.position.value) == Array(1...Int64(total)))
        }
        try await store.read { unit throws in
            #expect(try unit.readAll(after: Position(2), limit: 0).isEmpty)
            #expect(try unit.readAll(after: Position(99), limit: 9).isEmpty)
        }
    }

    static func checkStreams(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let (one, another) = (sample.id(), sample.id())
        let streams = [("order", one), ("order", another), ("cart", one), ("cart.line", one)].map {
            StreamID(category: $0.0, aggregateID: $0.1)
        }
        for (index, stream) in streams.enumerated() {
            let events = sample.events(index + 1)
            try await store.write { _ = try $0.append(events, to: stream, expecting: .exactly(.zero)) }
        }
        for (index, stream) in streams.enumerated() {
            let events = try await store.read { try $0.read(stream, after: .zero, limit: 9) }
            #expect(events.map(\.version.value) == Array(1...Int64(index + 1)))
            #expect(events.allSatisfy { $0.stream == stream })
            #expect(try await store.read { try $0.version(of: stream).value } == Int64(index + 1))
        }
    }

    static func checkCauses(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let (stream, other) = (sample.stream(), sample.stream())
        let (cause, another) = (sample.id(), sample.id())
        let mine = [sample.event(1, causedBy: cause), sample.event(2, causedBy: cause)]
        let rest = [sample.event(3, causedBy: another), sample.event(4)]
        let elsewhere = sample.event(5, causedBy: cause)
        try await store.write { unit throws in
            try unit.append([mine[0], rest[0]], to: stream, expecting: .any)
            try unit.append([elsewhere], to: other, expecting: .any)
            try unit.append([rest[1], mine[1]], to: stream, expecting: .any)
        }
        try await store.read { unit throws in
            #expect(try unit.read(stream, causedBy: cause).map(\.event) == mine)
            #expect(try unit.read(stream, causedBy: cause).map(\.version.value) == [1, 4])
            #expect(try unit.read(other, causedBy: cause).map(\.event) == [elsewhere])
            #expect(try unit.read(other, causedBy: another).isEmpty)
        }
    }

    static func checkCheckpoints(_ store: Transactor<any UnitOfWork>) async throws {
        #expect(try await store.read { try $0.checkpoint("a") } == .start)
        for value in [5, 9, 9, 2, 0, Int64.max] {
            try await store.write { try $0.setCheckpoint("a", to: Position(value)) }
            #expect(try await store.read { try $0.checkpoint("a").value } == value)
        }
        try await store.write { try $0.setCheckpoint("a/b 🦀", to: Position(1)) }
        #expect(try await store.read { try $0.checkpoint("a").value } == .max)
        #expect(try await store.read { try $0.checkpoint("a/b 🦀").value } == 1)
        #expect(try await store.read { try $0.checkpoint("A") } == .start)
    }

    static func checkSnapshots(_ store: Transactor<any UnitOfWork>) async throws {
        let sample = SampleEvents()
        let stream = sample.stream()
        let twin = StreamID(category: "other", aggregateID: stream.aggregateID)
        #expect(try await store.read { try $0.snapshot(of: stream) } == nil)
        for version in [4, 8, 6] as [Int64] {
            let snapshot = Snapshot(
                version: StreamVersion(version), schemaVersion: Int(version) + 1,
                data: Array(#"{"at":\#(version),"é":"🦀"}"#.utf8))
            try await store.write { try $0.saveSnapshot(snapshot, of: stream) }
            #expect(try await store.read { try $0.snapshot(of: stream) } == snapshot)
        }
        #expect(try await store.read { try $0.snapshot(of: twin) } == nil)
    }
}
