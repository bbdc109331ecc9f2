import Essentials
import HTTPCaching
import HTTPWire
import Testing

@Suite("How fields are read")
struct FieldTests {
    @Test(arguments: [
        nowText, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "sUN, 06 nOV 1994 08:49:37 gmt",
    ])
    func `a date is read in each of its three forms and in any case`(text: String) {
        #expect(HTTPDate.read(text, now: now) == now)
    }

    @Test(arguments: [
        "0", "", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 AEST", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT", "Sun, 06  Nov 1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "\(nowText), \(nowText)",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
    ])
    func `anything else is no date`(text: String) {
        #expect(HTTPDate.read(text, now: now) == nil)
    }

    @Test func `a year of two digits lies at most fifty years ahead`() {
        #expect(HTTPDate.read("Sunday, 06-Nov-44 08:49:37 GMT", now: now)?.seconds ?? 0 > now.seconds)
        #expect(HTTPDate.read("Sunday, 06-Nov-45 08:49:37 GMT", now: now)?.seconds ?? 0 < now.seconds)
    }

    @Test(arguments: [
        Row("plain", ("max-age=3600", 3_600)), Row("any case", ("MaX-aGe=3600", 3_600)),
        Row("leading zeros", ("max-age=003600", 3_600)), Row("quoted", ("max-age=\"3600\"", 3_600)),
        Row("with others around it", ("foobar, max-age=3600, x=\"a, max-age=1\"", 3_600)),
        Row("more than 32 bits", ("max-age=99999999999", 99_999_999_999)),
        Row("negative", ("max-age=-3600", 0)), Row("single quotes", ("max-age='3600'", 0)),
        Row("a letter before", ("max-age=a100", 0)), Row("a letter behind", ("max-age=100a", 0)),
        Row("decimals", ("max-age=3600.0", 0)), Row("a space before the sign", ("max-age =3600", 0)),
        Row("a space behind the sign", ("max-age= 3600", 0)),
        Row("twice in different words", ("max-age=1, max-age=2", 0)),
        Row("twice the same", ("max-age=2, max-age=2", 2)),
    ])
    func `max-age that cannot be read for certain is stale`(row: Row<(String, Int64)>) {
        #expect(CacheDirectives(row.value.0).maxAge == row.value.1)
    }

    @Test func `a directive in a quoted string is none`() {
        let directives = CacheDirectives("extension=\"no-store, max-age=3600\", max-age=1")
        #expect(directives.maxAge == 1 && !directives.noStore)
    }

    @Test func `private and no-cache may name fields`() {
        let directives = CacheDirectives("private=\"Set-Cookie, x\", no-cache")
        #expect(directives.isPrivate == .fields(["set-cookie", "x"]))
        #expect(directives.noCache == .whole)
        #expect(CacheDirectives("private=x, private").isPrivate == .whole)
    }

    @Test(arguments: [
        "max-age=10000, &&&&&", "max-age=\"10000\"", "max-age=1.5", "max-age =1", "max-age= 1", "Max-Age=1",
        "max-age=1,",
        "max-age=-1", "max-age", "max-age=(1 2)", "", "max-age=1;=2", "no-store=1",
    ])
    func `a targeted field that breaks a rule of structured fields is ignored`(list: String) {
        if list == "max-age" {
            #expect(CacheDirectives(structured: list)?.maxAge == 0)
        } else {
            #expect(CacheDirectives(structured: list) == nil)
        }
    }

    @Test func `a targeted field is a dictionary, and its last word counts`() {
        let directives = CacheDirectives(structured: "max-age=1, foo=(1 2);a=b, private=?0, no-store=?1, max-age=7;x")
        #expect(directives?.maxAge == 7)
        #expect(directives?.noStore == true)
        #expect(directives?.isPrivate == .absent)
    }

    @Test func `a structured list holds strings, tokens and the like`() {
        #expect(
            StructuredField.list("\"a\\\"b\";p=1, tok/en, -7, ?1, :YQ==:, @1, (1 \"x\");y, 1.25")
                == [.string("a\"b"), .token("tok/en"), .integer(-7), .boolean(true), .other, .other, .other, .other])
        for wrong in ["\"a", "a,", "1234567890123456", "1.", "?2", "(1", ":a", "é", "\"\u{7F}\"", "a b"] {
            #expect(StructuredField.list(wrong) == nil, "\(wrong)")
        }
        #expect(StructuredField.list("") == [])
    }
}
