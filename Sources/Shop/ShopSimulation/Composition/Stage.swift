import Chassis
import Simulation
import Synchronization

/// What the machines and the network of a simulation reach the shop through. The simulation keeps their programs and
/// handlers, and these would keep it: emptied after the run, it lets all of it go.
final class Stage: Sendable {
    private struct State {
        var programs: ShopPrograms?
        var handlers: [String: ServiceHandler] = [:]
    }

    private let state = Mutex(State())

    init() {}

    func set(_ programs: ShopPrograms) { self.state.withLock { $0.programs = programs } }

    var programs: ShopPrograms? { self.state.withLock(\.programs) }

    /// Lets a process answer calls to an address.
    func serve(
        _ address: String, on process: SimulatedProcess, over network: ShopNetwork, _ handler: @escaping ServiceHandler,
    ) {
        let place = process.label
        self.state.withLock { $0.handlers[place] = handler }
        network.serve(address, on: process) { request in
            guard let handler = self.state.withLock({ $0.handlers[place] }) else { throw CancellationError() }
            return try await handler(request)
        }
    }

    func clear() { self.state.withLock { $0 = State() } }
}
