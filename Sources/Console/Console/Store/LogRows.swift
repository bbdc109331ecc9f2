import Chassis
import Essentials
import EventSourcing
import Telemetry

/// Keeps log records, with the trace that they belong to.
enum LogRows {
    struct Line: Encodable, Hashable, Sendable {
        var at: Timestamp
        var level: String
        var service: String
        var message: String
        /// The whole record.
        var record: JSONValue
    }

    static func add(_ records: [LogRecord], in unit: any ServiceUnit) throws {
        for record in records {
            var line = JSONLogLines.line(record)
            line.removeLast()
            try unit.execute(
                "INSERT INTO logs (at, severity, service, trace_id, line) VALUES (?, ?, ?, ?, ?)",
                [
                    .integer(record.time / 1_000), .integer(Int64(record.severity.rawValue)),
                    .text(record.resource.service), record.traceID.map { .blob($0.bytes) } ?? .null,
                    .text(String(decoding: line, as: UTF8.self)),
                ])
        }
    }

    static func lines(of trace: TraceID, in unit: any ServiceUnit) throws -> [Line] {
        try unit.query("SELECT at, line FROM logs WHERE trace_id = ? ORDER BY at, id LIMIT 500", [.blob(trace.bytes)])
            .map(Self.line)
    }

    /// The newest first, of at least this severity.
    static func latest(_ severity: LogRecord.Severity, limit: Int, in unit: any ServiceUnit) throws -> [Line] {
        try unit.query(
            "SELECT at, line FROM logs WHERE severity >= ? ORDER BY id DESC LIMIT ?",
            [.integer(Int64(severity.rawValue)), .integer(Int64(limit))]
        ).map(Self.line)
    }

    private static func line(_ row: SQLRow) throws -> Line {
        let record = (try? JSONReader.parse(Array(try row.text("line").utf8))) ?? .null
        return Line(
            at: Timestamp(microseconds: try row.integer("at")), level: record["level"]?.string ?? "",
            service: record["service"]?.string ?? "", message: record["message"]?.string ?? "", record: record)
    }

    /// Keeps the newest `count`, and nothing from before `moment`.
    static func prune(before moment: Timestamp, keeping count: Int64, in unit: any ServiceUnit) throws {
        try unit.execute(
            "DELETE FROM logs WHERE id <= (SELECT coalesce(max(id), 0) FROM logs) - ?", [.integer(count)])
        try unit.execute(
            "DELETE FROM logs WHERE id <= (SELECT coalesce(max(id), 0) FROM logs WHERE at < ?)",
            [.integer(moment.microseconds)])
    }
}
