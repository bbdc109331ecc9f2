import Essentials
import EventSourcing
import HTTPTypes

/// `/internal/read-models`: which there are, and building one again from the first event.
struct ReadModelRoutes: Sendable {
    let readModels: Projector<any ServiceUnit>
    let store: ServiceStore

    var routes: [Route] { [self.list, self.rebuild] }

    private var list: Route {
        Route(
            .get, "/internal/read-models", "listReadModels", tag: "Internal", "Names the read models",
            access: .services, answers: [Answer(.ok, .freeObject, "Their names")]
        ) { _ in
            try .json(.ok, ["items": self.readModels.names])
        }
    }

    private var rebuild: Route {
        Route(
            .post, "/internal/read-models/{name}/rebuild", "rebuildReadModel", tag: "Internal",
            "Empties a read model and builds it again from the log", access: .services,
            parameters: [.path("name", .text(1...100), "The read model")], answers: [.empty("It is built")],
            problems: [.notFound]
        ) { request in
            let name = request.path["name"] ?? ""
            guard try await self.readModels.rebuild(name, using: self.store) else {
                throw Problem(
                    .notFound, "no read model is called '\(name)'",
                    details: ["known": .array(self.readModels.names.map(JSONValue.string))])
            }
            return .empty()
        }
    }
}
