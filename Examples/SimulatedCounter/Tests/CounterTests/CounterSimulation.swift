import Counter
import Essentials
import Simulation
import Synchronization
import Testing

/// A disk that holds what was appended before the power went.
final class Disk: Journal, SimulatedDevice {
    private let written = Mutex<[UniqueID]>([])
    var keys: [UniqueID] { self.written.withLock { $0 } }
    func append(_ key: UniqueID) { self.written.withLock { $0.append(key) } }
    func processDidStart(_ process: SimulatedProcess) {}
    func processDidEnd(_ process: SimulatedProcess, _ crash: Crash) {}
}

@Suite struct CounterSimulation {
    static func run(seed: UInt64, faults: FaultSelection = .all) -> SimulationReport {
        var configuration = Simulator.Configuration()
        configuration.faults = faults
        return Simulator(seed: seed, configuration: configuration).run { simulator in
            var link = LinkSettings()
            link.loss = 0.05
            link.duplication = 0.05
            link.resetAfter = 0.05
            let network = SimulatedNetwork<Increment, Int>(simulator, link: link)
            let disk = Disk()
            let node = simulator.node("counter")
            node.attach(disk)
            node.start { process in
                let counter = Counter(journal: disk)
                network.serve("counter", on: process) { counter.handle($0) }
                try await process.idle()
            }
            let mix = FaultMix.drawn(using: simulator.chance("mix"))
            simulator.apply(
                .drawn(mix, nodes: ["counter"], over: .seconds(30), using: simulator.chance("plan")), to: network)
            let client = CounterClient(time: simulator.time, ids: simulator.driver.ids) { request in
                let deadline = simulator.now + .seconds(1)
                return try await network.call(from: simulator.driver, to: "counter", request, deadline: deadline)
            }
            for _ in 0..<100 {
                _ = try await client.increment()
                try await simulator.time.sleep(for: .milliseconds(300))
            }
            simulator.sometimes("the counter crashed", (node.process?.number ?? 1) > 1)
            simulator.always(disk.keys.count == 100, "each increment counts once", "\(disk.keys.count) of 100")
        }
    }

    @Test func `whatever happens, each increment counts once`() {
        var sightings = Sightings()
        for seed in 0..<100 as Range<UInt64> {
            let report = Self.run(seed: seed)
            sightings.add(report)
            #expect(report.failure == nil, "seed \(seed): \(report.failure.map(\.description) ?? "")")
        }
        #expect(sightings.missing.isEmpty, "the simulation no longer reaches these")
    }
}
