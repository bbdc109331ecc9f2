import Essentials
import EssentialsTesting
import Telemetry
import Testing
import Tracing

@Suite struct TracerTests {
    private let clock = TestClock()
    private let wallClock = ManualWallClock()
    private let sink = CollectingSink()

    private func tracer(_ sampler: Sampler = .always) -> TelemetryTracer {
        var configuration = TelemetryTracer.Configuration()
        configuration.sampler = sampler
        configuration.maximumAttributes = 3
        configuration.maximumEvents = 2
        configuration.maximumLength = 10
        return TelemetryTracer(
            resource: Resource(service: "orders", version: "1"), sink: self.sink, configuration: configuration,
            wallClock: self.wallClock.wallClock, chance: Chance(seed: 1), time: .test(self.clock))
    }

    private struct Declined: Error {}

    @Test func `spans nest and take their time from the injected clocks`() throws {
        let tracer = self.tracer()
        tracer.withSpan("outer", ofKind: .server) { _ in
            self.clock.advance(by: .milliseconds(10))
            tracer.withSpan("inner") { _ in self.clock.advance(by: .milliseconds(5)) }
        }
        let (inner, outer) = (self.sink.spans[0], self.sink.spans[1])
        #expect(inner.parentID == outer.spanID)
        #expect(inner.traceID == outer.traceID)
        #expect(outer.isEntry && !inner.isEntry)
        #expect(outer.start == self.wallClock.now.microseconds * 1_000)
        #expect(outer.duration == .milliseconds(15))
        #expect(inner.start - outer.start == 10_000_000)
    }

    @Test func `a wall clock that jumps does not tear a trace apart`() {
        let tracer = self.tracer()
        tracer.withSpan("outer", ofKind: .server) { _ in
            self.wallClock.advance(by: .seconds(-3_600))
            self.clock.advance(by: .milliseconds(10))
            tracer.withSpan("inner") { _ in self.clock.advance(by: .milliseconds(5)) }
        }
        let (inner, outer) = (self.sink.spans[0], self.sink.spans[1])
        #expect(outer.start <= inner.start && inner.end <= outer.end)
    }

    @Test func `an error is an event and a status, and passes on unchanged`() {
        let tracer = self.tracer()
        #expect(throws: Declined.self) { try tracer.withSpan("pay") { _ in throw Declined() } }
        let span = self.sink.spans[0]
        #expect(span.isError)
        #expect(span.events.map(\.name) == ["exception"])
        #expect(span.events[0].attributes["exception.message"]?.string?.hasPrefix("Declined") == true)
    }

    @Test func `ok is final and a second end does nothing`() {
        let span = self.tracer().startSpan("x")
        span.setStatus(SpanStatus(code: .ok))
        span.setStatus(SpanStatus(code: .error))
        span.end()
        span.end()
        #expect(self.sink.spans.map(\.status) == [.ok])
        #expect(!span.isRecording)
    }

    @Test func `limits hold and what they cost is counted`() {
        let span = self.tracer().startSpan("x")
        for index in 0..<5 { span.attributes["k\(index)"] = "\(index)" }
        span.attributes["k0"] = "a text that is too long"
        for _ in 0..<3 { span.addEvent(SpanEvent(name: "e")) }
        span.end()
        let record = self.sink.spans[0]
        #expect(record.attributes.map(\.key) == ["k0", "k1", "k2"])
        #expect(record.attributes["k0"] == "a text tha")
        #expect(record.droppedAttributes == 2)
        #expect(record.events.count == 2 && record.droppedEvents == 1)
    }

    @Test func `the caller's decision is followed and an unsampled trace records nothing when nobody wants it`() {
        let tracer = self.tracer(.never)
        var context = InstrumentationContext.topLevel
        context.span = TraceParent(header: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").map {
            SpanContext(remote: $0)
        }
        tracer.withSpan("kept", context: context) { _ in }
        tracer.withSpan("dropped") { span in
            #expect(!span.isRecording)
            tracer.withSpan("below") { inner in #expect(inner.spanContext == span.spanContext) }
        }
        #expect(self.sink.spans.map(\.name) == ["kept"])
    }

    @Test func `a trace that is only recorded does not tell callees to sample it`() {
        let span = self.tracer(Sampler(ratio: 0)).startSpan("x", ofKind: .server)
        #expect(span.isRecording)
        #expect(!span.spanContext.isSampled)
        span.end()
        #expect(self.sink.spans.map(\.isSampled) == [false])
    }

    @Test func `the sampled share of traces is the ratio`() {
        let tracer = self.tracer(Sampler(ratio: 0.25, otherwise: .drop))
        let sampled = (0..<4_000).count { _ in
            let span = tracer.startSpan("x")
            defer { span.end() }
            return span.spanContext.isSampled
        }
        #expect(abs(sampled - 1_000) < 110, "four standard deviations of a binomial distribution")
    }

    @Test func `the same seed gives the same ids`() {
        let ids = (0..<2).map { _ in self.tracer().startSpan("x").spanContext.parent }
        #expect(ids[0] == ids[1])
    }
}
