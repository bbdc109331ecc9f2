import Essentials
import Logging
import Objectives
import Telemetry
import Tracing

private func telemetry(
    _ signingKey: Redacted<String>, _ collector: any OTLPSender, _ write: @escaping @Sendable ([UInt8]) -> Void,
    _ id: String, place: @Sendable (String) async throws -> Void
) async throws -> String {
    // snippet Docs/Telemetry.md
    let redactor = Redactor(secrets: [signingKey])
    let resource = Resource(service: "orders", version: "1.4.0")
    let metrics = MetricRegistry(resource: resource, redactor: redactor)
    let exporter = OTLPExporter(sender: collector, metrics: { metrics.snapshot() })
    let tail = TailSampler(redactor: redactor) { exporter.export($0) }
    let tracer = TelemetryTracer(resource: resource, sink: tail)
    let logger = Logger(label: "checkout") { label in
        TelemetryLogHandler(
            label: label, resource: resource, sinks: [JSONLogLines(write), exporter], redactor: redactor)
    }

    try await tracer.withSpan("POST /v1/orders", ofKind: .server) { span in
        span.attributes[SemanticConventions.httpRoute] = "/v1/orders"
        logger.info("placing", metadata: ["order.id": "\(id)"])
        try await place(id)
    }
    let page = OpenMetricsText.write(metrics.snapshot())
    // end
    return page
}

private func objectives(_ time: TimeSource, notify: (Any) -> Void) -> Double {
    // snippet Docs/Objectives.md
    var checkout = ObjectiveTracker(Objective(name: "checkout", target: 0.999))
    checkout.add(total: 1_000, bad: 12, at: time.now)
    for change in checkout.evaluate(at: time.now) { notify(change) }
    let left = checkout.budget(at: time.now).remainingShare

    var alerts = ThresholdAlerts()
    for change in alerts.evaluate(.latency, of: "payments", is: 1.4, at: time.now) { notify(change) }
    // end
    return left
}
