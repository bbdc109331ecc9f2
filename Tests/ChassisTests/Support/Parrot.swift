import Chassis
import ChassisTesting
import Essentials
import EventSourcing
import HTTPTypes

/// A service with one route of every kind, to test what all services share.
struct Parrot {
    struct Phrase: APIModel, Hashable {
        var text: String
        var times: Int

        static let schema = Schema.object([
            .init("text", .text(1...20)), .init("times", .integer(1...100)),
        ])
    }

    let platform: TestPlatform
    let health: HealthRegistry

    init() throws {
        self.platform = try TestPlatform()
        self.health = HealthRegistry(time: self.platform.time)
        let environment = try self.platform.environment("parrot", migrations: [])
        self.platform.host(Service(environment, routes: Self.routes, health: self.health))
    }

    static let routes = [
        Route(
            .post, "/v1/phrases", "say", tag: "Phrases", "Says a phrase", body: .model(Phrase.self),
            answers: [.json(.created, Phrase.self, "Said")]
        ) { request in try .json(.created, try request.decode(Phrase.self)) },
        Route(
            .get, "/v1/phrases/{phraseId}", "read", tag: "Phrases", "Reads a phrase", access: .anyone,
            parameters: [.path("phraseId", "The phrase"), .query("limit", .integer(1...10), "How many")],
            answers: [.json(.ok, Phrase.self, "The phrase")]
        ) { request in
            try .json(.ok, Phrase(text: request.path["phraseId"] ?? "", times: request.integer("limit") ?? 1))
        },
        Route(
            .delete, "/v1/phrases/{phraseId}", "forget", tag: "Phrases", "Forgets a phrase", access: .admins,
            parameters: [.path("phraseId", "The phrase")], answers: [.empty("Forgotten")]
        ) { _ in .empty() },
        Route(
            .post, "/internal/phrases", "teach", tag: "Phrases", "Teaches a phrase", access: .services,
            answers: [.empty("Taught")]
        ) { request in
            throw Problem(.conflict, request.metadata.actor ?? "nobody")
        },
        Route(.get, "/v1/broken", "broken", tag: "Phrases", "Fails", access: .anyone, answers: [.empty("Never")]) { _ in
            throw Unforeseen()
        },
    ]

    struct Unforeseen: Error {}
}
