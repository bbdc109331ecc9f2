import Chassis
import Essentials
import Simulation

typealias ShopNetwork = SimulatedNetwork<ServiceRequest, ServiceResponse>

/// Calls between services over the simulated network, as one process makes them.
struct NodeTransport: ServiceTransport {
    let network: ShopNetwork
    let process: SimulatedProcess
    let simulation: Simulator

    func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        do {
            let response = try await self.network.call(
                from: self.process, to: service.rawValue, request, deadline: deadline.tick)
            RarePaths.take(response, self.simulation)
            return response
        } catch let error as SimulatedNetworkError {
            throw Self.transportError(error)
        }
    }

    private static func transportError(_ error: SimulatedNetworkError) -> TransportError {
        switch error.code {
        case .unknownAddress: TransportError(.unknownService, "no process has this name")
        case .refused: TransportError(.notConnected, "the connection was refused")
        case .connectionLost: TransportError(.connectionLost, "the connection broke")
        case .deadlineExceeded: TransportError(.deadlineExceeded, "the deadline passed")
        }
    }
}
