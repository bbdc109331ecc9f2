import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Synchronization
import Testing

/// A random walk: events, failures, crashes, redrives and discards in any order. At every step each key has had a
/// prefix of its events, each once; at the end all of them, but those that were discarded.
struct ConsumerWalk {
    let seed: UInt64
    var steps = 120
    private static let keys: ClosedRange<UInt64> = 1...4

    init(seed: UInt64) {
        self.seed = seed
    }

    func run(on target: Transactor<MessagingConformance.Unit>) async throws {
        let fixture = ConsumerFixture(target)
        let chance = Chance(seed: self.seed)
        let broken = target.breaking {
            switch chance.below(12) {
            case 0: .before
            case 1: .after
            default: .none
            }
        }
        let feed = NamedFeed("orders", RewindingFeed(feed: fixture.feed.feed, distance: 5))
        let group = fixture.group([fixture.mirror("mirror")], feeds: [feed], transactor: broken)
        var expected: [UInt64: [UniqueID]] = [:]
        for step in 0..<self.steps {
            switch chance.below(10) {
            case 0..<4:
                let key = Self.keys.lowerBound + UInt64(chance.below(Self.keys.count))
                let event = try await fixture.publish([key])[0]
                expected[key, default: []].append(event)
                let isPoisoned = chance.below(15) == 0
                if chance.below(4) == 0 { fixture.script.fail(event, times: isPoisoned ? .max : chance.below(4)) }
            case 4..<7: await self.tolerating { try await group.catchUp() }
            case 7: fixture.wallClock.advance(by: .milliseconds(Int64(chance.below(1_500))))
            case 8: await self.redrive(group, on: target)
            default: try await self.discard(group, on: target, &expected, chance)
            }
            guard try await self.isPrefix(fixture, expected, step: step) else { return }
        }
        try await self.finish(fixture)
        for key in Self.keys {
            let effects = try await fixture.effects("mirror", key)
            #expect(effects == expected[key] ?? [], "seed \(self.seed), key \(key)")
        }
    }

    /// Heals everything and lets the consumer finish on a store that does not break.
    private func finish(_ fixture: ConsumerFixture) async throws {
        fixture.script.heal()
        let group = fixture.group([fixture.mirror("mirror")])
        for _ in 0..<20 {
            try await group.catchUp()
            for dead in try await group.deadLetters() {
                _ = try await group.redrive(key: dead.key, of: "mirror")
            }
            fixture.wallClock.advance(by: .seconds(2))
        }
        #expect(try await group.parkedEvents().isEmpty, "seed \(self.seed)")
    }

    private func isPrefix(
        _ fixture: ConsumerFixture, _ expected: [UInt64: [UniqueID]], step: Int,
    ) async throws -> Bool {
        for key in Self.keys {
            let effects = try await fixture.effects("mirror", key)
            let isPrefix = (expected[key] ?? []).starts(with: effects)
            #expect(isPrefix, "seed \(self.seed), step \(step), key \(key)")
            if !isPrefix { return false }
        }
        return true
    }

    private func redrive(
        _ group: ConsumerGroup<MessagingConformance.Unit>, on target: Transactor<MessagingConformance.Unit>,
    ) async {
        await self.tolerating {
            for dead in try await group.deadLetters() {
                _ = try await group.redrive(dead.event.id, of: "mirror")
            }
        }
    }

    /// Discards some parked event; whether that happened is asked of the store, because the answer may be lost.
    private func discard(
        _ group: ConsumerGroup<MessagingConformance.Unit>, on target: Transactor<MessagingConformance.Unit>,
        _ expected: inout [UInt64: [UniqueID]], _ chance: Chance,
    ) async throws {
        let parked = try await group.parkedEvents()
        guard !parked.isEmpty, chance.below(3) == 0 else { return }
        let victim = parked[chance.below(parked.count)]
        await self.tolerating { try await group.discard(victim.event.id, of: "mirror") }
        let isLeft = try await target.read { try $0.parkedEvent("mirror", number: victim.number) } != nil
        if !isLeft { expected[victim.event.aggregateID.low]?.removeAll { $0 == victim.event.id } }
    }

    private func tolerating(_ body: () async throws -> some Any) async {
        do {
            _ = try await body()
        } catch let error as EventStoreError {
            #expect(error.code == .unavailable)
        } catch let refusal as MessagingRefusal {
            #expect(refusal.code == .notParked)
        } catch {
            Issue.record(error)
        }
    }
}
