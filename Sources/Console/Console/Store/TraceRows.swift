import Chassis
import Essentials
import EventSourcing
import Telemetry

/// What a list says about a trace.
struct TraceSummary: Encodable, Hashable, Sendable {
    var traceId: String
    var startedAt: Timestamp
    /// Of the root; of all that is known where the root is not.
    var milliseconds: Double
    var service: String
    var name: String
    var spans: Int64
    var errors: Int64
    var services: [String]
    var requestId: String?
}

/// Which traces somebody looks for.
struct TraceQuery: Hashable, Sendable {
    var service: String?
    /// A part of the name of the root span.
    var name: String?
    var onlyErrors = false
    var minimum: Duration?
    var requestID: String?
    /// Those that began before.
    var before: Timestamp?
    var limit = 50
}

/// Keeps traces: the spans in the form of OTLP, as they came, and a row with what lists need.
enum TraceRows {
    /// Adds spans, of any traces. A trace may come in many parts.
    static func add(_ spans: [SpanRecord], in unit: any ServiceUnit) throws {
        var order: [TraceID] = []
        var parts: [TraceID: [SpanRecord]] = [:]
        for span in spans {
            if parts[span.traceID] == nil { order.append(span.traceID) }
            parts[span.traceID, default: []].append(span)
        }
        for id in order { try self.add(parts[id] ?? [], of: id, in: unit) }
    }

    private static func add(_ spans: [SpanRecord], of id: TraceID, in unit: any ServiceUnit) throws {
        let bytes = OTLPEncoder.traces(spans)
        try unit.execute("INSERT INTO trace_parts (trace_id, spans) VALUES (?, ?)", [.blob(id.bytes), .blob(bytes)])
        let known = try unit.query(
            "SELECT services, root_name, start_at FROM traces WHERE trace_id = ?", [.blob(id.bytes)]
        ).first
        let before = try known.map { try $0.text("services") } ?? ""
        let services = Set(spans.map(\.resource.service)).union(before.split(separator: " ").map(String.init))
        let shown = try self.root(among: spans, known)
        let request = spans.lazy.compactMap { $0.attributes["mainstay.request.id"]?.string }.first
        try unit.execute(
            """
            INSERT INTO traces VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (trace_id) DO UPDATE SET start_at = min(start_at, ?2), end_at = max(end_at, ?3),
                root_service = coalesce(?4, root_service), root_name = coalesce(?5, root_name),
                root_took = coalesce(?6, root_took), spans = spans + ?7, errors = errors + ?8, services = ?9,
                request_id = coalesce(request_id, ?10), bytes = bytes + ?11
            """,
            [
                .blob(id.bytes), .integer((spans.map(\.start).min() ?? 0) / 1_000),
                .integer((spans.map(\.end).max() ?? 0) / 1_000), Self.text(shown?.resource.service),
                Self.text(shown?.name), shown.map { .integer($0.duration.nanoseconds) } ?? .null,
                .integer(Int64(spans.count)), .integer(Int64(spans.count { $0.isError })),
                .text(services.sorted().joined(separator: " ")), Self.text(request), .integer(Int64(bytes.count)),
            ])
    }

    /// The span that the trace is shown by, if it is among these: one without a parent, else the first that came from
    /// another process.
    private static func root(among spans: [SpanRecord], _ row: SQLRow?) throws -> SpanRecord? {
        if let root = spans.first(where: { $0.parentID == nil }) { return root }
        let known = Set(spans.map(\.spanID))
        let entries = spans.filter { $0.kind == .server && !($0.parentID.map(known.contains) ?? false) }
        guard let first = entries.min(by: { $0.start < $1.start }) else { return nil }
        guard let row, try row.optionalText("root_name") != nil else { return first }
        return try first.start / 1_000 < row.integer("start_at") ? first : nil
    }

    private static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }

    /// All spans that are known of a trace.
    static func spans(of id: TraceID, in unit: any ServiceUnit) throws -> [SpanRecord] {
        let decoder = OTLPDecoder()
        return try unit.query(
            "SELECT spans FROM trace_parts WHERE trace_id = ? ORDER BY id LIMIT 10000", [.blob(id.bytes)]
        ).flatMap { row in
            do {
                return try decoder.traces(try row.blob("spans"), contentType: "application/x-protobuf").records
            } catch let error as OTLPIngestError {
                throw EventStoreError(.corrupt, "spans of trace \(id) cannot be read: \(error.reason)")
            }
        }
    }

    /// The newest first.
    static func find(_ query: TraceQuery, in unit: any ServiceUnit) throws -> [TraceSummary] {
        var conditions: [String] = []
        var values: [SQLValue] = []
        func need(_ condition: String, _ value: SQLValue) {
            conditions.append(condition)
            values.append(value)
        }
        if let before = query.before { need("start_at < ?", .integer(before.microseconds)) }
        if let service = query.service { need("' ' || services || ' ' LIKE ?", .text("% \(service) %")) }
        if let name = query.name { need("instr(lower(root_name), lower(?)) > 0", .text(name)) }
        if query.onlyErrors { conditions.append("errors > 0") }
        if let minimum = query.minimum { need("root_took >= ?", .integer(minimum.nanoseconds)) }
        if let request = query.requestID { need("request_id = ?", .text(request)) }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        values.append(.integer(Int64(query.limit)))
        return try unit.query("SELECT * FROM traces \(condition) ORDER BY start_at DESC LIMIT ?", values).map(
            Self.summary)
    }

    private static func summary(_ row: SQLRow) throws -> TraceSummary {
        let start = try row.integer("start_at")
        let took = try row.optionalInteger("root_took") ?? (row.integer("end_at") - start) * 1_000
        return TraceSummary(
            traceId: TraceID(bytes: try row.blob("trace_id"))?.description ?? "",
            startedAt: Timestamp(microseconds: start), milliseconds: Double(took) / 1e6,
            service: try row.optionalText("root_service") ?? "?",
            name: try row.optionalText("root_name") ?? "(not ended)",
            spans: try row.integer("spans"), errors: try row.integer("errors"),
            services: try row.text("services").split(separator: " ").map(String.init),
            requestId: try row.optionalText("request_id"))
    }

    /// How many traces are kept, and the bytes of their spans.
    static func size(in unit: any ServiceUnit) throws -> (traces: Int64, bytes: Int64) {
        let row = try unit.query("SELECT count(*) AS traces, coalesce(sum(bytes), 0) AS bytes FROM traces")[0]
        return (try row.integer("traces"), try row.integer("bytes"))
    }

    /// Forgets traces that began before `moment`, and the oldest of more than `quota` bytes, at most `limit` at a time.
    /// - Returns: how many went.
    static func prune(before moment: Timestamp, quota: Int64, limit: Int, in unit: any ServiceUnit) throws -> Int {
        var excess = try self.size(in: unit).bytes - quota
        let oldest = try unit.query(
            "SELECT trace_id, start_at, bytes FROM traces ORDER BY start_at LIMIT ?", [.integer(Int64(limit))])
        var gone = 0
        for row in oldest {
            guard try row.integer("start_at") < moment.microseconds || excess > 0 else { break }
            let id = SQLValue.blob(try row.blob("trace_id"))
            try unit.execute("DELETE FROM trace_parts WHERE trace_id = ?", [id])
            try unit.execute("DELETE FROM traces WHERE trace_id = ?", [id])
            excess -= try row.integer("bytes")
            gone += 1
        }
        return gone
    }
}
