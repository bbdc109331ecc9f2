public import Essentials
import Synchronization

/// Carries calls to services of the same process, without sockets: for tests and the simulator.
public final class LocalTransport: ServiceTransport {
    private let handlers = Mutex<[ServiceName: ServiceHandler]>([:])

    public init() {}

    /// Makes a service reachable, or replaces it.
    public func register(_ service: ServiceName, _ handler: @escaping ServiceHandler) {
        self.handlers.withLock { $0[service] = handler }
    }

    /// Makes a service unreachable.
    public func remove(_ service: ServiceName) {
        self.handlers.withLock { $0[service] = nil }
    }

    public func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        guard let handler = self.handlers.withLock({ $0[service] }) else {
            throw TransportError(.notConnected, "\(service) is not there")
        }
        return try await handler(request)
    }
}
