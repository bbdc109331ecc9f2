import Chassis
import Essentials
import HTTPTypes

/// How far consumers are behind, and the events that they gave up.
struct Queues: Sendable {
    let pages: ConsolePages
    let services: [ServiceName]

    struct Model: Encodable, Sendable {
        struct Consumer: Encodable, Sendable {
            var service: String
            var consumer: String
            var source: String
            var position: Int64
            var head: Int64?
        }

        struct Parked: Encodable, Sendable {
            var service: String
            var consumer: String
            var event: String
            var type: String
            var key: String
            var isDead: Bool
            var attempts: Int64
            var error: String?
            var parkedAt: Timestamp?
        }

        var at: Timestamp
        var consumers: [Consumer]
        var parked: [Parked]
    }

    private static let place: [Parameter] = [
        .path("service", .text(1...100), "The service."), .path("consumer", .text(1...100), "The consumer."),
        .path("event", .uuid, "The event."),
    ]

    var routes: [Route] {
        self.pages.view("/queues", "showQueues", load: { await self.load($0) }, show: { self.page($0, $1) })
            + [self.change("redrive"), self.change("discard")]
    }

    private func load(_ call: ConsoleCall) async -> Model {
        let letters = await self.pages.services.get(self.services, "/internal/dead-letters?all=true&limit=200", call)
        let consumers = await self.pages.services.get(self.services, "/internal/consumers", call)
        let sources = Set(consumers.flatMap { $0.1["items"]?.array ?? [] }.compactMap { $0["source"]?.string })
        let names = sources.sorted().map { ServiceName(rawValue: $0) }
        let heads = await self.pages.services.get(names, "/internal/log?limit=1", call)
        let ends = Dictionary(uniqueKeysWithValues: heads.map { ($0.0.rawValue, $0.1["head"]?.integer) })
        return Model(
            at: self.pages.environment.wallClock.now,
            consumers: consumers.flatMap { service, answer in
                (answer["items"]?.array ?? []).map { item in
                    let source = item["source"]?.string ?? ""
                    return Model.Consumer(
                        service: service.rawValue, consumer: item["consumer"]?.string ?? "", source: source,
                        position: item["position"]?.integer ?? 0, head: ends[source] ?? nil)
                }
            },
            parked: letters.flatMap { service, answer in
                (answer["items"]?.array ?? []).map { Model.Parked($0, of: service) }
            })
    }

    private func change(_ verb: String) -> Route {
        self.pages.action(
            "/console/queues/{service}/{consumer}/{event}/\(verb)", "\(verb)DeadLetterByConsole",
            parameters: Self.place, target: "event"
        ) { call in
            let place = { (name: String) in PercentEncoding.encode(call.request.path[name] ?? "") }
            let answer = try await self.pages.services.post(
                ServiceName(rawValue: call.request.path["service"] ?? ""),
                "/internal/dead-letters/\(place("consumer"))/\(place("event"))/\(verb)", call)
            if let error = answer["failure"]?["error"]?.string {
                throw Problem(.conflict, "it failed again: \(error)")
            }
            return "/console/queues"
        }
    }

    // MARK: The page

    private func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let consumers = model.consumers.map { row -> HTML in
            let behind = row.head.map { Format.count(max(0, $0 - row.position)) } ?? "?"
            return """
                <tr><th scope="row">\(row.consumer)</th><td>\(row.service)</td><td>\(row.source)</td>
                <td class="n">\(Format.count(row.position))</td><td class="n">\(row.head.map { Format.count($0) } ?? "?")</td>
                <td class="n">\(behind)</td></tr>
                """
        }
        let parked = model.parked.map { self.row($0, call, now: model.at) }
        return Frame.page(
            "Queues", .queues, for: call, refresh: 5,
            """
            \(Frame.card("Events that wait", Frame.table(
                ["Event", "Consumer", "State", ">Tries", "Error", "Since", ""], parked,
                empty: "No event is parked: everything that came was handled.")))
            \(Frame.card("Consumers", more: "<span class=\"quiet\">events that do not concern one count until 1,000 have passed</span>", Frame.table(
                ["Consumer", "Service", "Log of", ">Position", ">End of the log", ">Behind"], consumers,
                empty: "No consumers are known.")))
            """)
    }

    private func row(_ row: Model.Parked, _ call: ConsoleCall, now: Timestamp) -> HTML {
        let path = "/console/queues/\(row.service)/\(row.consumer)/\(row.event)"
        let buttons: HTML? =
            !row.isDead
            ? nil
            : """
            <div class="actions">\(Frame.form("\(path)/redrive", for: call, "<button class=\"primary\">Try again</button>"))
            \(Frame.form("\(path)/discard", for: call, "<button data-confirm=\"Drop this event for good?\">Drop</button>"))</div>
            """
        return """
            <tr><th scope="row">\(row.type)<span class="id">\(row.key)</span></th><td>\(row.service) · \(row.consumer)</td>
            <td>\(Frame.badge(row.isDead ? "dead" : "waiting"))</td><td class="n">\(Format.count(row.attempts))</td>
            <td>\(row.error ?? "")</td><td>\(Format.ago(row.parkedAt, now: now))</td><td>\(buttons)</td></tr>
            """
    }
}

extension Queues.Model.Parked {
    fileprivate init(_ item: JSONValue, of service: ServiceName) {
        self.init(
            service: service.rawValue, consumer: item["consumer"]?.string ?? "", event: item["event"]?.string ?? "",
            type: item["type"]?.string ?? "", key: item["key"]?.string ?? "", isDead: item["dead"]?.bool ?? false,
            attempts: item["attempts"]?.integer ?? 0, error: item["error"]?.string,
            parkedAt: item["parkedAt"]?.string.flatMap { Timestamp(rfc3339: $0) })
    }
}
