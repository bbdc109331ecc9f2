import Chassis
import Essentials
import EventSourcing
import HTTPTypes

/// The state of everything, at a glance.
struct Overview: Sendable {
    let pages: ConsolePages
    let watch: ServiceWatch
    let alerts: AlertWatch

    struct Model: Encodable, Sendable {
        struct Row: Encodable, Sendable {
            var report: ServiceWatch.Report
            var rates: RateSummary
            /// Requests in each slot, oldest first.
            var traffic: [Double]
        }

        struct Layer: Encodable, Sendable {
            var service: String
            var pipeline: String
            var kind: String
            var state: String?
            var figures: [String: Int64]
            var settings: [String: String]
        }

        var at: Timestamp
        var windowSeconds: Int64
        var services: [Row]
        var all: RateSummary
        var requestsPerSlot: [Double]
        var errorsPerSlot: [Double]
        var p95PerSlot: [Double]
        var breakers: [Layer]
        var pools: [Layer]
        var broken: [AlertWatch.Broken]
        var recentAlerts: [AlertRow]
        var traces: Int64
        var traceBytes: Int64
    }

    /// What the figures look back on.
    private static let window = Duration.seconds(900)
    private static let slots = 45

    var routes: [Route] {
        self.pages.view("", "showOverview", load: { try await self.load($0) }, show: { Self.page($0, $1) })
    }

    func load(_ call: ConsoleCall) async throws -> Model {
        let now = self.pages.environment.wallClock.now
        let reports = self.watch.all
        // Nobody waits here for a service that did not answer the last time.
        let names = reports.filter { $0.uptimeSeconds != nil }.map { ServiceName(rawValue: $0.service) }
        async let pipelines = self.pages.services.get(names, "/internal/pipelines", call)
        let (rows, recent, size) = try await self.pages.environment.store.read { unit in
            (
                try RateRows.rows(after: now - Self.window, in: unit), try OperationRows.alerts(limit: 8, in: unit),
                try TraceRows.size(in: unit)
            )
        }
        let byService = Dictionary(grouping: rows, by: \.service)
        let layers = await pipelines.flatMap { Self.layers(of: $0, $1) }
        return Model(
            at: now, windowSeconds: 900,
            services: reports.map { report in
                let own = byService[report.service] ?? []
                return Model.Row(
                    report: report, rates: RateSummary(own, over: Self.window),
                    traffic: Self.sum(own, at: now) { Double($0.requests) })
            },
            all: RateSummary(rows, over: Self.window), requestsPerSlot: Self.sum(rows, at: now) { Double($0.requests) },
            errorsPerSlot: Self.sum(rows, at: now) { Double($0.errors) },
            p95PerSlot: Self.sum(rows, at: now, combine: max) { $0.p95 * 1_000 },
            breakers: layers.filter(Self.isWorthShowing), pools: layers.filter { $0.kind == "Bulkhead" },
            broken: self.alerts.broken, recentAlerts: recent, traces: size.traces, traceBytes: size.bytes)
    }

    private static func sum(
        _ rows: [RateRow], at now: Timestamp, combine: (Double, Double) -> Double = { $0 + $1 },
        _ value: (RateRow) -> Double,
    ) -> [Double] {
        let width = Self.window.nanoseconds / 1_000 / Int64(Self.slots)
        var sums = [Double](repeating: 0, count: Self.slots)
        for row in rows {
            let index = Self.slots - 1 - Int((now.microseconds - row.at.microseconds) / width)
            if sums.indices.contains(index) { sums[index] = combine(sums[index], value(row)) }
        }
        return sums
    }

    private static func layers(of service: ServiceName, _ answer: JSONValue) -> [Model.Layer] {
        (answer["items"]?.array ?? []).flatMap { pipeline in
            (pipeline["layers"]?.array ?? []).map { layer in
                Model.Layer(
                    service: service.rawValue, pipeline: pipeline["name"]?.string ?? "",
                    kind: layer["kind"]?.string ?? "", state: layer["state"]?.string,
                    figures: (layer["figures"]?.object?.members ?? []).reduce(into: [:]) {
                        $0[$1.name] = $1.value.integer
                    },
                    settings: (layer["settings"]?.object?.members ?? []).reduce(into: [:]) {
                        $0[$1.name] = $1.value.string
                    })
            }
        }
    }

    /// Breakers of calls to others always, those of the pools when they are not closed.
    private static func isWorthShowing(_ layer: Model.Layer) -> Bool {
        layer.kind == "CircuitBreaker"
            && (layer.state != "CLOSED" || !layer.pipeline.hasPrefix("\(layer.service).") && layer.service != "console")
    }

    // MARK: The page

