import Chassis
import Essentials
import Gateway
import Identity
import Logging
import ShopContracts
import Synchronization
import Telemetry

/// What everything in this process tells about itself: one buffer of spans and log records, one budget of traces, and the
/// metrics of each service.
final class PlatformTelemetry: Sendable {
    let buffer: TelemetryBuffer
    /// Nil when nothing is traced.
    let edge: EdgeTracing?
    /// What waits for the collector of the settings; nil without one.
    private let outgoing: TelemetryBuffer?
    private let sink: any SpanSink & LogSink
    private let budget: SamplingBudget?
    private let redactor: Redactor
    private let lines: any LogSink
    private let registries = Mutex<[ServiceName: MetricRegistry]>([:])

    /// - Parameter keys: appear nowhere in what is told.
    init(_ settings: Settings, keys: [SigningKey]) {
        let secrets = keys.map { Redacted(String(decoding: $0.jwk.exposed, as: UTF8.self)) } + settings.secrets
        let redactor = Redactor(secrets: secrets)
        let buffer = TelemetryBuffer(redactor: redactor)
        let outgoing = settings.collector.map { _ in TelemetryBuffer(redactor: redactor) }
        let sink: any SpanSink & LogSink = outgoing.map { TelemetryFan(first: buffer, second: $0) } ?? buffer
        let perSecond = settings.tracesPerSecond
        let budget =
            perSecond == 0 ? nil : SamplingBudget(perSecond: Double(perSecond), burst: Double(2 * perSecond))
        self.lines =
            settings.hasTextLog ? TextLogLines(write: Terminal.errorBytes) : JSONLogLines(Terminal.errorBytes)
        self.redactor = redactor
        self.buffer = buffer
        self.outgoing = outgoing
        self.sink = sink
        self.budget = budget
        self.edge = budget.map {
            EdgeTracing(sink: sink, budget: $0, version: Version.current, ignoring: [.console])
        }
    }

    /// What a service is given. Callers decide whether a trace is sampled; what begins in a service takes of the budget.
    func service(_ name: ServiceName) -> ServiceTelemetry {
        let resource = Resource(service: name.rawValue, version: Version.current)
        let metrics = MetricRegistry(resource: resource, redactor: self.redactor)
        self.registries.withLock { $0[name] = metrics }
        guard let budget else { return ServiceTelemetry(tracer: nil, metrics: metrics) }
        var configuration = TelemetryTracer.Configuration()
        configuration.sampler = Sampler(ratio: 1, otherwise: .drop, whenCallerDoesNot: .drop)
        configuration.budget = budget
        let tracer = TelemetryTracer(resource: resource, sink: self.sink, configuration: configuration)
        return ServiceTelemetry(tracer: tracer, metrics: metrics)
    }

    /// All metrics of all services, as they stand.
    func snapshot() -> [MetricFamily] {
        self.registries.withLock { $0 }.sorted { $0.key < $1.key }.flatMap { $0.value.snapshot() }
    }

    /// Writes log records to the terminal, redacted and with the ids of their trace, and into the buffer.
    func logHandler(label: String, service: String) -> any LogHandler {
        TelemetryLogHandler(
            label: label, resource: Resource(service: service, version: Version.current),
            sinks: [self.lines, self.sink], redactor: self.redactor)
    }

    /// Sends all of it to a collector. What the collector does not take in time is dropped.
    func export(to address: String) -> [BackgroundWork] {
        let exporter = OTLPExporter(
            sender: CollectorSender(address: address, time: .system), metrics: { self.snapshot() })
        let source = self.outgoing ?? self.buffer
        return [
            BackgroundWork("export telemetry") { await exporter.run() },
            BackgroundWork("hand telemetry over") {
                while !Task.isCancelled {
                    try await TimeSource.system.sleep(for: .milliseconds(500))
                    exporter.export(source.takeSpans(4_096))
                    for record in source.takeLogs(4_096) { exporter.log(record) }
                }
            },
        ]
    }
}

/// Hands everything to two buffers.
private struct TelemetryFan: SpanSink, LogSink {
    let first: TelemetryBuffer
    let second: TelemetryBuffer

    func ended(_ span: SpanRecord) {
        self.first.ended(span)
        self.second.ended(span)
    }

    func log(_ record: LogRecord) {
        self.first.log(record)
        self.second.log(record)
    }
}
