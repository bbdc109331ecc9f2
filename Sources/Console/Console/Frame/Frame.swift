import Chassis
import Essentials
import Identity

/// The frame around every page.
enum Frame {
    /// The parts of the console, in the order of the navigation.
    enum Section: String, CaseIterable {
        case overview, services, traces, events, sagas, ledger, queues, objectives, audit
        case none

        var path: String { self == .overview ? "/console" : "/console/\(self.rawValue)" }

        var title: String {
            switch self {
            case .overview: "Overview"
            case .services: "Services"
            case .traces: "Traces"
            case .events: "Events"
            case .sagas: "Sagas"
            case .ledger: "Ledger"
            case .queues: "Queues"
            case .objectives: "Objectives"
            case .audit: "Audit"
            case .none: ""
            }
        }
    }

    /// - Parameter refresh: after how many seconds a page with scripts loads its content again; nil for never.
    static func page(
        _ title: String, _ section: Section, for call: ConsoleCall, refresh: Int? = nil, _ body: HTML,
    ) -> HTML {
        let every: HTML? = refresh.map { " data-refresh=\"\($0)\"" }
        let links = Section.allCases.filter { $0 != .none }.map { item -> HTML in
            let current: HTML? = item == section ? " aria-current=\"page\"" : nil
            return "<a href=\"\(item.path)\"\(current)>\(item.title)</a>"
        }
        let live: HTML? = refresh == nil ? nil : "<button class=\"live\" id=\"live\" hidden>Live</button>"
        let body: HTML = """
            <a class="skip" href="#main">Skip to the content</a>
            <nav class="side" aria-label="Console"><a class="brand" href="/console">\(self.mark)Mainstay</a>
            <div class="links">\(links)</div>
            <div class="who"><span title="\(call.operator.role.rawValue)">\(call.operator.email)</span>
            \(self.form("/console/logout", for: call, "<button class=\"plain\">Log out</button>"))</div></nav>
            <main id="main"\(every)><header class="top"><h1>\(title)</h1>\(live)</header>
            \(body)
            </main>
            """
        return self.document(title, class: "app", body)
    }

    /// A page without the navigation.
    static func document(_ title: String, class name: String, _ body: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title) · Mainstay console</title>
        <link rel="stylesheet" href="\(ConsoleAsset.style.path)"><link rel="icon" href="\(ConsoleAsset.icon.path)">
        <script src="\(ConsoleAsset.script.path)" defer></script>
        </head>
        <body class="\(name)">
        \(body)
        </body></html>
        """
    }

    static let mark: HTML = """
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true"><path class="mast" d="M15 3h2v23h-2z"/>\
        <path class="sail" d="M18 5 29 23H18z"/><path class="mast" d="M3 26h26l-4 4H7z"/></svg>
        """

    /// A form that only our pages can send.
    static func form(_ action: String, for call: ConsoleCall, _ fields: HTML) -> HTML {
        guard let secret = call.secret else { return "" }
        return """
            <form method="post" action="\(action)"><input type="hidden" name="token" value="\(secret.formToken)">\
            \(fields)</form>
            """
    }

    /// A card with a heading.
    static func card(_ title: String, class name: String = "", more: HTML? = nil, _ body: HTML) -> HTML {
        "<section class=\"card \(name)\"><header><h2>\(title)</h2>\(more)</header>\(body)</section>"
    }

    /// One large number.
    static func figure(_ label: String, _ value: String, tone: String = "", _ below: HTML? = nil) -> HTML {
        "<div class=\"figure \(tone)\"><span class=\"label\">\(label)</span><strong>\(value)</strong>\(below)</div>"
    }

    /// A state in a word, with a colour that is not needed to read it.
    static func badge(_ state: String) -> HTML {
        "<span class=\"badge \(Tone.of(state))\">\(state)</span>"
    }

    static func table(_ heads: [String], _ rows: [HTML], empty: String) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"empty\">\(empty)</p>" }
        let cells = heads.map { head -> HTML in
            head.hasPrefix(">")
                ? "<th scope=\"col\" class=\"n\">\(String(head.dropFirst()))</th>"
                : "<th scope=\"col\">\(head)</th>"
        }
        return """
            <div class="scroll"><table><thead><tr>\(cells)</tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    static func notice(_ text: String?) -> HTML? { text.map { "<p class=\"notice\" role=\"status\">\($0)</p>" } }
}

/// Which colour a state has.
enum Tone {
    static func of(_ state: String) -> String {
        switch state.lowercased() {
        case "healthy", "completed", "succeeded", "closed", "ok", "done", "balanced", "alive", "released": "good"
        case "unhealthy", "unreachable", "failed", "open", "error", "dead", "parked", "refused", "rejected", "firing",
            "page", "fault":
            "bad"
        case "waiting", "compensating", "compensated", "half_open", "half-open", "ticket", "retrying", "scheduled",
            "warning", "undone":
            "warn"
        case "running", "started", "intended", "calling": "busy"
        default: "calm"
        }
    }
}
