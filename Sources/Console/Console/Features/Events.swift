import Chassis
import Essentials
import HTTPTypes

/// What the services have written into their logs.
struct Events: Sendable {
    let pages: ConsolePages
    let services: [ServiceName]

    struct List: Encodable, Sendable {
        var at: Timestamp
        var service: String
        /// The last position of the log.
        var head: Int64
        /// As CloudEvents, the newest first.
        var events: [JSONValue]
    }

    struct Timeline: Encodable, Sendable {
        var service: String
        var stream: String
        /// As CloudEvents, the oldest first.
        var events: [JSONValue]
    }

    var routes: [Route] {
        self.pages.view(
            "/events", "listEvents",
            parameters: [
                .query("service", .text(0...100), "Whose log. Default: the first service's."),
                .query("before", .integer(1...Int64.max), "Only events before this position."),
            ], load: { try await self.list($0) }, show: { self.listPage($0, $1) })
            + self.pages.view(
                "/events/{service}/{stream}", "showStream",
                parameters: [
                    .path("service", .text(1...100), "The service."), .path("stream", .text(1...200), "The stream."),
                ], load: { try await self.timeline($0) }, show: { Self.timelinePage($0, $1) })
    }

    private func list(_ call: ConsoleCall) async throws -> List {
        let service = ServiceName(rawValue: call.given("service") ?? self.services.first?.rawValue ?? "")
        let before = call.given("before").map { "&before=\($0)" } ?? ""
        let answer = try await self.pages.services.get(service, "/internal/log?limit=100\(before)", call)
        return List(
            at: self.pages.environment.wallClock.now, service: service.rawValue, head: answer["head"]?.integer ?? 0,
            events: answer["events"]?.array ?? [])
    }

    private func timeline(_ call: ConsoleCall) async throws -> Timeline {
        let service = ServiceName(rawValue: call.request.path["service"] ?? "")
        let stream = call.request.path["stream"] ?? ""
        let path = "/internal/log?limit=500&stream=\(PercentEncoding.encode(stream))"
        let events = try await self.pages.services.get(service, path, call)["events"]?.array ?? []
        guard !events.isEmpty else { throw Problem(.notFound, "\(service) has no events of \(stream)") }
        return Timeline(service: service.rawValue, stream: stream, events: events)
    }

    // MARK: Pages

    private func listPage(_ model: List, _ call: ConsoleCall) -> HTML {
        let tabs = self.services.map { service -> HTML in
            let current: HTML? = service.rawValue == model.service ? " aria-current=\"page\"" : nil
            return "<a href=\"/console/events?service=\(service.rawValue)\"\(current)>\(service.rawValue)</a>"
        }
        let rows = model.events.map { event -> HTML in
            let stream = event["stream"]?.string ?? ""
            return """
                <tr><td class="n">\(event["position"]?.string ?? "")</td>
                <td>\(Format.ago(event["time"]?.string.flatMap { Timestamp(rfc3339: $0) }, now: model.at))</td>
                <th scope="row">\(event["type"]?.string ?? "")</th>
                <td><a class="id" href="/console/events/\(model.service)/\(stream)">\(stream)</a></td>
                <td>\(Self.trace(of: event))</td></tr>
                """
        }
        let last = model.events.last?["position"]?.string.flatMap { Int64($0) } ?? 0
        let more: HTML? =
            last > 1
            ? "<p><a class=\"more\" href=\"/console/events?service=\(model.service)&amp;before=\(last)\">Older events</a></p>"
            : nil
        return Frame.page(
            "Events", .events, for: call, refresh: call.given("before") == nil ? 5 : nil,
            """
            <nav class="tabs" aria-label="Services">\(tabs)</nav>
            \(Frame.card("\(Format.count(model.head)) events of \(model.service)", Frame.table(
                [">Position", "When", "Event", "Stream", "Trace"], rows, empty: "None yet.")))
            \(more)
            """)
    }

    private static func timelinePage(_ model: Timeline, _ call: ConsoleCall) -> HTML {
        let items = model.events.map { event -> HTML in
            let data = event["data"].map { String(decoding: $0.serializedInOrder, as: UTF8.self) } ?? ""
            let moment = event["time"]?.string.flatMap { Timestamp(rfc3339: $0) }
            let when: HTML? = moment.map { Format.clock($0) }
            return """
                <li class="good"><details id="v\(event["streamversion"]?.string ?? "")"><summary><strong>\(event["type"]?.string ?? "")</strong>
                <span class="quiet">version \(event["streamversion"]?.string ?? "") · \(when) · \(event["actor"]?.string ?? "nobody")</span>
                </summary><pre>\(data)</pre><p class="quiet">position \(event["position"]?.string ?? "") · caused by
                \(event["causationid"]?.string ?? "–") · request \(event["correlationid"]?.string ?? "–") · \(Self.trace(of: event))</p>
                </details></li>
                """
        }
        return Frame.page(
            model.stream.split(separator: "-").first.map(String.init) ?? "Stream", .events, for: call,
            """
            <p class="facts"><span class="id">\(model.stream)</span><span>\(model.service)</span>
            <span>\(model.events.count) events</span></p>
            \(Frame.card("What happened to it", "<ol class=\"tree\">\(items)</ol>"))
            """)
    }

    private static func trace(of event: JSONValue) -> HTML? {
        guard let parent = event["traceparent"]?.string, parent.count >= 55 else { return nil }
        return "<a href=\"/console/traces/\(String(parent.dropFirst(3).prefix(32)))\">trace</a>"
    }
}
