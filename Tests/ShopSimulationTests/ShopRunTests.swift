import Simulation
import Testing

@testable import ShopSimulation

@Suite("The whole shop in the simulator", .timeLimit(.minutes(10))) struct ShopRunTests {
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `nothing is wrong when nothing goes wrong`(seed: UInt64) {
        var options = ShopRun.Options()
        options.isCalm = true
        let verdict = ShopRun(seed: seed, options: options).run()
        #expect(verdict.anomalies.isEmpty, "\(verdict.anomalies)")
        #expect(verdict.report.faults.isEmpty)
        #expect(verdict.answers.contains { $0.key.hasPrefix("order 201") })
    }

    @Test(arguments: 11...16 as ClosedRange<UInt64>)
    func `nothing is wrong when much goes wrong`(seed: UInt64) {
        let verdict = ShopRun(seed: seed).run()
        #expect(verdict.anomalies.isEmpty, "\(verdict.anomalies)")
        #expect(!verdict.report.faults.isEmpty)
    }

    @Test func `the same seed gives the same run, with and without its record`() {
        var options = ShopRun.Options()
        options.recordsTrace = true
        let recorded = ShopRun(seed: 5, options: options).run()
        let bare = ShopRun(seed: 5).run()
        #expect(recorded.report.digest == bare.report.digest)
        #expect(recorded.report.steps == bare.report.steps)
        #expect(!recorded.report.trace.isEmpty)
    }

    @Test func `leaving all faults out leaves none`() {
        var options = ShopRun.Options()
        options.faults = .only([])
        let verdict = ShopRun(seed: 14, options: options).run()
        #expect(verdict.report.faults.isEmpty)
        #expect(verdict.anomalies.isEmpty, "\(verdict.anomalies)")
    }
}
