import Chassis
import Essentials
import EventSourcing
import HTTPTypes

/// Sagas: which there are, how far each has come, and setting one going again or turning it round.
struct Sagas: Sendable {
    let pages: ConsolePages
    let services: [ServiceName]

    struct List: Encodable, Sendable {
        struct Row: Encodable, Sendable {
            var service: String
            var id: String
            var definition: String
            var status: String
            var startedAt: Timestamp?
            var updatedAt: Timestamp?
            var due: Timestamp?
        }

        var at: Timestamp
        var items: [Row]
    }

    struct One: Encodable, Sendable {
        var at: Timestamp
        var service: String
        var saga: JSONValue
        var traces: [TraceSummary]
    }

    var routes: [Route] {
        self.pages.view(
            "/sagas", "listSagas",
            parameters: [
                .query("status", .text(0...20), "Only sagas of this status."),
                .query("service", .text(0...100), "Only sagas of this service."),
            ], load: { try await self.list($0) }, show: { self.listPage($0, $1) })
            + self.pages.view(
                "/sagas/{service}/{id}", "showSaga", parameters: Self.place, load: { try await self.one($0) },
                show: { SagaPage.html($0, $1) })
            + [
                self.change("retry", "retrySaga"), self.change("compensate", "compensateSaga"), self.find,
            ]
    }

    static let statuses = ["running", "waiting", "compensating", "parked", "completed", "compensated"]

    private static let place: [Parameter] = [
        .path("service", .text(1...100), "The service that runs it."), .path("id", .uuid, "The saga."),
    ]

    private func list(_ call: ConsoleCall) async throws -> List {
        let status = call.given("status").flatMap { Self.statuses.contains($0) ? "&status=\($0)" : nil } ?? ""
        let wanted = self.services.filter { call.given("service") == nil || $0.rawValue == call.given("service") }
        let answers = await self.pages.services.get(wanted, "/internal/sagas?newest=true&limit=100\(status)", call)
        let rows = answers.flatMap { service, answer in
            (answer["items"]?.array ?? []).map { List.Row($0, of: service) }
        }
        return List(
            at: self.pages.environment.wallClock.now,
            items: rows.sorted { ($0.startedAt?.microseconds ?? 0) > ($1.startedAt?.microseconds ?? 0) })
    }

    private func one(_ call: ConsoleCall) async throws -> One {
        let service = ServiceName(rawValue: call.request.path["service"] ?? "")
        let id = call.request.path["id"] ?? ""
        let saga = try await self.pages.services.get(service, "/internal/sagas/\(id)", call)
        var query = TraceQuery()
        query.requestID = saga["correlationId"]?.string
        query.limit = 5
        let wanted = query
        let traces = try await self.pages.environment.store.read { try TraceRows.find(wanted, in: $0) }
        return One(at: self.pages.environment.wallClock.now, service: service.rawValue, saga: saga, traces: traces)
    }

    private func change(_ verb: String, _ operation: String) -> Route {
        self.pages.action(
            "/console/sagas/{service}/{id}/\(verb)", "\(operation)ByConsole", parameters: Self.place, target: "saga"
        ) { call in
            let service = ServiceName(rawValue: call.request.path["service"] ?? "")
            let id = call.request.path["id"] ?? ""
            _ = try await self.pages.services.post(service, "/internal/sagas/\(id)/\(verb)", call)
            return "/console/sagas/\(service)/\(id)"
        }
    }

    /// Leads to a saga of which only the id is known.
    private var find: Route {
        self.pages.page(
            .get, "/console/sagas/find/{id}", "findSaga", parameters: [.path("id", .uuid, "The saga.")]
        ) { call in
            let id = call.request.path["id"] ?? ""
            let found = await self.pages.services.get(self.services, "/internal/sagas/\(id)", call)
            guard let service = found.first?.0 else { throw Problem(.notFound, "no service has a saga \(id)") }
            return .redirect(to: "/console/sagas/\(service)/\(id)")
        }
    }

    private func listPage(_ model: List, _ call: ConsoleCall) -> HTML {
        let tabs = ([nil] + Self.statuses.map { $0 }).map { status -> HTML in
            let current: HTML? = status == call.given("status") ? " aria-current=\"page\"" : nil
            let link = status.map { "/console/sagas?status=\($0)" } ?? "/console/sagas"
            return "<a href=\"\(link)\"\(current)>\(status ?? "all")</a>"
        }
        let rows = model.items.map { saga -> HTML in
            let next: HTML? = saga.due.map { due in
                due > model.at ? "in \(Format.duration((due - model.at).fractionalSeconds))" : "now"
            }
            return """
                <tr><th scope="row"><a href="/console/sagas/\(saga.service)/\(saga.id)">\(saga.definition)</a>
                <span class="id">\(saga.id)</span></th><td>\(saga.service)</td><td>\(Frame.badge(saga.status))</td>
                <td>\(Format.ago(saga.startedAt, now: model.at))</td><td>\(Format.ago(saga.updatedAt, now: model.at))</td>
                <td>\(next)</td></tr>
                """
        }
        return Frame.page(
            "Sagas", .sagas, for: call, refresh: 5,
            """
            <nav class="tabs" aria-label="Status">\(tabs)</nav>
            \(Frame.card("\(model.items.count) sagas, the newest first", Frame.table(
                ["Saga", "Service", "Status", "Started", "Changed", "Next"], rows, empty: "None.")))
            """)
    }
}

extension Sagas.List.Row {
    fileprivate init(_ saga: JSONValue, of service: ServiceName) {
        let moment = { (name: String) in saga[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        self.init(
            service: service.rawValue, id: saga["id"]?.string ?? "", definition: saga["definition"]?.string ?? "",
            status: saga["status"]?.string ?? "", startedAt: moment("startedAt"), updatedAt: moment("updatedAt"),
            due: moment("due"))
    }
}
