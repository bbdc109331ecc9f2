import Chassis
import Essentials
import Resilience

/// A bounded number of requests to each service at one time: one that hangs keeps its own requests waiting, not those
/// to the others.
struct Lanes: Sendable {
    private let pipelines: [ServiceName: Pipeline]

    init(to services: [ServiceName], time: TimeSource) {
        var pipelines: [ServiceName: Pipeline] = [:]
        for service in services {
            pipelines[service] = Pipeline(named: service.rawValue, time: time) {
                Bulkhead(named: "requests to \(service)", maximumConcurrency: 512, queueLimit: 512)
            }
        }
        self.pipelines = pipelines
    }

    /// - Throws: `Refusal` when the service has no place for another request; what `body` throws.
    func run(
        _ service: ServiceName, _ body: @Sendable () async throws -> ServiceResponse
    ) async throws -> ServiceResponse {
        guard let pipeline = self.pipelines[service] else { return try await body() }
        return try await pipeline.run(body)
    }
}
