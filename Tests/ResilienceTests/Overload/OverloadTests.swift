import Essentials
import Resilience
import Testing

/// The strategies are the real ones; the clock, the service, the callers and the people are simulated. Nothing here takes
/// real time but the arithmetic.
@Suite("Under overload", .timeLimit(.minutes(10)))
struct OverloadTests {
    /// After the trouble is over without protection next to nobody is served, and requests pile up: it never ends.
    private func expectCollapse(_ scenario: Scenario, after second: Double) {
        let outcome = scenario.play(.none)
        let late = outcome.summary(second..<scenario.length)
        #expect(late.share < 0.1, "without protection \(late)")
        #expect(outcome.recovery == nil)
        #expect(outcome.backlog > 1_000)
    }

    @Test func `three times the load leaves the default pipeline at full goodput, and it ends with its cause`() {
        let outcome = Scenario.step.play(.pipeline)
        #expect(outcome.useOfCapacity(10..<30) >= 0.9)
        #expect(outcome.summary(10..<30).p99.map { $0 < .seconds(2) } == true)
        #expect(outcome.recovery.map { $0 <= 1 } == true)
        #expect(outcome.summary(31..<60).share == 1)
        #expect(outcome.backlog == 0)
        self.expectCollapse(.step, after: 20)
    }

    @Test func `a retry storm dies down behind the default pipeline`() {
        let outcome = Scenario.storm.play(.pipeline)
        #expect(outcome.summary(11..<15).goodput >= 90)
        #expect(outcome.summary(10..<60).p99.map { $0 < .seconds(5) } == true)
        #expect(outcome.recovery.map { $0 <= 5 } == true)
        #expect(outcome.backlog == 0)
        self.expectCollapse(.storm, after: 16)
    }

    @Test func `a slow dependency is used as far as it goes, and no further`() {
        let outcome = Scenario.slow.play(.pipeline)
        #expect(outcome.useOfCapacity(10..<30) >= 0.9)
        #expect(outcome.summary(10..<30).p99.map { $0 < .seconds(5) } == true)
        #expect(outcome.recovery.map { $0 <= 2 } == true)
        #expect(outcome.backlog == 0)
        self.expectCollapse(.slow, after: 20)
    }

    @Test func `a recovering dependency is used as far as it has recovered, and not trampled`() {
        let outcome = Scenario.recovering.play(.pipeline)
        #expect(outcome.useOfCapacity(30..<120) >= 0.9)
        #expect(outcome.useOfCapacity(33..<50) >= 0.9)
        #expect(outcome.summary(33..<120).p99.map { $0 < .milliseconds(3_200) } == true)
        #expect(outcome.recovery.map { $0 <= 15 } == true)
        #expect(outcome.backlog == 0)
        self.expectCollapse(.recovering, after: 40)
    }

    @Test func `a breaker that waits for a minute leaves a recovered dependency idle, and then uses all of it`() {
        let outcome = Scenario.recovering.play(.patient)
        #expect(outcome.useOfCapacity(30..<70) < 0.5)
        #expect(outcome.summary(75..<120).share == 1)
        #expect(outcome.summary(75..<120).p99.map { $0 < .milliseconds(500) } == true)
        #expect(outcome.backlog == 0)
    }

    @Test(arguments: [Scenario.step, .storm, .slow, .recovering])
    func `a service that protects itself survives callers that do not`(_ scenario: Scenario) {
        let outcome = scenario.play(.edge)
        #expect(outcome.recovery.map { $0 <= 20 } == true)
        #expect(outcome.backlog == 0)
        let from = scenario.name == Scenario.recovering.name ? 33.0 : scenario.trouble.lowerBound
        let to = max(scenario.trouble.upperBound, from + 10)
        // Less than the pipeline: two layers search for the capacity that nobody told them.
        #expect(outcome.useOfCapacity(from..<to) >= 0.7)
    }

    @Test func `what is important is served while the rest is dropped`() {
        let outcome = Scenario.step.play(.edge)
        let shares = CallPriority.allCases.map { outcome.traffic.share(of: $0, in: 12..<30, patience: .seconds(3)) }
        #expect(shares[CallPriority.critical.rawValue] >= 0.95)
        #expect(shares[CallPriority.standard.rawValue] < 0.5)
        #expect(shares[CallPriority.background.rawValue] < 0.1)
    }

    @Test(arguments: Scenario.Protection.allCases)
    func `the same seed is the same run, and another seed is another one`(_ protection: Scenario.Protection) {
        var short = Scenario.step
        short.length = 14
        func run(_ seed: UInt64) -> [Traffic.Visit] { short.play(protection, seed: seed).traffic.all }
        #expect(run(3) == run(3))
        #expect(run(3) != run(4))
    }
}
