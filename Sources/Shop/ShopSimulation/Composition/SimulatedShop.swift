import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Simulation
import StorageSQLite
import StorageSQLiteTesting
import Synchronization

/// The whole shop in one simulation: every service and the gateway on a machine of its own with a disk of its own, calls
/// over the simulated network, the world outside, and everybody who watches.
final class SimulatedShop: Sendable {
    private struct State {
        var wallets: [UniqueID] = []
        /// Facts that were made so that nobody can take them.
        var poison: Set<UniqueID> = []
        var services: [ServiceName: Service] = [:]
        var stores: [ServiceName: ServiceStore] = [:]
    }

    let simulation: Simulator
    let mix: Mix
    let network: ShopNetwork
    let history = History()
    private let stage = Stage()
    let outside: Outside
    let disks: [ServiceName: SimulatedDisk]
    private let dooms: [ServiceName: Doom]
    private let watches: [ServiceName: CommitWatch]
    private let serviceKey: SigningKey
    private let usersKey: SigningKey
    private let state = Mutex(State())

    /// The machines that faults may strike.
    var machines: [String] { ServiceName.shop.map(\.rawValue) + ["gateway"] + self.extraMachines }
    private var extraMachines: [String] { self.mix.hasSecondEngine ? ["transfers-2"] : [] }

    init(_ simulation: Simulator, _ mix: Mix) {
        self.simulation = simulation
        self.mix = mix
        self.network = ShopNetwork(simulation, link: mix.link)
        self.outside = Outside(simulation, mix)
        self.serviceKey = .generate(.edDSA, chance: simulation.chance("service key"))
        self.usersKey = .generate(.edDSA, chance: simulation.chance("users key"))
        var disks: [ServiceName: SimulatedDisk] = [:]
        var dooms: [ServiceName: Doom] = [:]
        var watches: [ServiceName: CommitWatch] = [:]
        for name in ServiceName.shop {
            let doom = Doom(name, simulation)
            dooms[name] = doom
            disks[name] = Self.disk(name, simulation, doom)
            watches[name] = CommitWatch(name, simulation)
        }
        self.disks = disks
        self.dooms = dooms
        self.watches = watches
    }

    private static func disk(_ name: ServiceName, _ simulation: Simulator, _ doom: Doom) -> SimulatedDisk {
        var configuration = SimulatedDisk.Configuration()
        configuration.seed = simulation.chance("disk/\(name)").next()
        return SimulatedDisk(configuration) { [unowned simulation] fault in
            if fault.kind == .powerLoss { return doom.strike() }
            return simulation.strikes("disk.\(name)", probability: 1, "\(fault)")
        }
    }

    // MARK: The machines

    func start() {
        self.stage.set(
            ShopPrograms(
                simulation: self.simulation, stage: self.stage, network: self.network, mix: self.mix,
                outside: self.outside, disks: self.disks, watches: self.watches, serviceKey: self.serviceKey,
                usersKey: self.usersKey
            ) { name, service, store in
                self.state.withLock { state in
                    state.services[name] = service
                    state.stores[name] = store
                }
            })
        let chance = self.simulation.chance("clocks")
        for name in ServiceName.shop {
            let node = self.node(name.rawValue, chance)
            guard let disk = self.disks[name], let watch = self.watches[name] else { continue }
            // The database that two machines share stands on a third one, which does not fail.
            if name != .transfers || !self.mix.hasSecondEngine { node.attach(Disk(disk, "\(name).sqlite", watch)) }
            self.start(node) { try await $0.runService(name, $1) }
        }
        self.start(self.node("gateway", chance)) { try await $0.runGateway($1) }
        if self.mix.hasSecondEngine {
            self.start(self.node("transfers-2", chance)) { try await $0.runSecondEngine($1) }
        }
    }

    private func start(
        _ node: SimulatedNode, _ body: @escaping @Sendable (ShopPrograms, SimulatedProcess) async throws -> Void,
    ) {
        let stage = self.stage
        node.start(onExit: .restart(after: .milliseconds(300))) { process in
            guard let programs = stage.programs else { throw CancellationError() }
            try await body(programs, process)
        }
    }

    /// Lets go of everything that runs of this shop could keep. What has been recorded stays.
    func close() {
        self.stage.clear()
        self.state.withLock { $0 = State() }
    }

    /// Lets a service's process end in the middle of its work: just before one of the next changes of its files.
    /// - Returns: whether it can: not where its disk is another machine's.
    func doom(_ machine: String, _ crash: Crash, beforeChange number: Int, downtime: Duration) -> Bool {
        let name = ServiceName(rawValue: machine)
        guard let disk = self.disks[name], name != .transfers || !self.mix.hasSecondEngine else { return false }
        self.dooms[name]?.arm(crash, downtime: downtime)
        disk.crash(beforeChange: number)
        return true
    }

