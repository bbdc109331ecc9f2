import Dispatch
import Essentials
import EssentialsTesting
import Metrics
import Testing
import Tracing

@testable import Telemetry

@Suite struct MetricsTests {
    private let wallClock = ManualWallClock()

    private func registry(_ change: (inout MetricRegistry.Configuration) -> Void = { _ in }) -> MetricRegistry {
        var configuration = MetricRegistry.Configuration()
        change(&configuration)
        return MetricRegistry(
            resource: Resource(service: "orders"), configuration: configuration,
            redactor: Redactor(secrets: [Redacted("CANARY-1234")]), wallClock: self.wallClock.wallClock)
    }

    @Test func `counters, gauges, recorders and timers are read as they were written`() throws {
        let registry = self.registry()
        let counter = Counter(label: "orders.placed", dimensions: [("currency", "EUR")], factory: registry)
        counter.increment(by: 2)
        counter.increment()
        FloatingPointCounter(label: "bytes.sent", factory: registry).increment(by: 1.5)
        Gauge(label: "pool.used", factory: registry).record(7)
        let meter = Meter(label: "queue.depth", factory: registry)
        meter.set(5)
        meter.decrement(by: 2)
        Recorder(label: "batch.size", factory: registry).record(12)
        Timer(label: "http.server.request.duration", factory: registry).recordNanoseconds(250_000_000)
        let families = registry.snapshot()
        #expect(families.map(\.name) == families.map(\.name).sorted())
        func point(_ name: String) throws -> MetricFamily.Point {
            try #require(families.first { $0.name == name }?.points.first)
        }
        #expect(try point("orders.placed").value == .int(3))
        #expect(try point("orders.placed").labels == [Attribute("currency", "EUR")])
        #expect(try point("bytes.sent").value == .double(1.5))
        #expect(try point("pool.used").value == .double(7))
        #expect(try point("queue.depth").value == .double(3))
        guard case .exponential(let time) = try point("http.server.request.duration").value else {
            Issue.record("a timer is a histogram")
            return
        }
        #expect(time.sum == 0.25 && time.count == 1)
    }

    @Test func `a series is one whatever the order of its labels`() {
        let registry = self.registry()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.snapshot()[0].points.map(\.value) == [.int(2)])
    }

    @Test func `what is more than the bound counts in one overflow series`() {
        let registry = self.registry { $0.maximumSeries = 3 }
        for user in 0..<100 {
            Counter(label: "c", dimensions: [("user", "\(user)")], factory: registry).increment()
        }
        Counter(label: "c", dimensions: [("user", "1")], factory: registry).increment()
        let points = registry.snapshot()[0].points
        #expect(points.count == 4)
        let overflow = points.first { $0.labels.first?.key == "otel.metric.overflow" }
        #expect(overflow?.value == .int(97))
    }

    @Test func `a destroyed counter leaves, and a counter never falls`() {
        let registry = self.registry()
        let counter = Counter(label: "c", factory: registry)
        counter.increment(by: -5)
        #expect(registry.snapshot()[0].points.map(\.value) == [.int(0)])
        counter.destroy()
        #expect(registry.snapshot()[0].points.isEmpty)
    }

    @Test func `secrets do not become labels, and two of them are one series`() {
        let registry = self.registry()
        for secret in ["CANARY-1234", "other"] {
            Counter(label: "c", dimensions: [("api_token", secret)], factory: registry).increment()
        }
        Counter(label: "d", dimensions: [("path", "/x?id=CANARY-1234")], factory: registry).increment()
        let text = OpenMetricsText.write(registry.snapshot())
        #expect(!text.contains("CANARY"))
        #expect(text.contains("c_total{api_token=\"[redacted]\"} 2"))
        #expect(text.contains("d_total{path=\"/x?id=[redacted]\"} 1"))
    }

    @Test func `the second of two metrics with one name in OpenMetrics counts nothing and is named`() {
        let registry = self.registry()
        Counter(label: "a.b", factory: registry).increment()
        Counter(label: "a_b", factory: registry).increment()
        Gauge(label: "a_b_total", factory: registry).record(1)
        #expect(registry.conflicts == ["a_b", "a_b_total"])
        #expect(OpenMetricsText.write(registry.snapshot()).split(separator: "\n").count == 3)
    }

    @Test func `the text is OpenMetrics to the letter`() {
        let registry = self.registry {
            $0.descriptions["orders.placed"] = (unit: "{order}", help: "Orders \"placed\"\nso far \\ ever")
        }
        Counter(label: "orders.placed", dimensions: [("note", "a\"b\\c\nd"), ("é", "x")], factory: registry).increment()
        Gauge(label: "9lives", factory: registry).record(Double.infinity)
        #expect(
            OpenMetricsText.write(registry.snapshot()) == """
                # TYPE _9lives gauge
                _9lives +Inf
                # TYPE orders_placed counter
                # HELP orders_placed Orders \\"placed\\"\\nso far \\\\ ever
                orders_placed_total{note="a\\"b\\\\c\\nd",__="x"} 1
                # EOF

                """)
    }

    @Test func `a histogram has exact cumulative buckets and exemplars that lead to traces`() throws {
        let registry = self.registry()
        let tracer = TelemetryTracer(
            resource: Resource(service: "orders"), sink: CollectingSink(), wallClock: self.wallClock.wallClock,
            chance: Chance(seed: 1), time: .test(TestClock()))
        let timer = Timer(label: "http.server.request.duration", factory: registry)
        let context = tracer.withSpan("x") { span in
            timer.recordSeconds(0.25)
            timer.recordSeconds(0.3)
            return span.spanContext
        }
        let lines = OpenMetricsText.write(registry.snapshot()).split(separator: "\n").map(String.init)
        let name = "http_server_request_duration_seconds"
        #expect(lines.prefix(2) == ["# TYPE \(name) histogram", "# UNIT \(name) seconds"])
        let exemplar = "# {trace_id=\"\(context.traceID)\",span_id=\"\(context.spanID)\"}"
        #expect(lines.contains("\(name)_bucket{le=\"0.25\"} 1 \(exemplar) 0.25 1767225600.000"))
        #expect(lines.contains("\(name)_bucket{le=\"0.5\"} 2 \(exemplar) 0.3 1767225600.000"))
        #expect(lines.contains("\(name)_bucket{le=\"0.125\"} 0"))
        #expect(lines.contains("\(name)_count 2") && lines.contains("\(name)_sum 0.55"))
    }

    @Test func `nothing is lost when many count at once`() async {
        let registry = self.registry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "c", factory: registry)
                    let fraction = FloatingPointCounter(label: "f", factory: registry)
                    let recorder = Recorder(label: "r", factory: registry)
                    for value in 0..<1_000 {
                        counter.increment()
                        fraction.increment(by: 0.5)
                        recorder.record(value)
                    }
                }
            }
        }
        let values = registry.snapshot().compactMap(\.points.first?.value)
        #expect(values[0] == .int(8_000) && values[1] == .double(4_000))
        guard case .exponential(let histogram) = values[2] else { return }
        #expect(histogram.count == 8_000 && histogram.zeroCount == 8)
    }
}
