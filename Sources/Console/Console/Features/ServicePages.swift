import Chassis
import Essentials
import EventSourcing
import HTTPTypes

/// Each service: its health checks, its routes and what protects its calls.
struct ServicePages: Sendable {
    let pages: ConsolePages
    let watch: ServiceWatch

    struct List: Encodable, Sendable {
        var at: Timestamp
        var services: [ServiceWatch.Report]
    }

    struct One: Encodable, Sendable {
        struct RouteRow: Encodable, Sendable {
            var route: String
            var rates: RateSummary
        }

        var at: Timestamp
        var report: ServiceWatch.Report
        var rates: RateSummary
        var routes: [RouteRow]
        /// As the service tells of them.
        var pipelines: [JSONValue]
        var failures: [TraceSummary]
    }

    var routes: [Route] {
        self.pages.view("/services", "listServices", load: { _ in self.list() }, show: { Self.listPage($0, $1) })
            + self.pages.view(
                "/services/{service}", "showService", parameters: [.path("service", .text(1...100), "The service.")],
                load: { try await self.one($0) }, show: { Self.page($0, $1) })
    }

    private func list() -> List { List(at: self.pages.environment.wallClock.now, services: self.watch.all) }

    private func one(_ call: ConsoleCall) async throws -> One {
        let name = call.request.path["service"] ?? ""
        guard let report = self.watch.all.first(where: { $0.service == name }) else {
            throw Problem(.notFound, "no service is called '\(name)'")
        }
        let window = Duration.seconds(900)
        let now = self.pages.environment.wallClock.now
        async let pipelines = self.pages.services.get([ServiceName(rawValue: name)], "/internal/pipelines", call)
        let (rows, failures) = try await self.pages.environment.store.read { unit in
            var query = TraceQuery()
            query.service = name
            query.onlyErrors = true
            query.limit = 10
            return (
                try RateRows.rows(after: now - window, service: name, in: unit), try TraceRows.find(query, in: unit)
            )
        }
        let byRoute = Dictionary(grouping: rows, by: \.route)
        return One(
            at: now, report: report, rates: RateSummary(rows, over: window),
            routes: byRoute.sorted { $0.key < $1.key }.map {
                One.RouteRow(route: $0.key, rates: RateSummary($0.value, over: window))
            }, pipelines: await pipelines.first?.1["items"]?.array ?? [], failures: failures)
    }

    // MARK: Pages

    private static func listPage(_ model: List, _ call: ConsoleCall) -> HTML {
        let cards = model.services.map { report -> HTML in
            let title: HTML = "<a href=\"/console/services/\(report.service)\">\(report.service)</a>"
            let up: HTML? = report.uptimeSeconds.map { "<span>up \(Format.duration($0))</span>" }
            return """
                <section class="card"><header><h2>\(title)</h2>\(Frame.badge(report.state))</header>
                <p class="quiet">since \(Format.ago(report.since, now: model.at)) \(up)</p>\(self.checks(report))</section>
                """
        }
        return Frame.page("Services", .services, for: call, refresh: 5, "<div class=\"two\">\(cards)</div>")
    }

    private static func checks(_ report: ServiceWatch.Report) -> HTML {
        let rows = report.checks.map { check -> HTML in
            let critical: HTML? = check.isCritical ? " <span class=\"quiet\">critical</span>" : nil
            let error: HTML? = check.error.map { "<p class=\"alert\">\($0)</p>" }
            return """
                <tr><th scope="row">\(check.name)\(critical)\(error)</th><td>\(Frame.badge(check.status))</td>
                <td class="n">\(Format.milliseconds(check.milliseconds))</td></tr>
                """
        }
        return Frame.table(["Check", "", ">Took"], rows, empty: "It has not answered yet.")
    }

    private static func page(_ model: One, _ call: ConsoleCall) -> HTML {
        let slowest = model.failures.map(\.milliseconds).max() ?? 1
        let up = model.report.uptimeSeconds.map { Format.duration($0) } ?? "–"
        return Frame.page(
            model.report.service, .services, for: call, refresh: 5,
            """
            <p class="facts">\(Frame.badge(model.report.state)) <span>since \(Format.ago(model.report.since, now: model.at))</span>
            <span>up \(up)</span><span>version \(model.report.version ?? "–")</span>
            <a href="/console/traces?service=\(model.report.service)">Traces</a></p>
            <div class="figures">\(Frame.figure("Requests", "\(Format.number(model.rates.requestsPerSecond))/s"))
            \(Frame.figure("Errors", Format.percent(model.rates.errorRatio), tone: model.rates.errorRatio > 0.05 ? "bad" : ""))
            \(Frame.figure("p50", Format.milliseconds(model.rates.p50Milliseconds)))
            \(Frame.figure("p95", Format.milliseconds(model.rates.p95Milliseconds)))
            \(Frame.figure("p99", Format.milliseconds(model.rates.p99Milliseconds)))</div>
            \(Frame.card("Routes", more: "<span class=\"quiet\">the last 15 minutes</span>", self.routes(model)))
            <div class="two">\(Frame.card("Health checks", self.checks(model.report)))
            \(Frame.card("Pipelines", self.pipelines(model)))</div>
            \(Frame.card("Traces with errors", Frame.table(
                ["Began", "Request", "Services", ">Spans", ">Took", ""],
                model.failures.map { TraceRow.html($0, slowest: slowest, now: model.at) }, empty: "None is known.")))
            """)
    }

    private static func routes(_ model: One) -> HTML {
        let rows = model.routes.map { row -> HTML in
            """
            <tr><th scope="row">\(row.route)</th><td class="n">\(Format.number(row.rates.requestsPerSecond))/s</td>
            <td class="n\(row.rates.errorRatio > 0.05 ? " bad" : "")">\(Format.percent(row.rates.errorRatio))</td>
            <td class="n">\(Format.milliseconds(row.rates.p50Milliseconds))</td>
            <td class="n">\(Format.milliseconds(row.rates.p95Milliseconds))</td>
            <td class="n">\(Format.milliseconds(row.rates.p99Milliseconds))</td></tr>
            """
        }
        return Frame.table(
            ["Route", ">Rate", ">Errors", ">p50", ">p95", ">p99"], rows, empty: "Nobody asked for anything.")
    }

    private static func pipelines(_ model: One) -> HTML {
        let rows = model.pipelines.map { pipeline -> HTML in
            let layers = (pipeline["layers"]?.array ?? []).map { layer -> HTML in
                let settings = (layer["settings"]?.object?.members ?? []).map { "\($0.name) \($0.value.string ?? "")" }
                let figures = (layer["figures"]?.object?.members ?? []).map { "\($0.name) \($0.value.integer ?? 0)" }
                let state: HTML? = layer["state"]?.string.map { Frame.badge($0) }
                return """
                    <div><dt>\(layer["kind"]?.string ?? "") \(state)</dt><dd>\(figures.joined(separator: ", "))
                    <span class="quiet">\(settings.joined(separator: ", "))</span></dd></div>
                    """
            }
            let name = pipeline["name"]?.string ?? ""
            return
                "<details class=\"span\" id=\"p-\(name)\"><summary class=\"plain\"><span class=\"name\">\(name)</span></summary><dl>\(layers)</dl></details>"
        }
        return rows.isEmpty ? "<p class=\"empty\">It does not answer.</p>" : "<div class=\"fall\">\(rows)</div>"
    }
}
