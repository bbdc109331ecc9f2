import Essentials
import Foundation
import Simulation
import Synchronization
import Testing

/// The same seed takes the same steps, in this process and in any other.
@Suite(.timeLimit(.minutes(10))) struct DeterminismTests {
    /// A replicated counter with everything on: crashes, pauses, cuts, loss, duplicates, retries.
    static func run(_ seed: UInt64, recordsTrace: Bool = false) -> SimulationReport {
        var configuration = Simulator.Configuration()
        configuration.recordsTrace = recordsTrace
        configuration.scheduling = seed.isMultiple(of: 2) ? .random : .prioritised(changeEvery: 50)
        return Simulator(seed: seed, configuration: configuration).run { simulator in
            var link = LinkSettings()
            link.loss = 0.05
            link.duplication = 0.05
            link.resetAfter = 0.05
            let network = SimulatedNetwork<UniqueID, Int>(simulator, link: link)
            let nodes = ["a", "b", "c"]
            for name in nodes {
                simulator.node(name).start { process in
                    let seen = Mutex<Set<UniqueID>>([])
                    network.serve(name, on: process) { id in
                        try await process.time.sleep(for: .milliseconds(process.chance.below(20)))
                        return seen.withLock {
                            $0.insert(id); return $0.count
                        }
                    }
                    try await process.idle()
                }
            }
            let mix = FaultMix.drawn(using: simulator.chance("mix"))
            let plan = FaultPlan.drawn(mix, nodes: nodes, over: .seconds(20), using: simulator.chance("plan"))
            simulator.apply(plan, to: network)
            await withDiscardingTaskGroup { group in
                for client in 0..<5 {
                    group.addTask { await Self.client(client, simulator, network, nodes) }
                }
            }
        }
    }

    private static func client(
        _ number: Int, _ simulator: Simulator, _ network: SimulatedNetwork<UniqueID, Int>, _ nodes: [String],
    ) async {
        let chance = simulator.chance("client \(number)")
        let process = simulator.driver
        for _ in 0..<20 {
            let id = process.ids.next()
            let node = nodes[chance.below(nodes.count)]
            let answer = try? await network.call(
                from: process, to: node, id, deadline: process.time.now + .milliseconds(500))
            simulator.trace("client \(number): \(node) said \(answer.map(String.init) ?? "nothing") to \(id)")
            try? await process.time.sleep(for: .milliseconds(chance.below(1_000)))
        }
    }

    @Test func `twice in one process`() {
        let digests = (0..<30 as Range<UInt64>).map { Self.run($0).digest }
        #expect(digests == (0..<30 as Range<UInt64>).map { Self.run($0).digest })
        #expect(Set(digests).count == 30)
        #expect(Self.run(3).failure == nil)
        #expect(Self.run(3, recordsTrace: true).digest == Self.run(3).digest)
    }

    @Test func `in two processes with hash seeds of their own`() async throws {
        let one = try await Self.digestsOfAnotherProcess()
        let two = try await Self.digestsOfAnotherProcess()
        #expect(one.digests == two.digests)
        #expect(one.digests.count == 30)
        #expect(one.hash != two.hash, "the processes hash the same way: the test shows nothing")
        #expect(one.digests == (0..<30 as Range<UInt64>).map { "\(Self.run($0).digest)" })
    }

    private static func digestsOfAnotherProcess() async throws -> (digests: [String], hash: String) {
        let result = try await #require(
            processExitsWith: .success, observing: [\.standardOutputContent]
        ) {
            for seed in 0..<30 as Range<UInt64> { print("digest \(seed) \(Self.run(seed).digest)") }
            print("hash 0 \("a text".hashValue)")
        }
        let lines = String(decoding: result.standardOutputContent, as: UTF8.self).split(separator: "\n")
        func words(_ kind: String) -> [String] {
            lines.map { $0.split(separator: " ") }.filter { $0.first == Substring(kind) }.map { String($0[2]) }
        }
        return (words("digest"), try #require(words("hash").first))
    }
}
