import Essentials
import Simulation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct NetworkTests {
    @Test func `an answer comes back`() {
        let report = Simulator(seed: 3).run { simulator in
            let network = SimulatedNetwork<Int, Int>(simulator)
            let node = simulator.node("server")
            node.start { process in
                network.serve("double", on: process) { 2 * $0 }
                try await process.idle()
            }
            try await simulator.time.sleep(for: .milliseconds(1))
            let answer = try await network.call(
                from: simulator.driver, to: "double", 21, deadline: simulator.now + .seconds(10))
            simulator.always(answer == 42, "doubled", "\(answer)")
        }
        #expect(report.failure == nil)
        #expect(report.leakedTasks == 0)
    }
}
