import Essentials
import EssentialsTesting
import Logging
import Synchronization
import Telemetry
import Testing
import Tracing

@Suite struct RedactionTests {
    private static let canary = "CANARY-7c6f2e"
    private let redactor = Redactor(secrets: [Redacted(Self.canary), Redacted("abc")])

    @Test(arguments: [
        "Authorization", "proxy-authorization", "Set-Cookie", "user.password", "userPassword", "X-API-Key", "api_key",
        "access.token", "clientSecret", "card_number", "session.id", "private-key",
    ])
    func `what stands under such a name is a secret`(_ name: String) {
        #expect(self.redactor.attribute(Attribute(name, "harmless")).value == "[redacted]")
        #expect(self.redactor.attribute(Attribute(name, 42)).value == "[redacted]")
    }

    @Test(arguments: ["http.route", "tokens.used", "order.id", "key", "author", "secretary", "compass.word", "span"])
    func `what stands under another name is not`(_ name: String) {
        #expect(self.redactor.attribute(Attribute(name, "harmless")).value == "harmless")
    }

    @Test(arguments: [
        ("failed with \(Self.canary)!", "failed with [redacted]!"),
        ("GET /x?token=abc123&page=2", "GET /x?token=[redacted]&page=2"),
        ("{\"password\":\"p\\\"w\",\"a\":1}", "{\"password\":\"[redacted]\",\"a\":1}"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA== x", "Authorization: [redacted]"),
        ("sent Bearer abcdef123456.xyz now", "sent Bearer [redacted] now"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "jwt [redacted] end"),
        ("postgres://shop:hunter2@db:5432/shop", "postgres://shop:[redacted]@db:5432/shop"),
        ("card 4111 1111 1111 1111 declined", "card [redacted] declined"), ("pay 5555555555554444", "pay [redacted]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nok", "[redacted]\nok"),
        ("\(Self.canary)\(Self.canary)", "[redacted][redacted]"),
    ])
    func `what looks like a secret is taken out of a text`(_ text: String, _ expected: String) {
        #expect(self.redactor.text(text) == expected)
        #expect(self.redactor.text(expected) == expected, "redacted twice is redacted once")
    }

    @Test(arguments: [
        "order 0198a2b4-77aa-7c01-8f00-1234567890ab placed", "took 1767225600123 ms", "abc is too short to hide",
        "4111 1111 1111 1112", "12:30:00", "https://example.org/a:b@c", "a = b", "Basic idea", "ümläut: ok", "",
    ])
    func `what is none stays as it is`(_ text: String) {
        #expect(self.redactor.text(text) == text)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `a registered secret never survives, wherever it stands`(seed: UInt64) {
        let chance = Chance(seed: seed)
        let pieces = [
            "Bearer ", "token=", "\"", "eyJ", ":", "://u:", "@", "4111 ", "-----BEGIN ", "=", " ", "\\", "é", "x",
        ]
        var text = ""
        for _ in 0..<30 { text += chance.below(4) == 0 ? Self.canary : pieces[chance.below(pieces.count)] }
        #expect(!self.redactor.text(text).contains(Self.canary), "\(text)")
    }

    @Test func `canaries in spans, logs and errors are in nothing that is handed on`() {
        struct Leak: Error { var secret = RedactionTests.canary }
        let sink = CollectingSink()
        let lines = Mutex<[UInt8]>([])
        let kept = Mutex<[SpanRecord]>([])
        let tail = TailSampler(redactor: self.redactor, time: .test(TestClock())) { spans in
            kept.withLock { $0 += spans }
        }
        let tracer = TelemetryTracer(
            resource: Resource(service: "orders"), sink: tail, wallClock: ManualWallClock().wallClock,
            chance: Chance(seed: 1), time: .test(TestClock()))
        let redactor = self.redactor
        let logger = Logger(label: "test") { label in
            TelemetryLogHandler(
                label: label, resource: Resource(service: "orders"),
                sinks: [sink, JSONLogLines { line in lines.withLock { $0 += line } }], redactor: redactor,
                wallClock: ManualWallClock().wallClock)
        }
        let canary = Self.canary
        tracer.withSpan("GET /\(canary)") { span in
            span.attributes["http.request.header.x"] = canary
            span.attributes["list"] = ["a", canary]
            span.addEvent(SpanEvent(name: canary, attributes: ["body": "{\"a\":\"\(canary)\"}"]))
            span.setStatus(SpanStatus(code: .error, message: "bad \(canary)"))
            span.recordError(Leak())
            span.addLink(SpanLink(context: span.context, attributes: ["x": "\(canary)"]))
            logger.error(
                "a \(canary)", error: Leak(), metadata: ["\(canary)": "x", "a": ["\(canary)"], "b": ["c": "\(canary)"]])
        }
        tail.finish()
        #expect(kept.withLock { $0.count } == 1)
        let everything =
            kept.withLock { "\($0)" } + "\(sink.logs)" + lines.withLock { String(decoding: $0, as: UTF8.self) }
        #expect(everything.contains("[redacted]"))
        #expect(!everything.contains(canary))
        #expect(sink.logs[0].traceID == kept.withLock { $0[0].traceID })
    }
}
