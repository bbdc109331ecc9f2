import Essentials
import EventSourcing
import HTTPTypes
public import Messaging

/// `/internal/dead-letters`: lists the events that the consumers of a service gave up, and lets an operator try them
/// again or drop them.
public struct DeadLetterRoutes: Sendable {
    private let consumers: ConsumerGroup<any ServiceUnit>

    public init(_ consumers: ConsumerGroup<any ServiceUnit>) {
        self.consumers = consumers
    }

    public var routes: [Route] { [self.list, self.standings, self.redrive, self.discard] }

    private static let place = [
        Parameter.path("consumer", .text(1...100), "The consumer."), .path("event", .uuid, "The event."),
    ]

    private var list: Route {
        Route(
            .get, "/internal/dead-letters", "listDeadLetters", tag: "Internal", "Lists events that were given up",
            access: .services,
            parameters: [
                .query("consumer", .text(1...100), "Only those of this consumer."),
                .query("all", .boolean, "Whether events that wait or are tried again are listed too. Default: false."),
                .query("after", .integer(0...Int64.max), "Only those behind this number."),
                .query("limit", .integer(1...1_000), "The most events of the answer. Default: 100."),
            ], answers: [Answer(.ok, .freeObject, "`items`: the events")]
        ) { request in
            let consumer = request.query["consumer"]
            let after = request.query["after"].flatMap { Int64($0) } ?? 0
            let limit = request.integer("limit") ?? 100
            let events =
                request.query["all"] == "true"
                ? try await self.consumers.parkedEvents(of: consumer, after: after, limit: limit)
                : try await self.consumers.deadLetters(of: consumer, after: after, limit: limit)
            return .document(["items": .array(events.map(\.json))])
        }
    }

    private var standings: Route {
        Route(
            .get, "/internal/consumers", "listConsumers", tag: "Internal", "Says how far each consumer has come",
            access: .services, answers: [Answer(.ok, .freeObject, "`items`: each consumer with each log that it reads")]
        ) { _ in
            let items = try await self.consumers.standings().map { standing -> JSONValue in
                [
                    "consumer": .string(standing.consumer), "source": .string(standing.service),
                    "position": .integer(standing.position.value),
                ]
            }
            return .document(["items": .array(items)])
        }
    }

    private var redrive: Route {
        self.change("redrive", "redriveDeadLetter", "Tries an event and those that wait behind it again") {
            let result = try await self.consumers.redrive($0, of: $1)
            var value: JSONValue = ["released": .integer(result.released)]
            if let failure = result.failure { value = value.setting("failure", to: failure.json) }
            return value
        }
    }

    private var discard: Route {
        self.change("discard", "discardDeadLetter", "Drops an event; those behind it move up") {
            ["discarded": try await self.consumers.discard($0, of: $1).json]
        }
    }

    private func change(
        _ verb: String, _ operation: String, _ summary: String,
        _ body: @escaping @Sendable (UniqueID, String) async throws -> JSONValue,
    ) -> Route {
        Route(
            .post, PathPattern(stringLiteral: "/internal/dead-letters/{consumer}/{event}/\(verb)"), operation,
            tag: "Internal", summary, access: .services, parameters: Self.place,
            answers: [Answer(.ok, .freeObject, "What was done")], problems: [.notFound]
        ) { request in
            guard let event = request.path["event"].flatMap({ UniqueID($0) }), let consumer = request.path["consumer"]
            else { throw Problem(.validationFailed, "path/event: a UUID is expected") }
            do {
                return .document(try await body(event, consumer))
            } catch let refusal as MessagingRefusal {
                throw Problem(.notFound, refusal.message, details: ["reason": .string(refusal.code.rawValue)])
            }
        }
    }
}

extension ParkedEvent {
    /// The event as a document.
    fileprivate var json: JSONValue {
        var value: JSONValue = [
            "number": .integer(self.number), "consumer": .string(self.consumer), "key": .string(self.key),
            "event": .string(self.event.id.description), "type": .string(self.event.type),
            "source": .string(self.event.source.description), "position": .integer(self.event.position.value),
            "dead": .bool(self.isDead), "attempts": .integer(self.attempts),
            "parkedAt": .string(self.parkedAt.rfc3339),
        ]
        if let error { value = value.setting("error", to: .string(error)) }
        if let data = try? JSONReader.parse(self.event.event.data) { value = value.setting("data", to: data) }
        return value
    }
}
