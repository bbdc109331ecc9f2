import Essentials
import EventSourcing
import HTTPTypes
public import Sagas

/// `/internal/sagas`: lists the sagas of a service, shows one step by step, and lets an operator steer it.
public struct SagaRoutes: Sendable {
    private let engine: SagaEngine<any ServiceUnit>

    /// - Parameter engine: the engine of the service, or any other over the same store.
    public init(_ engine: SagaEngine<any ServiceUnit>) {
        self.engine = engine
    }

    public var routes: [Route] {
        [
            self.list, self.view,
            self.change("/internal/sagas/{id}/retry", "retrySaga", "Sets a parked or waiting saga going again") {
                try await self.engine.retry($0)
            },
            self.change("/internal/sagas/{id}/compensate", "compensateSaga", "Turns a saga round") {
                try await self.engine.compensate($0)
            },
        ]
    }

    private static let idParameter = Parameter.path("id", .uuid, "The saga.")

    private var list: Route {
        Route(
            .get, "/internal/sagas", "listSagas", tag: "Internal", "Lists sagas by id", access: .services,
            parameters: [
                .query("status", .oneOf(SagaStatus.allCases.map(\.rawValue)), "Only sagas of this status."),
                .query("after", .uuid, "Only sagas behind this id, in the order that is asked for."),
                .query("newest", .boolean, "Whether the last ids come first. Default: false."),
                .query("limit", .integer(1...1_000), "The most sagas of the answer. Default: 100."),
            ], answers: [Answer(.ok, .freeObject, "`items`: the sagas")]
        ) { request in
            let status = request.query["status"].flatMap { SagaStatus(rawValue: $0) }
            let last = request.query["after"].flatMap { UniqueID($0) }
            let limit = request.integer("limit") ?? 100
            let sagas =
                request.query["newest"] == "true"
                ? try await self.engine.latest(status: status, before: last, limit: limit)
                : try await self.engine.list(status: status, after: last, limit: limit)
            return .document(["items": .array(sagas.map(\.json))])
        }
    }

    private var view: Route {
        Route(
            .get, "/internal/sagas/{id}", "showSaga", tag: "Internal",
            "Shows a saga: each step with its attempts, errors and times", access: .services,
            parameters: [Self.idParameter],
            answers: [Answer(.ok, .freeObject, "The saga")], problems: [.notFound]
        ) { request in
            .document(try await self.view(of: request))
        }
    }

    private func change(
        _ path: PathPattern, _ operation: String, _ summary: String,
        _ body: @escaping @Sendable (UniqueID) async throws -> Void,
    ) -> Route {
        Route(
            .post, path, operation, tag: "Internal", summary, access: .services, parameters: [Self.idParameter],
            answers: [Answer(.ok, .freeObject, "The saga afterwards")], problems: [.notFound, .conflict]
        ) { request in
            do {
                try await body(try Self.id(of: request))
            } catch let error as SagaError {
                throw error.problem
            }
            return .document(try await self.view(of: request))
        }
    }

    private func view(of request: RoutedRequest) async throws -> JSONValue {
        do {
            return try await self.engine.view(try Self.id(of: request)).json
        } catch let error as SagaError {
            throw error.problem
        }
    }

    private static func id(of request: RoutedRequest) throws -> UniqueID {
        guard let id = request.path["id"].flatMap({ UniqueID($0) }) else {
            throw Problem(.validationFailed, "path/id: a UUID is expected")
        }
        return id
    }
}

extension SagaError {
    fileprivate var problem: Problem {
        self.code == .notFound
            ? Problem(.notFound, self.message)
            : Problem(.conflict, self.message, details: ["reason": .string(self.code.rawValue)])
    }
}

extension SagaInstance {
    /// The row as a document.
    fileprivate var json: JSONValue {
        var value: JSONValue = [
            "id": .string(self.id.description), "definition": .string(self.definition),
            "status": .string(self.state.status.rawValue), "startedAt": .string(self.startedAt.rfc3339),
            "updatedAt": .string(self.updatedAt.rfc3339),
            "correlationId": .string(self.metadata.correlationID.description),
        ]
        if let due { value = value.setting("due", to: .string(due.rfc3339)) }
        if let owner { value = value.setting("owner", to: .string(owner)) }
        if case .parked(let reason) = self.state { value = value.setting("parkedBecause", to: reason.json) }
        return value
    }
}

extension SagaParkReason {
    fileprivate var json: JSONValue {
        switch self {
        case .definitionMissing(let hash): ["reason": "definitionMissing", "definitionHash": .string(hash)]
        case .stateUnreadable(let message): ["reason": "stateUnreadable", "message": .string(message)]
        case .outcomeUnknown(let step, let message):
            ["reason": "outcomeUnknown", "step": .string(step), "message": .string(message)]
        case .compensationRefused(let step, let rejection):
            ["reason": "compensationRefused", "step": .string(step), "message": .string(rejection.description)]
        }
    }
}

extension SagaView {
    /// The saga as a document: what a person needs to see which step failed, how often, when and why.
    var json: JSONValue {
        var value = self.instance.json.setting("steps", to: .array(self.steps.map(\.json)))
        if let failure {
            var why: JSONValue = ["code": .string(failure.code.rawValue), "message": .string(failure.message)]
            if let step = failure.step { why = why.setting("step", to: .string(step)) }
            if let rejection = failure.rejection { why = why.setting("rejection", to: .string(rejection.code)) }
            value = value.setting("failure", to: why)
        }
        if let data = try? JSONReader.parse(self.data) { value = value.setting("data", to: data) }
        return value
    }
}

extension SagaView.Step {
    fileprivate var json: JSONValue {
        let value: JSONValue = [
            "name": .string(self.name), "kind": .string(self.plan.kind.rawValue), "action": self.action.json,
        ]
        guard self.plan.hasCompensation else { return value }
        return value.setting("compensation", to: self.compensation.json)
    }
}

extension SagaView.Progress {
    fileprivate var json: JSONValue {
        var value: JSONValue = ["status": .string(self.status.rawValue), "attempts": .integer(self.attempts)]
        if let error { value = value.setting("error", to: .string(error)) }
        let times = [("startedAt", self.startedAt), ("endedAt", self.endedAt), ("nextAt", self.nextAt)]
        for case (let name, let moment?) in times { value = value.setting(name, to: .string(moment.rfc3339)) }
        return value
    }
}
