import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Telemetry

/// Looking for traces.
struct Traces: Sendable {
    let pages: ConsolePages
    let names: [String]

    struct Model: Encodable, Sendable {
        var at: Timestamp
        var items: [TraceSummary]
        /// Where the next page begins.
        var before: Timestamp?
    }

    private static let parameters: [Parameter] = [
        .query("service", .text(0...100), "Only traces that this service has a part in."),
        .query("name", .text(0...200), "Only traces whose first span has this in its name."),
        .query("errors", .oneOf(["", "1"]), "Whether only traces with errors are shown."),
        .query("slower", .text(0...12), "Only traces that took this many milliseconds or more."),
        .query("request", .text(0...64), "Only the trace of this request."),
        .query("before", .text(0...40), "Only traces that began before this moment."),
    ]

    var routes: [Route] {
        self.pages.view(
            "/traces", "findTraces", parameters: Self.parameters, load: { try await self.load($0) },
            show: { self.page($0, $1) })
    }

    private func load(_ call: ConsoleCall) async throws -> Model {
        var query = TraceQuery()
        query.service = call.given("service")
        query.name = call.given("name")
        query.onlyErrors = call.given("errors") != nil
        query.requestID = call.given("request")
        query.minimum = call.given("slower").flatMap { Double($0) }.flatMap { milliseconds in
            (0...1e9).contains(milliseconds) ? .nanoseconds(Int64(milliseconds * 1e6)) : nil
        }
        query.before = call.given("before").flatMap { Timestamp(rfc3339: $0) }
        let wanted = query
        let items = try await self.pages.environment.store.read { try TraceRows.find(wanted, in: $0) }
        return Model(
            at: self.pages.environment.wallClock.now, items: items,
            before: items.count == query.limit ? items.last?.startedAt : nil)
    }

    private func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let slowest = model.items.map(\.milliseconds).max() ?? 1
        let rows = model.items.map { TraceRow.html($0, slowest: slowest, now: model.at) }
        let more: HTML? = model.before.map { before in
            "<p><a class=\"more\" href=\"\(self.link(call, before))\">Older traces</a></p>"
        }
        return Frame.page(
            "Traces", .traces, for: call, refresh: call.given("before") == nil ? 5 : nil,
            """
            \(self.search(call))
            \(Frame.card("\(model.items.count) traces", class: "wide", Frame.table(
                ["Began", "Request", "Services", ">Spans", ">Took", ""], rows,
                empty: "Nothing is known that fits. Traces come a second after their last span.")))
            \(more)
            """)
    }

    private func search(_ call: ConsoleCall) -> HTML {
        let given = call.given("service") ?? ""
        let options = ([""] + self.names).map { name -> HTML in
            let chosen: HTML? = name == given ? " selected" : nil
            return "<option value=\"\(name)\"\(chosen)>\(name.isEmpty ? "all services" : name)</option>"
        }
        let checked: HTML? = call.given("errors") == nil ? nil : " checked"
        return """
            <form class="filter" action="/console/traces" role="search">
            <label>Service<select name="service">\(options)</select></label>
            <label>Name<input name="name" type="search" value="\(call.given("name") ?? "")" placeholder="/v2/orders"></label>
            <label>At least, ms<input name="slower" inputmode="decimal" size="6" value="\(call.given("slower") ?? "")"></label>
            <label class="check"><input type="checkbox" name="errors" value="1"\(checked)> with errors</label>
            <button class="primary">Search</button></form>
            """
    }

    private func link(_ call: ConsoleCall, _ before: Timestamp) -> String {
        let kept = ["service", "name", "errors", "slower"].compactMap { name in
            call.given(name).map { "\(name)=\(PercentEncoding.encode($0))" }
        }
        return "/console/traces?" + (kept + ["before=\(PercentEncoding.encode(before.rfc3339))"]).joined(separator: "&")
    }
}

/// A trace as a line of a list.
enum TraceRow {
    static func html(_ trace: TraceSummary, slowest: Double, now: Timestamp) -> HTML {
        let tone = trace.errors > 0 ? "bad" : "accent"
        let errors: HTML? = trace.errors > 0 ? Frame.badge("\(trace.errors) error\(trace.errors == 1 ? "" : "s")") : nil
        let share = slowest > 0 ? trace.milliseconds / slowest : 0
        return """
            <tr class="\(trace.errors > 0 ? "failed" : "")"><td>\(Format.ago(trace.startedAt, now: now))</td>
            <th scope="row"><a href="/console/traces/\(trace.traceId)">\(trace.name)</a>
            <span class="quiet">\(trace.service)</span> \(errors)</th>
            <td class="quiet">\(trace.services.joined(separator: ", "))</td><td class="n">\(Format.count(trace.spans))</td>
            <td class="n">\(Format.milliseconds(trace.milliseconds))</td>
            <td>\(Charts.stretch(from: 0, to: share, tone: tone))</td></tr>
            """
    }
}
