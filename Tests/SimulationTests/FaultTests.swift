import Essentials
import Simulation
import Synchronization
import Testing

/// Faults follow from the seed, are recorded, and can be left out of a replay.
@Suite(.timeLimit(.minutes(10))) struct FaultTests {
    @Test func `a fault has a name that can be written down and read again`() {
        let id = FaultID(site: "network.reset.after", ordinal: 12)
        #expect("\(id)" == "network.reset.after#12")
        #expect(FaultID("network.reset.after#12") == id)
        #expect(FaultID("network.loss") == nil)
        #expect(FaultID("a#b") == nil)
    }

    private func struck(_ faults: FaultSelection, seed: UInt64 = 4) -> SimulationReport {
        var configuration = Simulator.Configuration()
        configuration.faults = faults
        return Simulator(seed: seed, configuration: configuration).run { simulator in
            for _ in 0..<1_000 {
                _ = simulator.strikes("rare", probability: 0.01, "now")
                _ = simulator.strikes("common", probability: 0.5)
                _ = simulator.strikes("never", probability: 0)
                _ = simulator.strikes("certain", probability: 1)
            }
        }
    }

    @Test func `faults strike as often as asked`() {
        let counts = Dictionary(grouping: self.struck(.all).faults, by: \.id.site).mapValues(\.count)
        #expect((2...25).contains(counts["rare"] ?? 0))
        #expect((440...560).contains(counts["common"] ?? 0))
        #expect(counts["never"] == nil)
        #expect(counts["certain"] == 1_000)
        #expect(self.struck(.all, seed: 5).faults != self.struck(.all).faults)
        #expect(self.struck(.all).faults == self.struck(.all).faults)
    }

    @Test func `a replay with some of them strikes with those alone, in the same places`() {
        let rare = self.struck(.all).faults.filter { $0.id.site == "rare" }
        #expect(self.struck(.only(Set(rare.map(\.id)))).faults == rare)
        #expect(self.struck(.none).faults.isEmpty)
    }

    @Test func `shrinking finds the faults that matter`() {
        let all = (1...200).map { FaultID(site: "x", ordinal: $0) }
        let guilty: Set = [all[3], all[90], all[177]]
        var runs = 0
        let smallest = Shrinking.smallest(all) { candidate in
            runs += 1
            return guilty.isSubset(of: candidate)
        }
        #expect(Set(smallest) == guilty)
        #expect(runs < 200)
        #expect(Shrinking.smallest(all) { _ in true } == [])
        #expect(Shrinking.smallest([]) { _ in true } == [])
        #expect(Shrinking.smallest(all) { $0.contains(all[0]) || $0.contains(all[9]) }.count == 1)
        let early = Shrinking.smallest(all, maximumRuns: 20) { guilty.isSubset(of: $0) }
        #expect(guilty.isSubset(of: early) && early.count > 3 && early.count < 200)
    }

    @Test func `plans follow from the seed, and mixes differ between seeds`() {
        func plan(_ seed: UInt64) -> FaultPlan {
            let mix = FaultMix.drawn(custom: ["disk.full"], using: Chance(seed: seed))
            return .drawn(mix, nodes: ["a", "b", "c"], over: .seconds(60), using: Chance(seed: seed))
        }
        #expect(plan(1) == plan(1))
        let plans = (0..<200 as Range<UInt64>).map(plan)
        #expect(Set(plans).count > 190)
        func without(_ site: String) -> Int { plans.count { !$0.faults.contains { $0.id.site == "plan." + site } } }
        for site in ["kill", "power", "pause", "partition", "clock", "disk.full"] {
            #expect((35...100).contains(without(site)), "\(site) \(without(site))")
        }
        for plan in plans {
            #expect(plan.faults.allSatisfy { $0.at >= .zero && $0.at < .seconds(60) })
            #expect(plan.faults.map(\.at) == plan.faults.map(\.at).sorted())
            #expect(Set(plan.faults.map(\.id)).count == plan.faults.count)
            #expect(plan.end >= plan.faults.last?.at ?? .zero)
        }
    }

    private func planned(_ faults: FaultSelection = .all) -> SimulationReport {
        var configuration = Simulator.Configuration()
        configuration.faults = faults
        return Simulator(seed: 11, configuration: configuration).run { simulator in
            let network = SimulatedNetwork<Int, Int>(simulator)
            for name in ["a", "b", "c"] {
                simulator.node(name).start { process in
                    network.serve(name, on: process) { $0 + 1 }
                    while true { try await process.time.sleep(for: .milliseconds(20)) }
                }
            }
            var mix = FaultMix()
            mix.kills = 3
            mix.powerCuts = 3
            mix.pauses = 3
            mix.partitions = 3
            mix.clockJumps = 3
            mix.custom = [.init("disk", count: 2)]
            let plan = FaultPlan.drawn(
                mix, nodes: ["a", "b", "c"], over: .seconds(60), using: simulator.chance("plan"))
            simulator.apply(plan, to: network) { fault in
                if case .custom("disk", _) = fault.kind { simulator.sometimes("disk") }
            }
            try await simulator.time.sleep(for: .seconds(240))
            for name in ["a", "b", "c"] {
                simulator.always(simulator.node(name).isRunning, "everything is up again", name)
                let answer = try await network.call(
                    from: simulator.driver, to: name, 1, deadline: simulator.now + .seconds(10))
                simulator.always(answer == 2, "it answers")
            }
        }
    }

    @Test func `a plan is carried out, recorded, and over in the end`() {
        let report = self.planned()
        #expect(report.failure == nil)
        #expect(report.sightings["disk"] == 2)
        let counts = Dictionary(grouping: report.faults, by: \.id.site).mapValues(\.count)
        #expect(counts["plan.kill", default: 0] + counts["plan.power", default: 0] >= 4)
        #expect(counts["plan.partition"] == 3)
        #expect(counts["plan.disk"] == 2)
        #expect(report.digest == self.planned().digest)
        #expect(self.planned(.none).faults.isEmpty)
    }

    @Test func `a run's failure is shrunk to the two faults that cause it`() {
        func run(_ faults: FaultSelection) -> SimulationReport {
            var configuration = Simulator.Configuration()
            configuration.faults = faults
            return Simulator(seed: 3, configuration: configuration).run { simulator in
                var left = 0, right = 0
                for _ in 0..<100 {
                    try await simulator.time.sleep(for: .seconds(1))
                    if simulator.strikes("left", probability: 0.2) { left += 1 }
                    if simulator.strikes("right", probability: 0.2) { right += 1 }
                    _ = simulator.strikes("noise", probability: 0.5)
                    simulator.always(left == 0 || right == 0, "never both")
                }
            }
        }
        let first = run(.all)
        #expect(first.failure?.name == "never both")
        let smallest = Shrinking.smallest(first.faults.map(\.id)) { run(.only($0)).failure?.name == "never both" }
        #expect(smallest.map(\.site).sorted() == ["left", "right"])
        #expect(run(.only(Set(smallest))).failure?.name == "never both")
    }
}
