import Essentials
import EventSourcing
import HTTPTypes
import Messaging

/// `GET /internal/log`: the service's log for operators. The newest first, the events of one stream, or those of one trace.
enum LogRoute {
    /// How many events are looked through for those of a trace.
    static let longestSearch = 5_000

    static func route(_ environment: ServiceEnvironment) -> Route {
        var route = Route(
            .get, "/internal/log", "readLog", tag: "Internal", "Reads the log for operators", access: .services,
            parameters: [
                .query("before", .integer(1...Int64.max), "Only events before this position, the newest first."),
                .query("stream", .text(1...200), "Only events of this stream, the oldest first."),
                .query("after", .integer(0...Int64.max), "Only events of the stream behind this version."),
                .query("trace", .text(32...32), "Only events of this trace, the oldest first."),
                .query("from", .text(1...40), "Where looking for a trace begins. Needed with `trace`."),
                .query("to", .text(1...40), "Where it ends. Needed with `trace`."),
                .query("limit", .integer(1...500), "The most events. Default: 100."),
            ],
            answers: [Answer(.ok, .freeObject, "`events`: events as CloudEvents; `head`: the last position of the log")]
        ) { request in
            let reading = try Reading(request)
            let (events, head) = try await environment.store.read { unit in
                (try reading.events(in: unit), try unit.head())
            }
            let items = try events.map { try JSONReader.parse(CloudEventCoding.encode($0)) }
            return .document(["events": .array(items), "head": .integer(head.value)])
        }
        route.operationClass = nil
        return route
    }

    /// What is asked for.
    private enum Reading {
        case newest(before: Int64?, limit: Int)
        case stream(StreamID, after: Int64, limit: Int)
        case trace(String, from: Timestamp, to: Timestamp, limit: Int)

        init(_ request: RoutedRequest) throws {
            let limit = request.integer("limit") ?? 100
            let position = { (name: String) in request.query[name].flatMap { Int64($0) } }
            if let text = request.query["stream"] {
                guard let stream = StreamID(text) else {
                    throw Problem(.validationFailed, "query/stream: a stream is written as category-uuid")
                }
                self = .stream(stream, after: position("after") ?? 0, limit: limit)
            } else if let trace = request.query["trace"] {
                let moment = { (name: String) in request.query[name].flatMap { Timestamp(rfc3339: $0) } }
                guard let from = moment("from"), let to = moment("to") else {
                    throw Problem(.validationFailed, "query/trace: from and to are needed, as RFC 3339")
                }
                self = .trace(trace, from: from, to: to, limit: limit)
            } else {
                self = .newest(before: position("before"), limit: limit)
            }
        }

        func events(in unit: any UnitOfWork) throws -> [RecordedEvent] {
            switch self {
            case .newest(let before, let limit):
                let end = min(before ?? Int64.max, try unit.head().value + 1)
                let start = Position(max(0, end - 1 - Int64(limit)))
                return try unit.readAll(after: start, limit: limit).filter { $0.position.value < end }.reversed()
            case .stream(let stream, let version, let limit):
                return try unit.read(stream, after: StreamVersion(version), limit: limit)
            case .trace(let trace, let from, let to, let limit):
                return try Self.events(of: trace, from: from, to: to, limit: limit, in: unit)
            }
        }

        /// Dates of a log grow with its positions, but for small jumps of the clock: where the time begins is found by
        /// halves.
        private static func events(
            of trace: String, from: Timestamp, to: Timestamp, limit: Int, in unit: any UnitOfWork,
        ) throws -> [RecordedEvent] {
            var (low, high) = (Int64(0), try unit.head().value)
            while low < high {
                let middle = low + (high - low) / 2
                guard let event = try unit.readAll(after: Position(middle), limit: 1).first else { break }
                if event.timestamp < from { low = middle + 1 } else { high = middle }
            }
            var found: [RecordedEvent] = []
            var position = Position(low)
            var seen = 0
            while seen < LogRoute.longestSearch {
                let page = try unit.readAll(after: position, limit: 500)
                guard let last = page.last else { break }
                found += page.filter { $0.metadata.traceparent?.dropFirst(3).prefix(32) == trace[...] }
                if last.timestamp > to || found.count >= limit { break }
                position = last.position
                seen += page.count
            }
            return Array(found.prefix(limit))
        }
    }
}
