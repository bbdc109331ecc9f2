import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Testing

@Suite struct IdempotencyStoreTests {
    @Test func `a key is new once, then repeated, and a mismatch for another request`() async throws {
        let platform = try TestPlatform()
        let store = try platform.environment("parrot", migrations: [IdempotencyStore.migration]).store
        let (key, resource) = (platform.ids.next(), platform.ids.next())
        let now = platform.wallClock.now
        let findings = try await store.write { unit in
            let first = try IdempotencyStore.find(key, scope: "say", fingerprint: "a", in: unit)
            try IdempotencyStore.record(key, scope: "say", fingerprint: "a", resource: resource, at: now, in: unit)
            return [
                first, try IdempotencyStore.find(key, scope: "say", fingerprint: "a", in: unit),
                try IdempotencyStore.find(key, scope: "say", fingerprint: "b", in: unit),
                try IdempotencyStore.find(key, scope: "shout", fingerprint: "b", in: unit),
            ]
        }
        #expect(findings == [.new, .repeated(resource: resource), .mismatch, .new])
        let removed = try await store.write { try IdempotencyStore.expire(before: now + .seconds(1), in: $0) }
        #expect(removed == 1)
    }
}
