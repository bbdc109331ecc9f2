import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Telemetry

/// One trace: its spans on a line of time, what had to be waited for, and what was logged and decided meanwhile.
struct TraceView: Sendable {
    let pages: ConsolePages

    struct Model: Encodable, Sendable {
        struct Span: Encodable, Sendable {
            struct Event: Encodable, Sendable {
                var name: String
                var at: Timestamp
                var attributes: [String: String]
            }

            var spanId: String
            var parentId: String?
            var depth: Int
            var service: String
            var name: String
            var kind: String
            var startMicroseconds: Double
            var milliseconds: Double
            /// Of the trace's time, what was waited for in this span itself.
            var criticalMilliseconds: Double
            /// Stretches of the critical path, in shares of the whole trace.
            var critical: [[Double]]
            var error: String?
            var attributes: [String: String]
            var events: [Event]
        }

        var at: Timestamp
        var traceId: String
        var startedAt: Timestamp
        var milliseconds: Double
        var spans: [Span]
        var logs: [LogRows.Line]
        /// What the services wrote into their logs as a part of this trace, as CloudEvents.
        var events: [JSONValue]
        var requestId: String?
    }

    var routes: [Route] {
        self.pages.view(
            "/traces/{traceId}", "showTrace", parameters: [.path("traceId", .text(32...32), "The trace.")],
            load: { try await self.load($0) }, show: { TracePage.html($0, $1) })
    }

    private func load(_ call: ConsoleCall) async throws -> Model {
        guard let id = TraceID(call.request.path["traceId"] ?? "") else {
            throw Problem(.notFound, "a trace has 32 hexadecimal digits")
        }
        let (spans, logs) = try await self.pages.environment.store.read { unit in
            (try TraceRows.spans(of: id, in: unit), try LogRows.lines(of: id, in: unit))
        }
        let trace = Trace(spans)
        guard let first = trace.spans.first else {
            throw Problem(.notFound, "nothing is known of this trace: it was not kept, or is too old")
        }
        let end = trace.spans.map(\.end).max() ?? first.end
        var model = Model(
            at: self.pages.environment.wallClock.now, traceId: id.description,
            startedAt: Timestamp(microseconds: first.start / 1_000), milliseconds: Double(end - first.start) / 1e6,
            spans: Self.tree(trace, from: first.start, to: end), logs: logs, events: [],
            requestId: trace.spans.lazy.compactMap { $0.attributes["mainstay.request.id"]?.string }.first)
        model.events = await self.events(of: model, trace, call)
        return model
    }

    /// What the services of the trace appended to their logs in its time.
    private func events(of model: Model, _ trace: Trace, _ call: ConsoleCall) async -> [JSONValue] {
        let names = Set(trace.spans.map(\.resource.service)).sorted().map { ServiceName(rawValue: $0) }
        let from = model.startedAt - .seconds(1)
        let to = model.startedAt + .nanoseconds(Int64(model.milliseconds * 1e6)) + .seconds(1)
        let path =
            "/internal/log?trace=\(model.traceId)&from=\(PercentEncoding.encode(from.rfc3339))"
            + "&to=\(PercentEncoding.encode(to.rfc3339))"
        let answers = await self.pages.services.get(names, path, call)
        return answers.flatMap { $0.1["events"]?.array ?? [] }
            .sorted { ($0["time"]?.string ?? "") < ($1["time"]?.string ?? "") }
    }

    /// All spans, each followed by those below it.
    private static func tree(_ trace: Trace, from start: Int64, to end: Int64) -> [Model.Span] {
        let whole = Double(max(1, end - start))
        var segments: [SpanID: [[Double]]] = [:]
        var shares: [SpanID: Double] = [:]
        for segment in trace.criticalPath {
            segments[segment.spanID, default: []].append(
                [Double(segment.start - start) / whole, Double(segment.end - start) / whole])
            shares[segment.spanID, default: 0] += Double(segment.end - segment.start) / 1e6
        }
        let known = Set(trace.spans.map(\.spanID))
        var result: [Model.Span] = []
        func add(_ span: SpanRecord, _ depth: Int) {
            result.append(
                Model.Span(
                    span, depth: depth, from: start, critical: segments[span.spanID] ?? [],
                    criticalMilliseconds: shares[span.spanID] ?? 0))
            for child in trace.children(of: span.spanID) { add(child, depth + 1) }
        }
        for span in trace.spans where !(span.parentID.map(known.contains) ?? false) { add(span, 0) }
        return result
    }
}

extension TraceView.Model.Span {
    fileprivate init(
        _ span: SpanRecord, depth: Int, from start: Int64, critical: [[Double]], criticalMilliseconds: Double,
    ) {
        self.init(
            spanId: span.spanID.description, parentId: span.parentID?.description, depth: depth,
            service: span.resource.service, name: span.name, kind: "\(span.kind)",
            startMicroseconds: Double(span.start - start) / 1_000,
            milliseconds: Double(span.end - span.start) / 1e6, criticalMilliseconds: criticalMilliseconds,
            critical: critical, error: nil, attributes: Self.texts(span.attributes),
            events: span.events.map { event in
                Event(
                    name: event.name, at: Timestamp(microseconds: event.time / 1_000),
                    attributes: Self.texts(event.attributes))
            })
        if case .error(let message) = span.status { self.error = message.isEmpty ? "error" : message }
    }

    private static func texts(_ attributes: [Attribute]) -> [String: String] {
        attributes.reduce(into: [:]) { $0[$1.key] = $1.value.description }
    }
}
