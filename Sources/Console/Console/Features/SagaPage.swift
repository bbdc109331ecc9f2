import Chassis
import Essentials

/// One saga as a tree of steps: what was done, tried and undone, and why.
enum SagaPage {
    static func html(_ model: Sagas.One, _ call: ConsoleCall) -> HTML {
        let saga = model.saga
        let status = saga["status"]?.string ?? ""
        let steps = (saga["steps"]?.array ?? []).map { self.step($0) }
        let data = saga["data"].map { String(decoding: $0.serializedInOrder, as: UTF8.self) } ?? ""
        let moment = { (name: String) in saga[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        return Frame.page(
            "\(saga["definition"]?.string ?? "Saga")", .sagas, for: call, refresh: self.hasEnded(status) ? nil : 3,
            """
            <p class="facts">\(Frame.badge(status)) <span class="id">\(saga["id"]?.string ?? "")</span>
            <span>\(model.service)</span><span>started \(Format.ago(moment("startedAt"), now: model.at))</span>
            <span>changed \(Format.ago(moment("updatedAt"), now: model.at))</span>
            <a href="/console/api/sagas/\(model.service)/\(saga["id"]?.string ?? "")">JSON</a></p>
            \(self.why(saga))\(self.buttons(model, status, call))
            \(Frame.card("Steps", "<ol class=\"tree\">\(steps)</ol>"))
            \(Frame.card("Traces", self.traces(model)))
            \(Frame.card("State", "<pre>\(data)</pre>"))
            """)
    }

    private static func hasEnded(_ status: String) -> Bool { status == "completed" || status == "compensated" }

    private static func why(_ saga: JSONValue) -> HTML? {
        if let parked = saga["parkedBecause"] {
            let step = parked["step"]?.string.map { "\($0): " } ?? ""
            let words = parked["message"]?.string ?? parked["reason"]?.string ?? ""
            return "<p class=\"alert\" role=\"alert\">Parked, \(step)\(words)</p>"
        }
        return saga["failure"].map { failure in
            let step = failure["step"]?.string.map { "\($0): " } ?? ""
            return "<p class=\"notice\">Turned round. \(step)\(failure["message"]?.string ?? "")</p>"
        }
    }

    private static func buttons(_ model: Sagas.One, _ status: String, _ call: ConsoleCall) -> HTML? {
        guard !self.hasEnded(status) else { return nil }
        let path = "/console/sagas/\(model.service)/\(model.saga["id"]?.string ?? "")"
        return """
            <div class="actions">\(Frame.form("\(path)/retry", for: call, "<button class=\"primary\">Retry now</button>"))
            \(Frame.form("\(path)/compensate", for: call, "<button data-confirm=\"Undo everything this saga has done?\">Compensate</button>"))</div>
            """
    }

    private static func step(_ step: JSONValue) -> HTML {
        let action = step["action"] ?? .null
        let compensation = step["compensation"].flatMap { progress -> HTML? in
            (progress["attempts"]?.integer ?? 0) > 0 || !self.isIdle(progress)
                ? "<div class=\"undo\"><span class=\"arrow\" aria-hidden=\"true\">↩</span> undone \(self.progress(progress))</div>"
                : nil
        }
        return """
            <li class="\(Tone.of(action["status"]?.string ?? ""))"><div class="step"><strong>\(step["name"]?.string ?? "")</strong>
            <span class="quiet">\(step["kind"]?.string ?? "")</span> \(self.progress(action))</div>\(compensation)</li>
            """
    }

    private static func isIdle(_ progress: JSONValue) -> Bool {
        ["pending", "idle", "none", "notStarted"].contains(progress["status"]?.string ?? "")
    }

    private static func progress(_ progress: JSONValue) -> HTML {
        let attempts = progress["attempts"]?.integer ?? 0
        let tries: HTML? = attempts > 1 ? "<span class=\"quiet\">\(attempts) attempts</span>" : nil
        let error: HTML? = progress["error"]?.string.map { "<p class=\"alert\">\($0)</p>" }
        let moment = { (name: String) in progress[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        var took: HTML?
        if let from = moment("startedAt"), let to = moment("endedAt") {
            took = "<span class=\"quiet\">\(Format.milliseconds((to - from).fractionalSeconds * 1_000))</span>"
        }
        let next: HTML? = moment("nextAt").map { "<span class=\"quiet\">again at \(Format.clock($0))</span>" }
        return "\(Frame.badge(progress["status"]?.string ?? "")) \(tries) \(took) \(next)\(error)"
    }

    private static func traces(_ model: Sagas.One) -> HTML {
        let slowest = model.traces.map(\.milliseconds).max() ?? 1
        return Frame.table(
            ["Began", "Request", "Services", ">Spans", ">Took", ""],
            model.traces.map { TraceRow.html($0, slowest: slowest, now: model.at) },
            empty: "The request that began it was not sampled, or is too old.")
    }
}
