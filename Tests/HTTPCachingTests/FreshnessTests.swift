import Essentials
import HTTPCaching
import Testing

/// Fields of an answer, how many seconds pass, and whether it may be used as it is then.
private typealias Case = (fields: KeyValuePairs<String, String>, after: Int64, isFresh: Bool)

@Suite("How long an answer is fresh")
struct FreshnessTests {
    private func isFresh(_ fields: KeyValuePairs<String, String>, after: Int64, status: Int = 200) -> Bool {
        answer(fields, status: status).reuse(for: request(), at: now.plus(after), policy: CachePolicy()) == .fresh
    }

    @Test func `explicit lifetimes are used in their order`() {
        let cases: [Case] = [
            (["Cache-Control": "max-age=10"], 9, true),
            (["Cache-Control": "max-age=10"], 10, false),
            (["Cache-Control": "max-age=0"], 0, false),
            (["Cache-Control": "max-age=0", "Expires": date(1_000)], 0, false),
            (["Cache-Control": "max-age=10", "Expires": date(-1_000)], 5, true),
            (["Cache-Control": "max-age=10", "Expires": "0"], 5, true),
            (["Cache-Control": "s-maxage=3, max-age=100"], 5, false),
            (["Cache-Control": "max-age=100", "cache-control": "s-maxage=3"], 5, false),
            (["Cache-Control": "s-maxage=100, max-age=0", "Expires": date(-9)], 5, true),
            (["Expires": date(10), "Date": nowText], 9, true),
            (["Expires": date(10), "Date": nowText], 10, false),
            (["Expires": date(10), "Date": "nonsense"], 9, true),
            (["Expires": nowText], 0, false),
            (["Expires": "0"], 0, false),
            (["Expires": date(10), "expires": date(10)], 0, false),
            // Clocks that go fast: what counts is the difference between the two dates.
            (["Expires": date(1_000), "Date": date(1_010)], 0, false),
        ]
        for one in cases { #expect(self.isFresh(one.fields, after: one.after) == one.isFresh, "\(one)") }
    }

    @Test func `age begins where the answer was made`() {
        let cases: [Case] = [
            (["Cache-Control": "max-age=100", "Age": "98"], 1, true),
            (["Cache-Control": "max-age=100", "Age": "98"], 2, false),
            (["Cache-Control": "max-age=100", "Age": "2147483648"], 0, false),
            (["Cache-Control": "max-age=100", "Age": "abc"], 1, true),
            (["Cache-Control": "max-age=100", "Age": "-200"], 1, true),
            (["Cache-Control": "max-age=100", "Age": "200.0"], 1, true),
            (["Cache-Control": "max-age=100", "Age": "200, 0"], 1, false),
            (["Cache-Control": "max-age=100", "Age": "0, 200"], 1, true),
            (["Cache-Control": "max-age=100", "Age": "200", "age": "0"], 1, false),
            (["Cache-Control": "max-age=100", "Date": date(-101)], 0, false),
            (["Expires": date(100), "Date": date(-50), "Age": "151"], 0, false),
            (["Expires": date(200), "Date": date(100), "Age": "101"], 0, false),
        ]
        for one in cases { #expect(self.isFresh(one.fields, after: one.after) == one.isFresh, "\(one)") }
        #expect(answer(["Age": "5"], delay: 3).age(at: now.plus(2)) == 10_000)
        #expect(answer(["Date": date(-20)]).age(at: now.plus(1)) == 21_000)
    }

    @Test(arguments: [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
    func `a tenth of the time since the last change is fresh where the status allows it`(status: Int) {
        let fields: KeyValuePairs = ["Last-Modified": date(-1_000), "Date": nowText]
        #expect(self.isFresh(fields, after: 99, status: status))
        #expect(!self.isFresh(fields, after: 100, status: status))
    }

    @Test(arguments: [201, 202, 302, 307, 403, 500, 502, 503, 504, 599])
    func `nothing is guessed for other statuses, unless the answer is public`(status: Int) {
        #expect(!self.isFresh(["Last-Modified": date(-1_000), "Date": nowText], after: 0, status: status))
        #expect(
            self.isFresh(
                ["Last-Modified": date(-1_000), "Date": nowText, "Cache-Control": "public"], after: 9, status: status))
    }

    @Test func `what is guessed has a limit, is nothing without a change, and not for cookies`() {
        #expect(answer(["Last-Modified": date(-100_000)]).lifetime == 3_600_000)
        #expect(answer([:]).lifetime == 0)
        #expect(answer(["Last-Modified": date(-1_000), "Set-Cookie": "a=b"]).lifetime == 0)
        #expect(answer(["Last-Modified": date(1_000)]).lifetime == 0)
        var policy = CachePolicy()
        policy.defaultLifetime = .seconds(7)
        #expect(answer([:], policy: policy).lifetime == 7_000)
        #expect(answer([:], status: 404, policy: policy).lifetime == 0)
    }

    @Test func `a field aimed at this cache replaces the others`() {
        let cases: [Case] = [
            (["CDN-Cache-Control": "max-age=100", "Cache-Control": "max-age=1"], 50, true),
            (["CDN-Cache-Control": "max-age=1", "Cache-Control": "max-age=100"], 50, false),
            (["CDN-Cache-Control": "max-age=100", "Expires": date(-100)], 50, true),
            (["CDN-Cache-Control": "max-age=0", "Expires": date(100)], 0, false),
            (["CDN-Cache-Control": "max-age=100", "Age": "200"], 0, false),
            (["CDN-Cache-Control": "foo", "Expires": date(100)], 0, false),
            (["CDN-Cache-Control": "max-age=\"100\"", "Cache-Control": "max-age=1"], 50, false),
        ]
        for one in cases { #expect(self.isFresh(one.fields, after: one.after) == one.isFresh, "\(one)") }
        var policy = CachePolicy()
        policy.targets = ["mainstay-cache-control", "cdn-cache-control"]
        let fields: KeyValuePairs = ["CDN-Cache-Control": "max-age=1", "Mainstay-Cache-Control": "max-age=9"]
        #expect(answer(fields, policy: policy).lifetime == 9_000)
    }
}