    private static func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let down = model.services.filter { $0.report.state != "healthy" && $0.report.state != "unknown" }
        let state =
            down.isEmpty
            ? "All \(model.services.count) services are healthy"
            : "\(down.map(\.report.service).joined(separator: ", ")) \(down.count == 1 ? "needs" : "need") attention"
        let tone = down.isEmpty ? (model.broken.isEmpty ? "good" : "warn") : "bad"
        let kept: HTML = "<span class=\"quiet\">\(Format.bytes(model.traceBytes))</span>"
        let window: HTML = "<span class=\"quiet\">the last 15 minutes</span>"
        let traffic = Charts.spark(model.requestsPerSlot, label: "Requests in 15 minutes")
        let errors = Charts.spark(model.errorsPerSlot, label: "Errors in 15 minutes", tone: "bad")
        let p95 = Charts.spark(model.p95PerSlot, label: "95th percentile in 15 minutes", tone: "warn")
        let errorTone = model.all.errorRatio > 0.05 ? "bad" : ""
        return Frame.page(
            "Overview", .overview, for: call, refresh: 5,
            """
            <p class="banner \(tone)"><span class="dot"></span>\(state)\(self.broken(model.broken))</p>
            <div class="figures">
            \(Frame.figure("Requests", "\(Format.number(model.all.requestsPerSecond))/s", traffic))
            \(Frame.figure("Errors", Format.percent(model.all.errorRatio), tone: errorTone, errors))
            \(Frame.figure("p95", Format.milliseconds(model.all.p95Milliseconds), p95))
            \(Frame.figure("Traces kept", Format.count(model.traces), kept))
            </div>
            \(Frame.card("Services", more: window, self.services(model)))
            <div class="two">\(Frame.card("Circuit breakers", self.breakers(model.breakers)))
            \(Frame.card("Pools", self.pools(model.pools)))</div>
            \(Frame.card("Recent alerts", more: "<a href=\"/console/objectives\">Objectives</a>",
                AlertList.html(model.recentAlerts, now: model.at)))
            """)
    }

    private static func broken(_ broken: [AlertWatch.Broken]) -> HTML? {
        guard !broken.isEmpty else { return nil }
        let words = broken.map { "\($0.subject): \($0.rule)" }.joined(separator: ", ")
        return " · <a href=\"/console/objectives\">\(words)</a>"
    }

    private static func services(_ model: Model) -> HTML {
        let rows = model.services.map { row -> HTML in
            """
            <tr><th scope="row"><a href="/console/services/\(row.report.service)">\(row.report.service)</a></th>
            <td>\(Frame.badge(row.report.state))</td><td>\(Format.ago(row.report.since, now: model.at))</td>
            <td>\(Charts.spark(row.traffic, label: "Requests of \(row.report.service)"))</td>
            <td class="n">\(Format.number(row.rates.requestsPerSecond))/s</td>
            <td class="n\(row.rates.errorRatio > 0.05 ? " bad" : "")">\(Format.percent(row.rates.errorRatio))</td>
            <td class="n">\(Format.milliseconds(row.rates.p50Milliseconds))</td>
            <td class="n">\(Format.milliseconds(row.rates.p95Milliseconds))</td>
            <td class="n">\(Format.milliseconds(row.rates.p99Milliseconds))</td></tr>
            """
        }
        return Frame.table(
            ["Service", "State", "Since", "Traffic", ">Rate", ">Errors", ">p50", ">p95", ">p99"], rows,
            empty: "No services are known.")
    }

    private static func breakers(_ layers: [Model.Layer]) -> HTML {
        let rows = layers.map { layer -> HTML in
            let figures = ["successes", "failures", "rejected"].map { name in
                "\(Format.count(layer.figures[name] ?? 0)) \(name)"
            }.joined(separator: " · ")
            let reason =
                "\(layer.settings["failureThreshold"] ?? "?") failures in \(layer.settings["monitoringPeriod"] ?? "?")"
            return """
                <tr><th scope="row">\(layer.service) → \(layer.pipeline)</th><td>\(Frame.badge(layer.state ?? "CLOSED"))</td>
                <td>\(figures)<br><span class="quiet">opens after \(reason)</span></td></tr>
                """
        }
        return Frame.table(["Call", "State", "Figures"], rows, empty: "No calls between services yet.")
    }

    private static func pools(_ layers: [Model.Layer]) -> HTML {
        let rows = layers.filter { $0.pipeline.hasPrefix("\($0.service).") }.compactMap { layer -> HTML? in
            let running = layer.figures["running"] ?? 0
            let limit = layer.settings["maximumConcurrency"].flatMap { Int64($0) } ?? 0
            let share = limit > 0 ? Double(running) / Double(limit) : 0
            return """
                <tr><th scope="row">\(layer.pipeline)</th>
                <td>\(Charts.bar(share, label: "\(running) of \(limit)"))</td>
                <td class="n">\(Format.count(running)) of \(Format.count(limit))</td>
                <td class="n">\(Format.count(layer.figures["queued"] ?? 0))</td></tr>
                """
        }
        return Frame.table(["Pool", "Use", ">Running", ">Queued"], rows, empty: "No pools yet.")
    }
}

/// Alerts, one below the other.
enum AlertList {
    static func html(_ alerts: [AlertRow], now: Timestamp) -> HTML {
        let rows = alerts.map { alert -> HTML in
            """
            <tr><td>\(Format.ago(alert.at, now: now))</td><td>\(Frame.badge(alert.isFiring ? "firing" : "cleared"))</td>
            <td>\(Frame.badge(alert.severity))</td><th scope="row">\(alert.subject)</th><td>\(alert.text)</td></tr>
            """
        }
        return Frame.table(["When", "", "Urgency", "Subject", "What"], rows, empty: "No alerts. Enjoy the quiet.")
    }
}
