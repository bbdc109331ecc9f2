import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Synchronization
import Testing

extension MessagingConformance {
    static func checkOnce(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish((0..<30).map { $0 % 3 })
        for _ in 0..<3 {
            try await fixture.group([fixture.mirror("mirror")], feeds: [fixture.feed]).catchUp()
        }
        for key in UInt64(0)..<3 {
            let expected = events.enumerated().filter { UInt64($0.offset) % 3 == key }.map(\.element)
            #expect(try await fixture.effects("mirror", key) == expected)
        }
    }

    static func checkDuplicates(_ fixture: ConsumerFixture) async throws {
        var events: [UniqueID] = []
        for distance in [Int64(1), 3, 10, 1_000] {
            events += try await fixture.publish([1, 1, 1, 1, 1])
            let feed = NamedFeed("orders", RewindingFeed(feed: fixture.feed.feed, distance: distance))
            try await fixture.group([fixture.mirror("mirror")], feeds: [feed]).catchUp()
            #expect(try await fixture.effects("mirror", 1) == events)
        }
    }

    static func checkLostAnswers(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
        for breakage in [Breakage.before, .after, .after, .before, .after, .after, .none] {
            let hasBroken = Mutex(false)
            let broken = fixture.target.breaking {
                hasBroken.withLock { hasBroken in
                    defer { hasBroken = true }
                    return hasBroken ? .none : breakage
                }
            }
            do {
                try await fixture.group([fixture.mirror("mirror")], transactor: broken).catchUp()
            } catch let error as EventStoreError {
                #expect(error.code == .unavailable)
            }
        }
        #expect(try await fixture.effects("mirror", 1) + fixture.effects("mirror", 2) == events.alternating)
        #expect(try await fixture.group([fixture.mirror("mirror")]).parkedEvents().isEmpty, "an outage blames no event")
    }

