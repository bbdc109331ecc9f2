import Essentials
import Telemetry

/// Writes log records for people: `09:30:00.125 warning orders: a mail could not be sent mail.id=7`.
struct TextLogLines: LogSink {
    let write: @Sendable ([UInt8]) -> Void

    func log(_ record: LogRecord) {
        let clock = Timestamp(microseconds: record.time / 1_000).rfc3339.dropFirst(11).dropLast()
        var text = "\(clock) \(record.severityText) \(record.resource.service): \(record.body)"
        for attribute in record.attributes { text += " \(attribute.key)=\(attribute.value)" }
        if let trace = record.traceID { text += " trace_id=\(trace)" }
        self.write(Array((text + "\n").utf8))
    }
}
