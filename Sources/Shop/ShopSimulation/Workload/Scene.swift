import Chassis
import Essentials
import Simulation

/// Where customers and operators act, and who watches them: a shop in the simulator, or one that runs for real.
protocol Scene: Sendable {
    var mix: Mix { get }
    var history: History { get }
    /// How clients reach the gateway.
    var transport: any ServiceTransport { get }
    var time: TimeSource { get }
    /// The date of the service that keeps the sessions.
    var sessionDate: Timestamp { get }
    var wallets: [UniqueID] { get }
    func addWallet(_ wallet: UniqueID)
    /// A stream of chance that follows from the scene's seed and this name.
    func chance(_ name: String) -> Chance
    func trace(_ line: String)
    func sometimes(_ name: String)
    /// A client was promised something, or asks for it.
    func promised(_ promise: Promise)
    func fail(_ kind: AnomalyKind, _ what: String)
    /// Waits until the next deed may begin.
    /// - Returns: whether there may be one at all.
    func mayGoOn() async throws -> Bool
}

extension SimulatedShop: Scene {
    var transport: any ServiceTransport {
        NodeTransport(network: self.network, process: self.simulation.driver, simulation: self.simulation)
    }
    var time: TimeSource { self.simulation.time }
    var sessionDate: Timestamp { self.simulation.node("users").date }
    func chance(_ name: String) -> Chance { self.simulation.chance(name) }
    func trace(_ line: String) { self.simulation.trace(line) }
    func sometimes(_ name: String) { self.simulation.sometimes(name) }
    func fail(_ kind: AnomalyKind, _ what: String) { self.simulation.fail(kind.rawValue, what) }
    func promised(_ promise: Promise) { self.history.promise(promise) }
    func mayGoOn() async throws -> Bool { true }
}
