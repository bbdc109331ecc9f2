import Chassis
import Essentials

/// How one trace looks.
enum TracePage {
    typealias Model = TraceView.Model

    static func html(_ model: Model, _ call: ConsoleCall) -> HTML {
        let first = model.spans.first
        let services = Set(model.spans.map(\.service)).sorted()
        let failures = model.spans.count { $0.error != nil }
        let errors: HTML? = failures > 0 ? Frame.badge("\(failures) error\(failures == 1 ? "" : "s")") : nil
        return Frame.page(
            first?.name ?? "Trace", .traces, for: call,
            """
            <p class="facts"><span class="id">\(model.traceId)</span> \(errors)
            <span>\(Format.ago(model.startedAt, now: model.at))</span>
            <span>\(Format.milliseconds(model.milliseconds))</span><span>\(model.spans.count) spans</span>
            <span>\(services.joined(separator: ", "))</span>
            <a href="/console/api/traces/\(model.traceId)">JSON</a></p>
            \(Frame.card("Spans", class: "wide", more: self.legend, self.waterfall(model, services)))
            <div class="two">\(Frame.card("Waited for", self.critical(model)))
            \(Frame.card("Events", self.events(model)))</div>
            \(Frame.card("Log", self.logs(model)))
            """)
    }

    private static let legend: HTML = "<span class=\"quiet\">the thin line is the critical path</span>"

    private static func waterfall(_ model: Model, _ services: [String]) -> HTML {
        let whole = max(model.milliseconds, 0.001)
        let marks = [0.0, 0.25, 0.5, 0.75, 1].map { share -> HTML in
            "<span>\(Format.milliseconds(whole * share))</span>"
        }
        let rows = model.spans.map { span in self.row(span, whole, services.firstIndex(of: span.service) ?? 0) }
        return
            "<div class=\"fall\"><div class=\"scale\" aria-hidden=\"true\"><span></span><div>\(marks)</div></div>\(rows)</div>"
    }

    private static func row(_ span: Model.Span, _ whole: Double, _ colour: Int) -> HTML {
        let start = span.startMicroseconds / 1_000 / whole
        let bar = Charts.stretch(
            from: start, to: start + span.milliseconds / whole,
            tone: span.error == nil ? "s\(colour % 8)" : "bad", critical: span.critical.map { ($0[0], $0[1]) })
        let failed: HTML? = span.error == nil ? nil : Frame.badge("error")
        let error: HTML? = span.error.map { "<p class=\"alert\">\($0)</p>" }
        let attributes = span.attributes.sorted { $0.key < $1.key }.map { pair -> HTML in
            "<div><dt>\(pair.key)</dt><dd>\(self.value(pair.key, pair.value))</dd></div>"
        }
        let events = span.events.map { event -> HTML in
            let texts = event.attributes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return
                "<div><dt>\(Format.clock(event.at))</dt><dd>\(event.name) \(texts.joined(separator: ", "))</dd></div>"
        }
        return """
            <details class="span" id="s\(span.spanId)"><summary><span class="name d\(min(span.depth, 12))">\
            <b class="s\(colour % 8)">\(span.service)</b> \(span.name) \(failed)</span>
            <span class="time">\(bar)<em>\(Format.milliseconds(span.milliseconds))</em></span></summary>
            \(error)<dl><div><dt>kind</dt><dd>\(span.kind)</dd></div>\(attributes)\(events)</dl></details>
            """
    }

    /// Ids that lead somewhere are links.
    private static func value(_ key: String, _ value: String) -> HTML {
        switch key {
        case "mainstay.saga.id": "<a href=\"/console/sagas/find/\(value)\">\(value)</a>"
        default: HTML(escaping: value)
        }
    }

    private static func critical(_ model: Model) -> HTML {
        let longest = model.spans.filter { $0.criticalMilliseconds > 0 }
            .sorted { $0.criticalMilliseconds > $1.criticalMilliseconds }.prefix(8)
        let rows = longest.map { span -> HTML in
            let share = span.criticalMilliseconds / max(model.milliseconds, 0.001)
            return """
                <tr><th scope="row"><a href="#s\(span.spanId)">\(span.service) · \(span.name)</a></th>
                <td>\(Charts.bar(min(share, 0.6), label: Format.percent(share)))</td>
                <td class="n">\(Format.milliseconds(span.criticalMilliseconds))</td></tr>
                """
        }
        return Frame.table(["Span", "Share", ">Itself"], rows, empty: "Nothing had to be waited for.")
    }

    private static func events(_ model: Model) -> HTML {
        let rows = model.events.map { event -> HTML in
            let stream = event["stream"]?.string ?? ""
            let service = (event["source"]?.string ?? "").split(separator: "/").first.map(String.init) ?? ""
            let time = event["time"]?.string.flatMap { Timestamp(rfc3339: $0) }
            let clock: HTML? = time.map { Format.clock($0) }
            return """
                <tr><td>\(clock)</td><th scope="row">\(event["type"]?.string ?? "")</th>
                <td><a href="/console/events/\(service)/\(stream)">\(service)</a></td></tr>
                """
        }
        return Frame.table(["At", "Event", "Service"], rows, empty: "No events were written.")
    }

    private static func logs(_ model: Model) -> HTML {
        let rows = model.logs.map { line -> HTML in
            let record = String(decoding: line.record.serializedInOrder, as: UTF8.self)
            return """
                <tr><td>\(Format.clock(line.at))</td><td>\(Frame.badge(line.level))</td><td>\(line.service)</td>
                <td><details><summary>\(line.message)</summary><pre>\(record)</pre></details></td></tr>
                """
        }
        return Frame.table(["At", "Level", "Service", "Message"], rows, empty: "Nothing was logged.")
    }
}