    private func node(_ name: String, _ chance: Chance) -> SimulatedNode {
        let span = self.mix.skew.nanoseconds
        let skew = span == 0 ? 0 : Int64(chance.below(Int(2 * span))) - span
        return self.simulation.node(name, clock: ClockSettings(skew: .nanoseconds(skew)))
    }

    /// Waits until every service serves.
    func waitUntilOpen() async throws {
        let end = self.simulation.now + .seconds(600)
        while self.state.withLock({ $0.services.count }) < ServiceName.shop.count {
            if self.simulation.now > end { throw Client.NoAnswer(deed: "opening the shop") }
            try await self.simulation.time.sleep(for: .milliseconds(50))
        }
    }

    // MARK: What is seen

    var wallets: [UniqueID] { self.state.withLock(\.wallets) }
    var poison: Set<UniqueID> { self.state.withLock(\.poison) }
    func addPoison(_ event: UniqueID) { self.state.withLock { _ = $0.poison.insert(event) } }
    func addWallet(_ wallet: UniqueID) { self.state.withLock { $0.wallets.append(wallet) } }

    func store(_ name: ServiceName) -> ServiceStore? { self.state.withLock { $0.stores[name] } }
    func service(_ name: ServiceName) -> Service? { self.state.withLock { $0.services[name] } }

    /// Reads all databases, one after another.
    func books() async throws -> Books {
        var services: [ServiceName: ServiceBooks] = [:]
        for name in ServiceName.shop {
            guard let store = self.store(name), let watch = self.watches[name] else { continue }
            let moments = watch.moments()
            services[name] = try await store.read { try ServiceBooks(name, $0, moments: moments) }
        }
        return Books(services: services, outside: self.outside.snapshot)
    }

    /// What was on each wallet, and since when.
    var balances: [UniqueID: Timeline] { self.watches[.payments]?.balances ?? [:] }

    var thefts: Int { self.watches.values.reduce(0) { $0 + $1.thefts } }

    /// Calls a service as an operator's tool does.
    func administer(
        _ service: ServiceName, _ method: HTTPRequest.Method, _ path: String,
    ) async throws -> JSONValue {
        let driver = self.simulation.driver
        let credentials = try SignedServiceCredentials(
            service: "admin", key: self.serviceKey, ids: driver.ids, wallClock: driver.wallClock)
        let request = ServiceRequest(
            method, path, headers: [.authorization: "Bearer \(try credentials.token(for: service))"])
        let transport = NodeTransport(network: self.network, process: driver, simulation: self.simulation)
        let response = try await transport.call(
            service, request, deadline: Deadline(at: driver.time.now + .seconds(20)))
        return (try? JSONReader.parse(response.body)) ?? .null
    }

    var claims: Claims { Claims(promises: self.history.promises) }
}

extension Mix {
    var link: LinkSettings {
        var link = LinkSettings()
        link.delay = .exponential(mean: self.delay, maximum: .seconds(1))
        link.loss = self.loss
        link.duplication = self.duplication
        link.resetBefore = self.reset / 2
        link.resetAfter = self.reset / 2
        link.straggling = self.straggling
        link.straggle = Self.straggle
        return link
    }

    /// The ways on which more goes wrong than on the others.
    var worseLinks: [(from: String, to: String, link: LinkSettings)] {
        var links: [(from: String, to: String, link: LinkSettings)] = []
        if self.bookingLoss > 0 {
            var link = self.link
            link.resetBefore += self.bookingLoss
            links.append(("orders", "shipping", link))
        }
        if self.lateness > 0 {
            var link = self.link
            link.straggling = self.lateness
            links += [("orders", "inventory", link), ("orders", "payments", link), ("transfers", "payments", link)]
        }
        return links
    }
}

/// A disk as a machine has it: at a crash its open files are gone, and with the power what was not flushed.
private struct Disk: SimulatedDevice {
    let disk: SimulatedDisk
    let database: String
    let watch: CommitWatch

    init(_ disk: SimulatedDisk, _ database: String, _ watch: CommitWatch) {
        self.disk = disk
        self.database = database
        self.watch = watch
    }

    func processDidStart(_ process: SimulatedProcess) {}

    func processDidEnd(_ process: SimulatedProcess, _ crash: Crash) {
        switch crash {
        case .kill: self.disk.kill(self.database)
        case .power:
            self.disk.crash()
            self.watch.powerLost()
        }
    }
}
