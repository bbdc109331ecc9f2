import Essentials
import Identity
import Synchronization
import Testing

@testable import Chassis

@Suite struct ServiceCredentialsTests {
    private final class Clock: Sendable {
        private let moment = Mutex(Timestamp(milliseconds: 1_767_225_600_000))

        func move(by duration: Duration) { self.moment.withLock { $0 = $0 + duration } }

        var wallClock: WallClock { WallClock { self.moment.withLock { $0 } } }
    }

    private func credentials(_ clock: Clock) throws -> SignedServiceCredentials {
        let chance = Chance(seed: 1)
        return try SignedServiceCredentials(
            service: "orders", key: .generate(.edDSA, chance: chance),
            ids: IDSource(wallClock: clock.wallClock, chance: chance), wallClock: clock.wallClock)
    }

    @Test func `a token is used again until shortly before it expires`() throws {
        let clock = Clock()
        let credentials = try self.credentials(clock)
        let first = try credentials.token(for: "payments")
        clock.move(by: .seconds(400))
        #expect(try credentials.token(for: "payments") == first)
        clock.move(by: .seconds(100))
        #expect(try credentials.token(for: "payments") != first)
    }

    @Test func `#1 a token from the future is made anew when the clock is set back, seed 73 of the simulator`() throws {
        let clock = Clock()
        let credentials = try self.credentials(clock)
        clock.move(by: .seconds(600))
        let early = try credentials.token(for: "payments")
        clock.move(by: .seconds(-600))
        #expect(try credentials.token(for: "payments") != early)
    }
}