    static func checkRetries(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 2])
        fixture.script.fail(events[0], times: 3)
        fixture.script.fail(events[1])
        let group = fixture.group([fixture.mirror("mirror")])
        try await group.catchUp()
        var parked = try await group.parkedEvents()
        // A batch that fails is taken apart, which costs the first event one try more than its count says.
        #expect(parked.map(\.attempts) == [1, 1])
        let now = fixture.wallClock.now
        #expect(
            parked[0].state == .scheduled(at: now + .milliseconds(100), attempts: 1, error: "\(HandlerError())"))
        fixture.wallClock.advance(by: .milliseconds(99))
        try await group.catchUp()
        #expect(try await group.parkedEvents() == parked)
        fixture.wallClock.advance(by: .milliseconds(1))
        try await group.catchUp()
        parked = try await group.parkedEvents()
        #expect(
            parked.first?.state == .scheduled(at: now + .milliseconds(300), attempts: 2, error: "\(HandlerError())"))
        fixture.wallClock.advance(by: .milliseconds(200))
        try await group.catchUp()
        #expect(try await fixture.effects("mirror", 1) == [events[0]])
        #expect(try await group.parkedEvents() == group.deadLetters())
        #expect(try await group.deadLetters().map(\.event.id) == [events[1]])
        #expect(try await group.deadLetters().first?.attempts == 3)
        fixture.wallClock.advance(by: .seconds(1_000))
        #expect(try await group.catchUp() == 0, "a dead letter is not tried by itself")
    }

    static func checkPermanent(_ fixture: ConsumerFixture) async throws {
        let script = FailureScript(error: EventStoreError(.unknownEvent, "no fact is called so"))
        let fixture = ConsumerFixture(fixture.target, script: script)
        let events = try await fixture.publish([1])
        script.fail(events[0])
        let group = fixture.group([fixture.mirror("mirror")])
        try await group.catchUp()
        #expect(try await group.deadLetters().first?.attempts == 1)
        #expect(try await fixture.effects("mirror", 1).isEmpty, "what the handler wrote must be undone")
    }

    static func checkOtherKeys(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 2, 1, 2, 1, 2])
        fixture.script.fail(events[2])
        let group = fixture.group([fixture.mirror("mirror")])
        try await group.catchUp()
        fixture.wallClock.advance(by: .seconds(10))
        try await group.catchUp()
        let late = try await fixture.publish([1, 2])
        try await group.catchUp()
        #expect(try await fixture.effects("mirror", 1) == [events[0]])
        #expect(try await fixture.effects("mirror", 2) == [events[1], events[3], events[5], late[1]])
        let parked = try await group.parkedEvents()
        #expect(parked.map(\.event.id) == [events[2], events[4], late[0]])
        #expect(parked.dropFirst().allSatisfy { $0.state == .waiting })
    }

    static func checkRedrive(_ fixture: ConsumerFixture) async throws {
        var events = try await fixture.publish([1, 1, 1, 1, 1, 1])
        fixture.script.fail(events[1])
        let group = fixture.group([fixture.mirror("mirror")])
        for _ in 0..<4 {
            try await group.catchUp()
            fixture.wallClock.advance(by: .seconds(10))
        }
        fixture.script.heal()
        fixture.script.fail(events[3])
        let result = try await group.redrive(events[4], of: "mirror")
        #expect(result.released == 2 && result.failure?.event.id == events[3])
        #expect(try await fixture.effects("mirror", 1) == Array(events[...2]))
        events += try await fixture.publish([1])
        try await group.catchUp()
        fixture.script.heal()
        let key = "order-\(UniqueID.key(1))"
        #expect(try await group.redrive(key: key, of: "mirror") == RedriveResult(released: 4, failure: nil))
        events += try await fixture.publish([1])
        try await group.catchUp()
        #expect(try await fixture.effects("mirror", 1) == events)
        let refusal = await #expect(throws: MessagingRefusal.self) {
            try await group.redrive(key: key, of: "mirror")
        }
        #expect(refusal?.code == .notParked)
        let unknown = await #expect(throws: MessagingRefusal.self) {
            try await group.redrive(key: key, of: "nobody")
        }
        #expect(unknown?.code == .unknownConsumer)
    }

    static func checkDiscard(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 1, 1, 1])
        fixture.script.fail(events[1])
        let group = fixture.group([fixture.mirror("mirror")])
        try await group.catchUp()
        #expect(try await group.discard(events[2], of: "mirror").event.id == events[2])
        #expect(try await group.discard(events[1], of: "mirror").isDead == false)
        try await group.catchUp()
        #expect(try await fixture.effects("mirror", 1) == [events[0], events[3]])
        #expect(try await group.parkedEvents().isEmpty)
    }

    static func checkIsolation(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 1, 2])
        for event in events { fixture.script.fail(event) }
        let blocked = fixture.mirror("blocked")
        let names = ["inventory", "email"]
        let healthy = names.map { name in
            Consumer<Unit>(name) { event, unit in
                try unit.append(
                    [event.event], to: StreamID(category: name, aggregateID: event.aggregateID), expecting: .any)
            }
        }
        let group = fixture.group([blocked] + healthy)
        try await group.catchUp()
        for name in names {
            let stream = StreamID(category: name, aggregateID: .key(1))
            #expect(try await fixture.target.read { try $0.version(of: stream) } == StreamVersion(2))
        }
        #expect(try await group.parkedEvents(of: "blocked").count == 3)
        #expect(try await group.parkedEvents(of: "email").isEmpty)
    }

    static func checkEpochs(_ fixture: ConsumerFixture) async throws {
        let old = fixture.store(epoch: 1)
        let new = fixture.store(epoch: 2)
        let before = try await fixture.publish([1, 1, 1], in: old)
        let after = try await fixture.publish([1, 1], in: new)
        for store in [old, new, new] {
            let feed = NamedFeed("orders", LocalFeed(store.transactor, log: { $0 }))
            try await fixture.group([fixture.mirror("mirror")], feeds: [feed]).catchUp()
        }
        #expect(try await fixture.effects("mirror", 1) == before + after)
    }

    static func checkPartitions(_ fixture: ConsumerFixture) async throws {
        let keys = (0..<40).map { UInt64($0 % 10) }
        var events = try await fixture.publish(keys)
        let divisions: [[Partition]] = [
            [Partition(0, of: 2)], [Partition(1, of: 2)], [Partition(2, of: 3), Partition(0, of: 3)],
            [Partition(1, of: 3)], [.whole],
        ]
        for (round, partitions) in divisions.enumerated() {
            let group = fixture.group([fixture.mirror("mirror")], owning: partitions)
            try await group.catchUp()
            let handled = try await fixture.target.read { try $0.head() }
            if round == 0 { #expect(handled.value > 0 && handled.value < 40, "one share is not the whole") }
            if round == 1 { events += try await fixture.publish(keys) }
        }
        for key in UInt64(0)..<10 {
            let expected = zip(keys + keys, events).filter { $0.0 == key }.map(\.1)
            #expect(try await fixture.effects("mirror", key) == expected)
        }
    }

    static func checkTwoOwners(_ fixture: ConsumerFixture) async throws {
        let keys = (0..<60).map { UInt64($0 % 5) }
        let events = try await fixture.publish(keys)
        for event in [events[3], events[17], events[18]] { fixture.script.fail(event, times: 2) }
        for _ in 0..<4 {
            try await withThrowingTaskGroup { tasks in
                for _ in 0..<4 {
                    let group = fixture.group([fixture.mirror("mirror")])
                    tasks.addTask { _ = try await group.catchUp() }
                }
                try await tasks.waitForAll()
            }
            fixture.wallClock.advance(by: .seconds(1))
        }
        for key in UInt64(0)..<5 {
            let expected = zip(keys, events).filter { $0.0 == key }.map(\.1)
            #expect(try await fixture.effects("mirror", key) == expected)
        }
    }

    static func checkOvertaking(_ fixture: ConsumerFixture) async throws {
        let events = try await fixture.publish([1, 1, 2])
        fixture.script.fail(events[0], times: 2)
        let quick = fixture.group([fixture.mirror("mirror")])
        let slow = { fixture.group([fixture.mirror("mirror")], transactor: $0) }
        try await slow(fixture.target.interrupted { try await quick.catchUp() }).catchUp()
        #expect(try await quick.parkedEvents().map(\.event.id) == [events[0], events[1]])
        fixture.wallClock.advance(by: .seconds(1))
        try await slow(fixture.target.interrupted { try await quick.catchUp() }).catchUp()
        let late = try await fixture.publish([1])
        try await slow(fixture.target.interrupted { try await quick.catchUp() }).catchUp()
        #expect(try await fixture.effects("mirror", 1) == [events[0], events[1], late[0]])
        #expect(try await fixture.effects("mirror", 2) == [events[2]])
        #expect(try await quick.parkedEvents().isEmpty)
    }

    static func checkTypes(_ fixture: ConsumerFixture) async throws {
        try await fixture.publish([1, 2, 1], type: "Other")
        let wanted = try await fixture.publish([1], type: "Wanted")
        try await fixture.publish([1, 2], type: "Other")
        try await fixture.group([fixture.mirror("mirror", types: ["Wanted"])]).catchUp()
        #expect(try await fixture.effects("mirror", 1) == wanted)
        let marks = try await fixture.target.read { try $0.watermarks(of: "mirror", service: "orders") }
        #expect(marks.map(\.position) == [Position(6)])
    }
}

extension [UniqueID] {
    /// The elements at even places, then those at odd places.
    fileprivate var alternating: [UniqueID] {
        let even = self.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        return even + self.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }
}
