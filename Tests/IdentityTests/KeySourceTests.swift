import Essentials
import EssentialsTesting
import Synchronization
import Testing

@testable import Identity

@Suite struct KeySourceTests {
    private final class Publisher: Sendable {
        let keys: Mutex<[JWKSet?]>
        let fetches = Mutex(0)
        init(_ keys: [JWKSet?]) { self.keys = Mutex(keys) }

        func fetch() throws -> JWKSet {
            self.fetches.withLock { $0 += 1 }
            let keys = self.keys.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            guard let keys else { throw JOSEError(.keysUnavailable, "down") }
            return keys
        }

        var count: Int { self.fetches.withLock { $0 } }
    }

    private func source(_ publisher: Publisher, clock: TestClock) -> CachedKeySource {
        CachedKeySource(time: .test(clock)) { try publisher.fetch() }
    }

    @Test func `keys are fetched once and again when they are old`() async throws {
        let clock = TestClock()
        let publisher = Publisher([try Fixture().keys])
        let source = self.source(publisher, clock: clock)
        #expect(source.current == nil)
        for _ in 0..<3 { _ = try await source.keys() }
        clock.advance(by: .seconds(299))
        _ = try await source.keys()
        #expect(publisher.count == 1)
        clock.advance(by: .seconds(1))
        _ = try await source.keys()
        #expect(publisher.count == 2)
    }

    @Test func `an unknown kid makes at most one fetch per ten seconds`() async throws {
        let clock = TestClock()
        let first = try Fixture(seed: 1)
        let second = try Fixture(seed: 2)
        let publisher = Publisher([first.keys, second.keys])
        let source = self.source(publisher, clock: clock)
        _ = try await source.keys()
        clock.advance(by: .seconds(9))
        for _ in 0..<5 { _ = try await source.keys(afterMissing: second.key.keyID) }
        #expect(publisher.count == 1)
        clock.advance(by: .seconds(1))
        let verifier = TokenVerifier(
            issuer: Fixture.issuerName, audience: Fixture.audience, keys: source, wallClock: second.clock.wallClock)
        _ = try await verifier.verify(try second.token())
        #expect(publisher.count == 2)
        await #expect(throws: JOSEError.self) { _ = try await verifier.verify(try first.token()) }
        #expect(publisher.count == 2)
    }

    @Test func `old keys serve on while the publisher is down, for a day`() async throws {
        let clock = TestClock()
        let keys = try Fixture().keys
        let publisher = Publisher([keys, nil])
        let source = self.source(publisher, clock: clock)
        _ = try await source.keys()
        clock.advance(by: .seconds(3_600))
        #expect(try await source.keys().document == keys.document)
        #expect(try await source.keys().document == keys.document)
        #expect(publisher.count == 2)
        clock.advance(by: .seconds(86_400))
        await #expect(throws: JOSEError.self) { try await source.keys() }
        #expect(source.current == nil)
    }

    @Test func `without keys a failure is remembered for ten seconds`() async throws {
        let clock = TestClock()
        let publisher = Publisher([nil, try Fixture().keys])
        let source = self.source(publisher, clock: clock)
        for _ in 0..<3 {
            await #expect(throws: JOSEError.self) { try await source.keys() }
        }
        #expect(publisher.count == 1)
        clock.advance(by: .seconds(10))
        _ = try await source.keys()
        #expect(publisher.count == 2)
    }

    @Test func `many callers share one fetch`() async throws {
        let clock = TestClock()
        let keys = try Fixture().keys
        let fetches = Mutex(0)
        let source = CachedKeySource(time: .test(clock)) {
            fetches.withLock { $0 += 1 }
            try await TimeSource.test(clock).sleep(for: .seconds(1))
            return keys
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await source.keys().keys.count } }
            await clock.waitForSleepers()
            clock.advance(by: .seconds(1))
            for try await count in group { #expect(count == 1) }
        }
        #expect(fetches.withLock { $0 } == 1)
    }
}
