import Essentials
import EventSourcing
import Telemetry
import Tracing

extension ServiceEnvironment {
    /// Uses this telemetry from now on: spans around transactions, too. Call it before the service is built.
    public mutating func use(_ telemetry: ServiceTelemetry) {
        self.telemetry = telemetry
        if telemetry.tracer != nil { self.store = self.store.traced(by: telemetry, as: self.name) }
    }
}

extension Transactor<any ServiceUnit> {
    /// The same store with a span around each transaction that is a part of a recorded trace.
    fileprivate func traced(by telemetry: ServiceTelemetry, as service: ServiceName) -> ServiceStore {
        Transactor(commits: self.commits) { mode, body in
            let operation = mode == .read ? "read" : "commit"
            return try await telemetry.within("\(operation) \(service)", .client) {
                [
                    SemanticConventions.databaseSystem: "sqlite",
                    SemanticConventions.databaseNamespace: .string(service.rawValue),
                    SemanticConventions.databaseOperation: .string(operation),
                ]
            } _: {
                switch mode {
                case .read: try await self.read(body)
                case .write: try await self.write(body)
                }
            }
        }
    }
}
