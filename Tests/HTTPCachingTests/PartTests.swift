import Essentials
import HTTPCaching
import HTTPWire
import Testing

@Suite("What of a stored answer a request gets")
struct PartTests {
    private func part(
        _ fields: KeyValuePairs<String, String>, _ asked: String..., status: Int = 200, method: String = "GET"
    ) -> CachePart {
        let asked = parsed(asked, method: method) { CacheRequest($0, $1) }
        return answer(fields, status: status).part(for: asked, length: 10, now: now)
    }

    @Test func `who has it is told so`() {
        let tagged: KeyValuePairs = ["ETag": "\"a\"", "Last-Modified": date(-100)]
        for list in ["\"a\"", "W/\"a\"", "\"x\", \"a\"", "\"a\", \"x\"", "\"x,\" , \"a\",\"y\"", "*"] {
            #expect(self.part(tagged, "If-None-Match: \(list)") == .notModified, "\(list)")
        }
        #expect(self.part(["ETag": "W/\"a\""], "If-None-Match: \"a\"") == .notModified)
        #expect(self.part(tagged, "If-None-Match: \"x\"") == .whole)
        #expect(self.part(tagged, "If-None-Match: \"a", "If-None-Match: b\"") == .whole)
        #expect(self.part(tagged, "If-Modified-Since: \(date(-100))") == .notModified)
        #expect(self.part(tagged, "If-Modified-Since: \(date(-50))") == .notModified)
        #expect(self.part(tagged, "If-Modified-Since: \(date(-101))") == .whole)
        #expect(self.part(["Date": date(-100)], "If-Modified-Since: \(date(-50))") == .notModified)
        #expect(self.part(tagged, "If-Modified-Since: nonsense") == .whole)
        #expect(self.part(tagged, "If-None-Match: \"a\"", status: 404) == .whole)
    }

    @Test func `entity tags come before dates`() {
        let tagged: KeyValuePairs = ["ETag": "\"a\"", "Last-Modified": date(-100)]
        #expect(self.part(tagged, "If-None-Match: \"x\"", "If-Modified-Since: \(nowText)") == .whole)
        #expect(self.part(tagged, "If-None-Match: \"a\"", "If-Modified-Since: \(date(-900))") == .notModified)
    }

    @Test func `one range of bytes is cut out`() {
        let cases: [(String, CachePart)] = [
            ("bytes=0-1", .range(0..<2)), ("bytes=1-", .range(1..<10)), ("bytes=-1", .range(9..<10)),
            ("bytes=-20", .range(0..<10)), ("bytes=5-99", .range(5..<10)), ("bytes=9-9", .range(9..<10)),
            ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=2-1", .whole), ("bytes=-", .whole),
            ("bytes=0-1,3-4", .whole), ("lines=0-1", .whole), ("bytes=a-b", .whole), ("bytes=1-2-3", .whole),
            ("Bytes=0-1", .range(0..<2)), ("bytes=99999999999999999999-", .whole),
        ]
        for (field, wanted) in cases { #expect(self.part([:], "Range: \(field)") == wanted, "\(field)") }
        #expect(self.part([:], "Range: bytes=0-1", method: "HEAD") == .whole)
        #expect(self.part([:], "Range: bytes=0-1", status: 404) == .whole)
    }

    @Test func `a range of something else is not`() {
        let tagged: KeyValuePairs = ["ETag": "\"a\"", "Last-Modified": date(-100)]
        #expect(self.part(tagged, "Range: bytes=0-1", "If-Range: \"a\"") == .range(0..<2))
        #expect(self.part(tagged, "Range: bytes=0-1", "If-Range: \"b\"") == .whole)
        #expect(self.part(["ETag": "W/\"a\""], "Range: bytes=0-1", "If-Range: W/\"a\"") == .whole)
        #expect(self.part(tagged, "Range: bytes=0-1", "If-Range: \(date(-100))") == .range(0..<2))
        #expect(self.part(tagged, "Range: bytes=0-1", "If-Range: \(date(-99))") == .whole)
    }

    @Test func `the origin is asked with what is stored`() {
        var output = WireBuffer(WirePool())
        answer(["ETag": "\"a\"", "Last-Modified": "then"]).writeConditions(&output)
        let text = output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        #expect(text == "If-None-Match: \"a\"\r\nIf-Modified-Since: then\r\n")
    }

    @Test func `a confirmation renews the fields that it names and the lifetime, but not the content's`() {
        let stored = answer([
            "Cache-Control": "max-age=1", "ETag": "\"a\"", "A": "1", "B": "2", "Content-Encoding": "gzip",
        ])
        let later = now.plus(60)
        let renewed = stored.renewed(
            by: CacheFields(["Cache-Control": "max-age=9", "A": "7", "Content-Encoding": "br", "Content-Length": "3"]),
            requestedAt: later, receivedAt: later, policy: CachePolicy())
        #expect(renewed.fields.text("a") == "7" && renewed.fields.text("b") == "2")
        #expect(renewed.fields.text("content-encoding") == "gzip" && renewed.fields.text("content-length") == nil)
        #expect(renewed.fields.list("cache-control") == "max-age=9")
        #expect(renewed.remaining(at: later.plus(8)) == 1_000 && renewed.remaining(at: later.plus(9)) == 0)
    }
}

@Suite("What becomes invalid, and what a cache says")
struct InvalidationTests {
    private func invalidation(
        _ method: WireMethod, status: Int = 200, _ fields: KeyValuePairs<String, String> = [:]
    ) -> CacheInvalidation? {
        CacheInvalidation(
            method: method, target: "/a/b?c", authority: "shop:80", status: status, fields: CacheFields(fields))
    }

