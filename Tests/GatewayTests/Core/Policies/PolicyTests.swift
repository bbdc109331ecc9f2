import Essentials
import GatewayCore
import Testing

@Suite("CORS")
struct CORSTests {
    private var policy: CORSPolicy {
        var policy = CORSPolicy(origins: ["https://shop.example.com", "https://*.apps.example.com"])
        policy.methods = ["GET", "PUT"]
        policy.headers = ["Content-Type", "X-Key"]
        policy.exposes = ["ETag"]
        return policy
    }

    @Test(arguments: [
        ("https://shop.example.com", true), ("http://shop.example.com", false),
        ("https://shop.example.com:8443", false),
        ("https://a.apps.example.com", true), ("https://a.b.apps.example.com", true),
        ("https://apps.example.com", false),
        ("https://.apps.example.com", false), ("https://evil.test/.apps.example.com", false),
        ("https://evil.test:1@x.apps.example.com", false), ("https://evilapps.example.com", false), ("null", false),
        ("", false),
    ])
    func `an origin is allowed as a whole or below a name`(_ origin: String, _ isAllowed: Bool) {
        #expect(self.policy.allows(origin: origin) == isAllowed)
    }

    private func names(_ fields: [HeaderChanges.Field]) -> [String] { fields.map { "\($0.name): \($0.value)" } }

    @Test func `a preflight is answered with what was asked for, if all of it is allowed`() {
        let asked = CORSPolicy.Preflight(
            origin: "https://shop.example.com", method: "PUT", headers: ["content-type", "x-key"])
        #expect(
            self.names(self.policy.fields(for: asked)) == [
                "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
                "Access-Control-Allow-Origin: https://shop.example.com", "Access-Control-Allow-Methods: GET, PUT",
                "Access-Control-Allow-Headers: content-type, x-key", "Access-Control-Max-Age: 600",
            ])
    }

    @Test(arguments: [
        CORSPolicy.Preflight(origin: "https://evil.test", method: "GET"),
        .init(origin: "https://shop.example.com", method: "DELETE"),
        .init(origin: "https://shop.example.com", method: "GET", headers: ["X-Other"]),
    ])
    func `a preflight that asks for more gets no permission`(_ asked: CORSPolicy.Preflight) {
        #expect(self.policy.fields(for: asked).map(\.name) == ["Vary"])
    }

    @Test func `answers name the origin, and caches learn that they vary`() {
        #expect(
            self.names(self.policy.fields(origin: "https://shop.example.com")) == [
                "Vary: Origin", "Access-Control-Allow-Origin: https://shop.example.com",
                "Access-Control-Expose-Headers: ETag",
            ])
        #expect(self.names(self.policy.fields(origin: nil)) == ["Vary: Origin"])
        #expect(self.names(self.policy.fields(origin: "https://evil.test")) == ["Vary: Origin"])
        #expect(
            self.names(CORSPolicy(origins: ["*"]).fields(origin: "https://any.test")) == [
                "Access-Control-Allow-Origin: *"
            ])
    }

    @Test func `credentials are never for a star`() {
        var policy = self.policy
        policy.allowsCredentials = true
        #expect(
            self.names(policy.fields(origin: "https://a.apps.example.com")).dropFirst().prefix(2) == [
                "Access-Control-Allow-Origin: https://a.apps.example.com", "Access-Control-Allow-Credentials: true",
            ])
    }
}

@Suite("Compression")
struct CompressionTests {
    private let policy = CompressionPolicy()

    private func answer(_ change: (inout CompressionPolicy.Answer) -> Void = { _ in }) -> CompressionPolicy.Answer {
        var answer = CompressionPolicy.Answer(
            status: 200, contentType: "application/json; charset=utf-8", length: 4_096)
        change(&answer)
        return answer
    }

    @Test(arguments: [
        ("gzip", true), ("br, gzip;q=0.5", true), ("*", true), ("gzip;q=0", false), ("*;q=0", false), ("br", false),
        ("identity, gzip;q=0.5", false), ("GZip", true), ("", false), ("gzip;q=x", false), ("*;q=1, gzip;q=0", false),
    ])
    func `the client decides by its qualities`(_ header: String, _ isCompressed: Bool) {
        #expect((self.policy.coding(for: self.answer(), accepting: header) == .gzip) == isCompressed)
        #expect(self.policy.coding(for: self.answer(), accepting: nil) == nil)
    }

    @Test func `tiny, coded, secret, partial and foreign answers stay as they are`() {
        let refused: [CompressionPolicy.Answer] = [
            self.answer { $0.length = 1_023 }, self.answer { $0.coding = "gzip" }, self.answer { $0.setsCookie = true },
            self.answer { $0.status = 206 }, self.answer { $0.status = 204 }, self.answer { $0.status = 304 },
            self.answer { $0.contentType = "image/png" }, self.answer { $0.contentType = "" },
            self.answer { $0.cacheControl = "public, No-Transform" },
        ]
        for answer in refused { #expect(!self.policy.covers(answer), "\(answer)") }
        for answer in [self.answer(), self.answer { $0.length = nil }, self.answer { $0.contentType = "Text/HTML" }] {
            #expect(self.policy.covers(answer), "\(answer)")
        }
    }
}

@Suite("Header changes")
struct HeaderEditTests {
    @Test func `what is removed or set does not go on, what is set or added comes anew`() {
        var changes = HeaderChanges()
        #expect(HeaderEdit(changes).isEmpty)
        changes.remove = ["X-Debug"]
        changes.set = [.init("X-Source", "gateway")]
        changes.add = [.init("Via", "a"), .init("Via", "b")]
        let edit = HeaderEdit(changes)
        let dropped = ["x-debug", "X-DEBUG", "x-source", "via", "x-debu", "x-debugs"].filter { name in
            let bytes = Array(name.utf8)
            return edit.drops(bytes.span.bytes)
        }
        #expect(dropped == ["x-debug", "X-DEBUG", "x-source"])
        #expect(String(decoding: edit.lines, as: UTF8.self) == "X-Source: gateway\r\nVia: a\r\nVia: b\r\n")
    }
}
