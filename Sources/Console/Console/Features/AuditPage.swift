import Chassis
import Essentials
import EventSourcing

/// Who did what.
struct AuditPage: Sendable {
    let pages: ConsolePages

    struct Model: Encodable, Sendable {
        var at: Timestamp
        var items: [AuditRow]
    }

    var routes: [Route] {
        self.pages.view("/audit", "showAudit", load: { _ in try await self.load() }, show: { Self.page($0, $1) })
    }

    private func load() async throws -> Model {
        let rows = try await self.pages.environment.store.read { try OperationRows.audit(limit: 200, in: $0) }
        return Model(at: self.pages.environment.wallClock.now, items: rows)
    }

    private static func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let rows = model.items.map { row -> HTML in
            let isDone = row.outcome == "done"
            return """
                <tr><td>\(Format.ago(row.at, now: model.at))</td><th scope="row">\(row.operator)</th><td>\(row.action)</td>
                <td class="id">\(row.target)</td><td>\(Frame.badge(isDone ? "done" : "refused"))
                <span class="quiet">\(isDone ? "" : row.outcome)</span></td></tr>
                """
        }
        return Frame.page(
            "Audit", .audit, for: call,
            Frame.card(
                "What operators did",
                Frame.table(["When", "Who", "Action", "On", "Outcome"], rows, empty: "Nothing yet.")))
    }
}
