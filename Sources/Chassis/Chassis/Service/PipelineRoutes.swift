import Essentials
import HTTPTypes
import Resilience

/// `/internal/pipelines`: what the pipelines of a service are made of and hold, and changing their limits while calls run.
struct PipelineRoutes: Sendable {
    let registry: PipelineRegistry

    var routes: [Route] { [self.list, self.change] }

    private var list: Route {
        var route = Route(
            .get, "/internal/pipelines", "listPipelines", tag: "Internal", "Shows every pipeline with its layers",
            access: .services, answers: [Answer(.ok, .freeObject, "`items`: the pipelines, by name")]
        ) { _ in
            .document(["items": .array(try self.registry.names.map { try self.json(of: $0) })])
        }
        // What an operator needs when the pools are full.
        route.operationClass = nil
        return route
    }

    private var change: Route {
        var route = Route(
            .patch, "/internal/pipelines/{name}", "changePipeline", tag: "Internal",
            "Changes limits of a pipeline; what it has counted, who waits and which breaker is open stays",
            access: .services, parameters: [.path("name", .text(1...100), "The pipeline")],
            body: .model(PipelineChange.self),
            answers: [Answer(.ok, .freeObject, "The pipeline as it is now")], problems: [.notFound]
        ) { request in
            let name = request.path["name"] ?? ""
            let change = try request.decode(PipelineChange.self)
            do {
                try self.registry.update(name) { change.apply(to: &$0) }
                return .document(try self.json(of: name))
            } catch let error as PipelineRegistry.UnknownPipeline {
                throw Problem(
                    .notFound, "no pipeline is called '\(name)'",
                    details: ["known": .array(error.known.map(JSONValue.string))])
            } catch let error as InvalidConfiguration {
                throw Problem(.validationFailed, "\(error)")
            }
        }
        route.operationClass = nil
        return route
    }

    private func json(of name: String) throws -> JSONValue {
        let pipeline = try self.registry.pipeline(name)
        let layers = zip(pipeline.descriptor.strategies, pipeline.snapshot().strategies).map { descriptor, snapshot in
            var layer: JSONValue = [
                "kind": .string(descriptor.kind), "name": .string(descriptor.name),
                "settings": Self.object(descriptor.settings.map { ($0.name, .string($0.value)) }),
                "figures": Self.object(snapshot.figures.map { ($0.name, .integer($0.value)) }),
            ]
            if let state = snapshot.state { layer = layer.setting("state", to: .string(state)) }
            return layer
        }
        return ["name": .string(name), "layers": .array(layers)]
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.reduce(into: JSONObject()) { $0[$1.0] = $1.1 })
    }
}
