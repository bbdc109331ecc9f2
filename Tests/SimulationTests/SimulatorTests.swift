import Essentials
import Simulation
import Testing

@Suite(.timeLimit(.minutes(10))) struct SimulatorTests {
    @Test func `hours pass in no time, and the clock stands exactly where the sleeper asked`() {
        let report = Simulator(seed: 1).run { simulator in
            let start = simulator.time.now
            try await simulator.time.sleep(for: .seconds(3_600))
            let slept = simulator.time.now - start
            simulator.always(slept >= .seconds(3_600) && slept < .seconds(3_601), "slept an hour", "\(slept)")
        }
        #expect(report.failure == nil)
        #expect(report.simulated >= .seconds(3_600))
        #expect(report.steps < 10)
        #expect(report.leakedTasks == 0)
    }
}
