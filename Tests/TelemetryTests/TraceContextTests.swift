import Essentials
import EssentialsTesting
import Telemetry
import Testing
import Tracing

/// What W3C's own harness for trace-context checks (strict level 2), against extraction, one span and injection.
@Suite struct TraceContextTests {
    private static let trace = "12345678901234567890123456789012"
    private static let parent = "00-\(Self.trace)-1234567890123456-01"

    /// Header fields in order; fields of the same name are joined by commas, as HTTP has it.
    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [(String, String)]) -> String? {
            let values = carrier.filter { $0.0.lowercased() == key }.map(\.1)
            return values.isEmpty ? nil : values.joined(separator: ",")
        }

        func inject(_ value: String, forKey key: String, into carrier: inout [(String, String)]) {
            carrier.append((key, value))
        }
    }

    private func tracer() -> TelemetryTracer {
        TelemetryTracer(
            resource: Resource(service: "test"), sink: CollectingSink(), wallClock: ManualWallClock().wallClock,
            chance: Chance(seed: 7), time: .test(TestClock()))
    }

    /// What a service sends on that was called with these fields.
    private func forward(
        _ fields: [(String, String)], by tracer: TelemetryTracer? = nil
    ) throws -> (parent: TraceParent, state: TraceState) {
        let tracer = tracer ?? self.tracer()
        var context = InstrumentationContext.topLevel
        tracer.extract(fields, into: &context, using: Fields())
        let span = tracer.startSpan("call", context: context, ofKind: .client)
        var sent: [(String, String)] = []
        tracer.inject(span.context, into: &sent, using: Fields())
        span.end()
        #expect(sent.count { $0.0 == "traceparent" } == 1)
        let header = try #require(Fields().extract(key: "traceparent", from: sent))
        let state = Fields().extract(key: "tracestate", from: sent)
        return (try #require(TraceParent(header: header)), state.flatMap { TraceState(header: $0) } ?? .empty)
    }

    private func state(_ headers: String...) throws -> TraceState {
        let sent = try self.forward([("traceparent", Self.parent)] + headers.map { ("tracestate", $0) })
        #expect(sent.parent.traceID.description == Self.trace)
        return sent.state
    }

    @Test func `a request without headers begins a trace`() throws {
        let sent = try self.forward([])
        #expect(sent.state.isEmpty)
        #expect(sent.parent.flags.contains(.sampled))
    }

    @Test func `a trace goes on with another parent`() throws {
        let sent = try self.forward([("traceparent", Self.parent)])
        #expect(sent.parent.traceID.description == Self.trace)
        #expect(sent.parent.spanID.description != "1234567890123456")
    }

    @Test(arguments: [
        "trace-parent", "trace.parent",
    ])
    func `another header's name is another header`(_ name: String) throws {
        #expect(try self.forward([(name, Self.parent)]).parent.traceID.description != Self.trace)
    }

    @Test(arguments: ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"])
    func `the header's name may be written in any case`(_ name: String) throws {
        #expect(try self.forward([(name, Self.parent)]).parent.traceID.description == Self.trace)
    }

    @Test(arguments: [
        "00-\(Self.trace)-1234567890123456-01.", "00-\(Self.trace)-1234567890123456-01-what-the-future-will-be-like",
        "cc-\(Self.trace)-1234567890123456-01.what-the-future-will-be-like", "ff-\(Self.trace)-1234567890123456-01",
        ".0-\(Self.trace)-1234567890123456-01", "0.-\(Self.trace)-1234567890123456-01",
        "000-\(Self.trace)-1234567890123456-01", "0000-\(Self.trace)-1234567890123456-01",
        "0-\(Self.trace)-1234567890123456-01", "00-00000000000000000000000000000000-1234567890123456-01",
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-1234567890123456789012345678901.-1234567890123456-01", "00-\(Self.trace)3-1234567890123456-01",
        "00-1234567890123456789012345678901-1234567890123456-01", "00-\(Self.trace)-0000000000000000-01",
        "00-\(Self.trace)-.234567890123456-01", "00-\(Self.trace)-123456789012345.-01",
        "00-\(Self.trace)-12345678901234567-01", "00-\(Self.trace)-123456789012345-01",
        "00-\(Self.trace)-1234567890123456-.0", "00-\(Self.trace)-1234567890123456-0.",
        "00-\(Self.trace)-1234567890123456-001", "00-\(Self.trace)-1234567890123456-1",
        "00-\(Self.trace)-1234567890ABCDEF-01", "", "00", "00-\(Self.trace)\u{E9}1234567890123456-01",
    ])
    func `a broken traceparent begins a new trace`(_ header: String) throws {
        let sent = try self.forward([("traceparent", header), ("tracestate", "foo=1")])
        #expect(sent.parent.traceID.description != Self.trace)
        #expect(sent.state.isEmpty)
    }

    @Test func `two traceparents are none`() throws {
        let other = "00-12345678901234567890123456789011-1234567890123456-01"
        let sent = try self.forward([("traceparent", other), ("traceparent", Self.parent)])
        #expect(!["12345678901234567890123456789011", Self.trace].contains(sent.parent.traceID.description))
    }

    @Test(arguments: [
        "cc-\(Self.trace)-1234567890123456-01", "cc-\(Self.trace)-1234567890123456-01-what-the-future-will-be-like",
        " \(Self.parent)", "\t\(Self.parent)", "\(Self.parent) ", "\(Self.parent)\t", "\t \(Self.parent) \t",
    ])
    func `later versions and white space around the value are understood`(_ header: String) throws {
        #expect(try self.forward([("traceparent", header)]).parent.traceID.description == Self.trace)
    }

    @Test func `unknown flags are not passed on and known ones are`() throws {
        let parent = try #require(TraceParent(header: "00-\(Self.trace)-1234567890123456-ff"))
        #expect(parent.flags == [.sampled, .random])
        #expect(parent.header == "00-\(Self.trace)-1234567890123456-03")
        #expect(try self.forward([("traceparent", "00-\(Self.trace)-1234567890123456-02")]).parent.flags == [.random])
    }

    @Test func `a tracestate without traceparent is dropped`() throws {
        #expect(try self.forward([("tracestate", "foo=1")]).state.isEmpty)
        #expect(try self.forward([("tracestate", "foo=1,bar=2")]).state.isEmpty)
    }

    @Test func `a tracestate goes on, in order, from all its headers`() throws {
        #expect(try self.state("foo=1,bar=2").header == "foo=1,bar=2")
        #expect(
            try self.state("foo=1,bar=2", "rojo=1,congo=2", "baz=3").header == "foo=1,bar=2,rojo=1,congo=2,baz=3")
        #expect(try self.state("").isEmpty)
        #expect(try self.state("foo=1", "").header == "foo=1")
        #expect(try self.state("", "foo=1").header == "foo=1")
        let sent = try self.forward([("traceparent", Self.parent), ("TrAcEsTaTe", "foo=1")])
        #expect(sent.state["foo"] == "1")
        let misnamed = try self.forward([("traceparent", Self.parent), ("trace-state", "foo=1")])
        #expect(misnamed.state.isEmpty)
    }

    @Test(arguments: [
        "foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3", " foo=1,bar=2,baz=3",
        "\tfoo=1,bar=2,baz=3",
        "foo=1,bar=2,baz=3 ", "foo=1,bar=2,baz=3\t", "\t foo=1,bar=2,baz=3 \t",
    ])
    func `white space around members is no part of them`(_ header: String) throws {
        #expect(try self.state(header).header == "foo=1,bar=2,baz=3")
    }

    @Test func `every allowed character goes through`() throws {
        let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
        let codes = Array(0x20...0x2B) + Array(0x2D...0x3C) + Array(0x3E...0x7E)
        let value = String(String.UnicodeScalarView(codes.compactMap { Unicode.Scalar(UInt32($0)) }))
        for key in [key, key + "@a-z0-9_-*/"] {
            #expect(try self.state("\(key)=\(value)")[key] == value)
        }
    }

    @Test(arguments: [
        ["foo=1,foo=1"], ["foo=1,foo=2"], ["foo=1", "foo=1"], ["foo=1", "foo=2"], ["foo =1"], ["FOO=1"], ["foo.bar=1"],
        ["foo@=1,bar=2"], ["@foo=1,bar=2"], ["foo@@bar=1,bar=2"], ["foo@bar@baz=1,bar=2"], ["foo=bar=baz"],
        ["foo=,bar=3"], ["foo=1", String(repeating: "z", count: 257) + "=1"],
        ["foo=1", String(repeating: "t", count: 242) + "@v=1"],
        ["foo=1", "t@" + String(repeating: "v", count: 15) + "=1"],
        ["foo=" + String(repeating: "v", count: 257)], ["foo"], ["1foo=1"],
    ])
    func `a tracestate with a mistake is dropped as a whole`(_ headers: [String]) throws {
        let sent = try self.forward([("traceparent", Self.parent)] + headers.map { ("tracestate", $0) })
        #expect(sent.parent.traceID.description == Self.trace)
        #expect(sent.state.isEmpty)
    }

    @Test func `keys of the greatest length are allowed`() throws {
        #expect(try self.state("foo=1", String(repeating: "z", count: 256) + "=1")["foo"] == "1")
        let tenant = String(repeating: "t", count: 241) + "@" + String(repeating: "v", count: 14)
        #expect(try self.state("foo=1", "\(tenant)=1")[tenant] == "1")
    }

    @Test func `thirty-two members are allowed and thirty-three are not`() throws {
        let members = (1...33).map { "bar\($0)=\($0)" }
        #expect(try self.state(members.prefix(32).joined(separator: ",")).members.count == 32)
        #expect(try self.state(members.joined(separator: ",")).isEmpty)
    }

    @Test(arguments: [
        [("traceparent", Self.parent)], [], [("traceparent", "00-\(String(repeating: "0", count: 32))-1-01")],
    ])
    func `each call has a parent of its own`(_ fields: [(String, String)]) throws {
        let tracer = self.tracer()
        let sent = try (0..<3).map { _ in try self.forward(fields, by: tracer).parent }
        #expect(Set(sent.map(\.spanID)).count == 3)
        if fields.first?.1 == Self.parent { #expect(sent.allSatisfy { $0.traceID.description == Self.trace }) }
    }

    @Test func `a state that is too long loses its long members first and the last ones then`() throws {
        let long = "long=" + String(repeating: "x", count: 200)
        let many = (0..<30).map { "k\($0)=" + String(repeating: "v", count: 15) }
        let state = try #require(TraceState(header: ([many[0], long] + many.dropFirst()).joined(separator: ",")))
        #expect(state.header.utf8.count <= 512)
        #expect(!state.header.contains("long"))
        #expect(state.header.hasPrefix("k0="))
        #expect(state.setting("k5", to: "new")?.members.first == TraceState(header: "k5=new")?.members.first)
    }
}
