import Essentials
import HTTPCaching
import Testing

@Suite("When a stored answer may be used")
struct ReuseTests {
    private func reuse(_ control: String, after: Int64, _ wish: String? = nil, obeys: Bool = true) -> CacheReuse {
        var policy = CachePolicy()
        policy.obeysClients = obeys
        let asked = wish.map { request("Cache-Control: \($0)") } ?? request()
        return answer(["Cache-Control": control]).reuse(for: asked, at: now.plus(after), policy: policy)
    }

    @Test func `no-cache needs validation, and so does what is stale`() {
        #expect(self.reuse("no-cache, max-age=100", after: 1) == .afterValidation)
        #expect(self.reuse("no-cache=\"x\", max-age=100", after: 1) == .fresh)
        #expect(self.reuse("max-age=100, must-revalidate", after: 1) == .fresh)
        #expect(self.reuse("max-age=100, must-revalidate", after: 100) == .afterValidation)
    }

    @Test func `stale-while-revalidate has an end, and yields to must-revalidate`() {
        #expect(self.reuse("max-age=10, stale-while-revalidate=5", after: 15) == .staleWhileRevalidating)
        #expect(self.reuse("max-age=10, stale-while-revalidate=5", after: 16) == .afterValidation)
        #expect(self.reuse("max-age=10, stale-while-revalidate=5, must-revalidate", after: 12) == .afterValidation)
        #expect(self.reuse("s-maxage=10, stale-while-revalidate=5", after: 12) == .afterValidation)
    }

    @Test func `what clients wish counts, unless the policy says otherwise`() {
        #expect(self.reuse("max-age=100", after: 50, "no-cache") == .afterValidation)
        #expect(self.reuse("max-age=100", after: 50, "no-cache", obeys: false) == .fresh)
        #expect(self.reuse("max-age=100", after: 50, "max-age=49") == .afterValidation)
        #expect(self.reuse("max-age=100", after: 50, "max-age=50") == .fresh)
        #expect(self.reuse("max-age=100", after: 50, "min-fresh=50") == .afterValidation)
        #expect(self.reuse("max-age=100", after: 50, "min-fresh=49") == .fresh)
        #expect(self.reuse("max-age=100", after: 150, "max-stale=50") == .fresh)
        #expect(self.reuse("max-age=100", after: 150, "max-stale") == .fresh)
        #expect(self.reuse("max-age=100", after: 150, "max-stale=49") == .afterValidation)
        #expect(self.reuse("max-age=100, must-revalidate", after: 150, "max-stale=99") == .afterValidation)
        #expect(
            answer(["Cache-Control": "max-age=9"]).reuse(
                for: request("Pragma: no-cache"), at: now, policy: CachePolicy()) == .afterValidation)
    }

    @Test(arguments: [
        ("max-age=2", true, false), ("max-age=2, stale-if-error=100", true, true),
        ("max-age=2, stale-if-error=3", false, false), ("max-age=2, must-revalidate", false, false),
        ("max-age=2, proxy-revalidate", false, false), ("max-age=2, no-cache", false, false),
        ("s-maxage=2", false, false), ("max-age=2, must-revalidate, stale-if-error=100", false, false),
    ])
    func `a stale answer stands in for a failing origin where nobody forbids it`(
        control: String, whenGone: Bool, onError: Bool
    ) {
        let head = answer(["Cache-Control": control])
        let policy = CachePolicy()
        #expect(head.mayBeServed(after: .disconnected, to: request(), at: now.plus(60), policy: policy) == whenGone)
        #expect(head.mayBeServed(after: .serverError, to: request(), at: now.plus(60), policy: policy) == onError)
    }

    @Test func `without the origin a stale answer is served for a time only`() {
        let head = answer(["Cache-Control": "max-age=2"])
        let policy = CachePolicy()
        #expect(head.mayBeServed(after: .disconnected, to: request(), at: now.plus(3_602), policy: policy))
        #expect(!head.mayBeServed(after: .disconnected, to: request(), at: now.plus(3_603), policy: policy))
        let wish = request("Cache-Control: stale-if-error=10")
        #expect(head.mayBeServed(after: .serverError, to: wish, at: now.plus(12), policy: policy))
        #expect(!head.mayBeServed(after: .serverError, to: wish, at: now.plus(13), policy: policy))
    }
}
