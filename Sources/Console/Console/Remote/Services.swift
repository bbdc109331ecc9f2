import Chassis
import Essentials
import EventSourcing
import HTTPTypes

/// Asks the services for what operators see: their internal routes, with the console's own token.
struct Services: Sendable {
    private let clients: [ServiceName: ServiceClient]

    init(_ environment: ServiceEnvironment, names: [ServiceName]) {
        self.clients = Dictionary(uniqueKeysWithValues: names.map { ($0, ServiceClient($0, in: environment)) })
    }

    /// - Throws: a ``Problem`` `notFound` for a service that is not known, and what the call throws.
    func get(_ service: ServiceName, _ path: String, _ call: ConsoleCall) async throws -> JSONValue {
        try await self.send(.get, service, path, call)
    }

    /// The same from many services at once; those that do not answer are left out.
    func get(_ services: [ServiceName], _ path: String, _ call: ConsoleCall) async -> [(ServiceName, JSONValue)] {
        await withTaskGroup(of: (ServiceName, JSONValue)?.self) { group in
            for service in services {
                group.addTask { (try? await self.get(service, path, call)).map { (service, $0) } }
            }
            var answers: [(ServiceName, JSONValue)] = []
            for await case let answer? in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }
        }
    }

    /// Does something, in the operator's name.
    func post(_ service: ServiceName, _ path: String, _ call: ConsoleCall) async throws -> JSONValue {
        try await self.send(.post, service, path, call)
    }

    private func send(
        _ method: HTTPRequest.Method, _ service: ServiceName, _ path: String, _ call: ConsoleCall,
    ) async throws -> JSONValue {
        guard let client = self.clients[service] else {
            throw Problem(.notFound, "no service is called '\(service)'")
        }
        // What operators look at is not what they look for: it begins no traces.
        let metadata = EventMetadata(
            correlationID: call.request.requestID, actor: "operator:\(call.operator.id)")
        let answer = try await client.send(method, path, metadata: metadata)
        return (try? JSONReader.parse(answer.body, limits: JSONReader.Limits(depth: 64, count: 200_000))) ?? .null
    }
}
