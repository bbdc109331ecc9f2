import Chassis
import Essentials
import EventSourcing

/// Objectives with what is left of their budgets, and alerts.
struct ObjectivesPage: Sendable {
    let pages: ConsolePages
    let watch: AlertWatch

    struct Model: Encodable, Sendable {
        var at: Timestamp
        var objectives: [AlertWatch.Standing]
        var broken: [AlertWatch.Broken]
        var alerts: [AlertRow]
    }

    var routes: [Route] {
        self.pages.view(
            "/objectives", "showObjectives", load: { _ in try await self.load() }, show: { Self.page($0, $1) })
    }

    private func load() async throws -> Model {
        let alerts = try await self.pages.environment.store.read { try OperationRows.alerts(limit: 100, in: $0) }
        return Model(
            at: self.pages.environment.wallClock.now, objectives: self.watch.standings, broken: self.watch.broken,
            alerts: alerts)
    }

    private static func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let rows = model.objectives.map { standing -> HTML in
            let left = max(0, standing.remainingShare)
            let burns = standing.burns.map { burn -> HTML in
                "<td class=\"n\(burn.isFiring ? " bad" : "")\">\(Format.number(burn.long))×</td>"
            }
            return """
                <tr><th scope="row"><a href="/console/services/\(standing.name)">\(standing.name)</a></th>
                <td class="n">\(Format.percent(standing.target))</td>
                <td>\(Charts.bar(1 - left, label: "\(Format.percent(1 - left)) of the budget spent"))</td>
                <td class="n">\(Format.percent(left))</td><td class="n">\(standing.spent)</td>\(burns)</tr>
                """
        }
        let broken = model.broken.map { item -> HTML in
            """
            <tr><th scope="row"><a href="/console/services/\(item.subject)">\(item.subject)</a></th>
            <td>\(item.rule)</td><td class="n">\(Format.number(item.threshold))</td><td>\(Frame.badge("firing"))</td></tr>
            """
        }
        return Frame.page(
            "Objectives", .objectives, for: call, refresh: 10,
            """
            \(Frame.card("Error budgets", more: "<span class=\"quiet\">since the start, at most 30 days; burn over 1 h, 6 h, 1 d, 3 d</span>", Frame.table(
                ["Service", ">Target", "Spent", ">Left", ">Errors", ">1 h", ">6 h", ">1 d", ">3 d"], rows,
                empty: "Nobody asked for anything yet.")))
            \(Frame.card("Thresholds that are broken", Frame.table(
                ["Service", "Rule", ">Threshold", ""], broken, empty: "None.")))
            \(Frame.card("Alerts", AlertList.html(model.alerts, now: model.at)))
            """)
    }
}