    @Test func `an unsafe request that went well makes its target invalid`() {
        for method: WireMethod in [.post, .put, .delete, .patch, .other] {
            #expect(self.invalidation(method)?.targets == ["/a/b?c"])
            #expect(self.invalidation(method, status: 303)?.targets == ["/a/b?c"])
            #expect(self.invalidation(method, status: 404) == nil && self.invalidation(method, status: 500) == nil)
        }
        for method: WireMethod in [.get, .head, .options, .trace] { #expect(self.invalidation(method) == nil) }
    }

    @Test(
        arguments: [
            ("/x", "/x"), ("http://shop:80/x?y#z", "/x?y"), ("//SHOP:80", "/"), ("d", "/a/d"), ("?q", "/a/b?q"),
            ("http://other/x", nil), ("../x", nil), ("mailto:x", nil), ("http://shop:81/x", nil),
        ] as [(String, String?)])
    func `so it does what Location and Content-Location name at the same authority`(reference: String, target: String?)
    {
        for field in ["Location", "Content-Location"] {
            let targets = self.invalidation(.post, [field: reference])?.targets
            #expect(targets == Set(["/a/b?c"] + [target].compactMap(\.self)))
        }
    }

    @Test func `an answer has keys and groups, and may invalidate groups`() {
        let fields = CacheFields(["Surrogate-Key": "a  b", "Cache-Tag": "c, d", "Cache-Groups": "\"g\", \"h i\""])
        #expect(
            SurrogateKeys.tags(fields, authority: "Shop") == ["key a", "key b", "key c", "key d"]
                + ["group shop g", "group shop h i"])
        #expect(SurrogateKeys.tags(CacheFields(["Cache-Groups": "g, \"h\""]), authority: "s") == [])
        #expect(self.invalidation(.post, ["Cache-Group-Invalidation": "\"g\""])?.groups == ["g"])
        let many = (0..<200).map { "k\($0)" }.joined(separator: " ")
        #expect(SurrogateKeys.tags(CacheFields(["Surrogate-Key": many]), authority: "s").count == 128)
    }

    @Test func `the status says how a request was handled`() {
        func text(_ status: CacheStatus) -> String {
            var output = WireBuffer(WirePool())
            status.write(&output, name: Array("edge".utf8))
            return output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        var hit = CacheStatus(.hit)
        hit.timeToLive = -3
        #expect(text(hit) == "Cache-Status: edge; hit; ttl=-3\r\n")
        var miss = CacheStatus(.forward(.uriMiss))
        (miss.isStored, miss.isCollapsed, miss.forwardStatus, miss.detail) = (true, true, 304, "x")
        #expect(text(miss) == "Cache-Status: edge; fwd=uri-miss; fwd-status=304; stored; collapsed; detail=x\r\n")
    }
}
