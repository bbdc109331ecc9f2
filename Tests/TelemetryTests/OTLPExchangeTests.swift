import Essentials
import EssentialsTesting
import Foundation
import Metrics
import Telemetry
import Testing
import Tracing

/// The other side of `scripts/otlp_check.py`: reads what the official classes wrote, and writes what they shall read.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["OTLP_EXCHANGE"] != nil))
struct OTLPExchangeTests {
    private let folder = ProcessInfo.processInfo.environment["OTLP_EXCHANGE"] ?? ""

    private func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(self.folder)/\(name)"))
    }

    private func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(self.folder)/\(name)")))
    }

    @Test func `our exports, for the official classes`() throws {
        var samples = OTLPSamples(seed: 42)
        let (spans, logs, metrics) = (samples.spans(40), samples.logs(40), samples.metrics(40))
        try self.write(OTLPEncoder.traces(spans), to: "ours.traces.pb")
        try self.write(OTLPEncoder.logs(logs), to: "ours.logs.pb")
        try self.write(OTLPEncoder.metrics(metrics), to: "ours.metrics.pb")
        let ids = spans.map { "\($0.traceID) \($0.spanID) \($0.start) \($0.end) \($0.attributes.count)" }.sorted()
        try self.write(Array(ids.joined(separator: "\n").utf8), to: "ours.spans.txt")
        let answer = OTLPResponse.success(rejected: 3, reason: "no ids", signal: .traces, as: .protobuf)
        try self.write(answer, to: "ours.partial.pb")
    }

    @Test(arguments: ["pb", "json"])
    func `the official classes' requests, read and written again`(_ form: String) throws {
        let decoder = OTLPDecoder()
        let type = form == "pb" ? "application/x-protobuf" : "application/json"
        let traces = try decoder.traces(try self.read("theirs.traces.\(form)"), contentType: type)
        let logs = try decoder.logs(try self.read("theirs.logs.\(form)"), contentType: type)
        let metrics = try decoder.metrics(try self.read("theirs.metrics.\(form)"), contentType: type)
        #expect(traces.rejected + logs.rejected + metrics.rejected == 0)
        try self.write(OTLPEncoder.traces(traces.records), to: "echo.\(form).traces.pb")
        try self.write(OTLPEncoder.logs(logs.records), to: "echo.\(form).logs.pb")
        try self.write(OTLPEncoder.metrics(metrics.records), to: "echo.\(form).metrics.pb")
    }

    /// A registry with everything in it that a strict parser may stumble over.
    @Test func `our text, for a strict OpenMetrics parser`() throws {
        var configuration = MetricRegistry.Configuration()
        configuration.maximumSeries = 5
        configuration.descriptions["orders.placed"] = (unit: "{order}", help: "Orders \"placed\"\nwith \\ in it")
        configuration.descriptions["response.size"] = (unit: "By", help: "")
        let registry = MetricRegistry(
            resource: Resource(service: "orders"), configuration: configuration,
            wallClock: ManualWallClock().wallClock)
        for user in 0..<9 {
            Counter(label: "orders.placed", dimensions: [("user", "\(user)\"\\\n é"), ("le", "x")], factory: registry)
                .increment(by: 3)
        }
        Counter(label: "a.b.total", factory: registry).increment()
        Counter(label: "a_b", factory: registry).increment()
        Gauge(label: "9 lives", factory: registry).record(Double.nan)
        Meter(label: "pool.used", dimensions: [("pool", "db")], factory: registry).set(-0.5)
        Recorder(label: "delta", factory: registry).record(-5)
        Recorder(label: "response.size", dimensions: [("le", "1"), ("route", "/x")], factory: registry).record(70_000)
        let tracer = TelemetryTracer(
            resource: Resource(service: "orders"), sink: CollectingSink(), wallClock: ManualWallClock().wallClock,
            chance: Chance(seed: 1), time: .test(TestClock()))
        tracer.withSpan("x") { _ in
            for milliseconds in [1, 20, 20, 300, 70_000, 900_000] {
                Timer(label: "http.server.request.duration", dimensions: [("route", "/x")], factory: registry)
                    .recordMilliseconds(milliseconds)
            }
        }
        try self.write(Array(OpenMetricsText.write(registry.snapshot()).utf8), to: "ours.metrics.txt")
    }
}
