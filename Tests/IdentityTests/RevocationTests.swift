import Essentials
import EssentialsTesting
import Identity
import Testing

@Suite struct RevocationTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let ada = UniqueID(high: 1, low: 1)
    private static let bob = UniqueID(high: 1, low: 2)

    private static func token(_ id: String? = "t", of subject: UniqueID = ada, issued: Timestamp?) -> Principal {
        Principal(subject: subject, role: .user, tokenID: id, issuedAt: issued)
    }

    private static func after(_ seconds: Int64) -> Timestamp { self.start + .seconds(seconds) }

    @Test func `one token is refused by its name, the others of its owner are not`() {
        var revocations = Revocations()
        revocations.insert(.token("t", at: Self.start), at: Self.start)
        #expect(revocations.contains(Self.token("t", issued: Self.start)))
        #expect(!revocations.contains(Self.token("u", issued: Self.start)))
        #expect(!revocations.contains(Self.token(nil, issued: Self.start)))
    }

    @Test func `tokens of one person are refused when they were issued before the moment, and not later ones`() {
        var revocations = Revocations()
        revocations.insert(.tokens(of: Self.ada, issuedBefore: Self.start), at: Self.start)
        #expect(revocations.contains(Self.token(issued: Self.after(-1))))
        #expect(!revocations.contains(Self.token(issued: Self.start)))
        #expect(!revocations.contains(Self.token(of: Self.bob, issued: Self.after(-1))))
    }

    @Test func `a token that does not say when it was issued counts as an old one`() {
        var revocations = Revocations()
        revocations.insert(.tokens(of: Self.ada, issuedBefore: Self.start), at: Self.start)
        #expect(revocations.contains(Self.token(issued: nil)))
        #expect(!revocations.contains(Self.token(of: Self.bob, issued: nil)))
    }

    @Test func `the latest moment counts, whatever the order`() {
        for moments in [[0, 10], [10, 0], [10, 0, 10]] as [[Int64]] {
            var revocations = Revocations()
            for moment in moments {
                revocations.insert(.tokens(of: Self.ada, issuedBefore: Self.after(moment)), at: Self.after(10))
            }
            #expect(revocations.contains(Self.token(issued: Self.after(5))))
            #expect(!revocations.contains(Self.token(issued: Self.after(10))))
            #expect(revocations.count == 1)
        }
    }

    @Test func `a revocation is kept as long as any of its tokens can be valid, and no longer`() {
        let memory = Revocations.memory.nanoseconds / 1_000_000_000
        #expect(Revocations.memory > TokenIssuer.longestLifetime)
        var revocations = Revocations()
        revocations.insert(.token("t", at: Self.start), at: Self.start)
        revocations.insert(.tokens(of: Self.ada, issuedBefore: Self.start), at: Self.start)
        revocations.forget(at: Self.after(memory))
        #expect(revocations.count == 2)
        revocations.forget(at: Self.after(memory + 1))
        #expect(revocations.count == 0)
    }

    @Test func `an old log adds nothing, and a long life forgets by itself`() {
        let memory = Revocations.memory.nanoseconds / 1_000_000_000
        var revocations = Revocations()
        for hour in 0..<100 {
            let moment = Int64(hour) * 3_601
            revocations.insert(.token("\(hour)", at: Self.after(moment - memory - 1)), at: Self.after(moment))
            revocations.insert(.token("t\(hour)", at: Self.after(moment)), at: Self.after(moment))
            #expect(revocations.count <= 26)
        }
        #expect(!revocations.contains(Self.token("1", issued: Self.start)))
        #expect(revocations.contains(Self.token("t99", issued: Self.start)))
    }

    @Test func `a list refuses from the moment on that it was told`() {
        let clock = ManualWallClock()
        let list = RevocationList(wallClock: clock.wallClock)
        let token = Self.token("t", issued: clock.wallClock.now)
        #expect(!list.isRevoked(token))
        list.insert(.token("t", at: clock.wallClock.now))
        #expect(list.isRevoked(token))
        #expect(list.count == 1)
    }
}
