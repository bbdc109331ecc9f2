import Essentials
import Objectives
import Testing

@Suite struct AlertTests {
    private func at(_ seconds: Int64) -> Tick { Tick(nanoseconds: seconds * 1_000_000_000) }

    @Test func `an alert waits before it fires and before it clears, and tells each once`() {
        var machine = AlertMachine(after: .seconds(60), clearAfter: .seconds(30))
        #expect(machine.evaluate(true, at: self.at(0)) == nil)
        #expect(machine.evaluate(true, at: self.at(59)) == nil)
        #expect(machine.state == .pending(since: self.at(0)))
        #expect(machine.evaluate(true, at: self.at(60)) == .fired)
        #expect(machine.evaluate(true, at: self.at(70)) == nil)
        #expect(machine.evaluate(false, at: self.at(80)) == nil)
        #expect(machine.state == .resolving(firingSince: self.at(60), since: self.at(80)))
        #expect(machine.isFiring)
        #expect(machine.evaluate(true, at: self.at(90)) == nil)
        #expect(machine.state == .firing(since: self.at(60)), "it has been firing all the time")
        #expect(machine.evaluate(false, at: self.at(100)) == nil)
        #expect(machine.evaluate(false, at: self.at(130)) == .cleared)
        #expect(machine.state == .inactive)
    }

    @Test func `a short trouble never fires and silence changes nothing`() {
        var machine = AlertMachine(after: .seconds(60))
        #expect(machine.evaluate(true, at: self.at(0)) == nil)
        #expect(machine.evaluate(nil, at: self.at(100)) == nil)
        #expect(machine.evaluate(false, at: self.at(101)) == nil)
        #expect(machine.evaluate(true, at: self.at(102)) == nil)
        #expect(machine.state == .pending(since: self.at(102)))
    }

    @Test(arguments: [
        (ThresholdRule.Quantity.latency, 1.0, 1.001), (.errors, 0.05, 0.051), (.availability, 0.999, 0.9989),
        (.pool, 0.8, 0.81),
    ])
    func `each rule of the brief fires once and clears once`(
        _ quantity: ThresholdRule.Quantity, _ good: Double, _ bad: Double
    ) {
        var alerts = ThresholdAlerts()
        var changes: [ThresholdAlerts.Change] = []
        for second in stride(from: Int64(0), to: 1_200, by: 30) {
            let value = (300..<600).contains(second) ? bad : good
            changes += alerts.evaluate(quantity, of: "payments", is: value, at: self.at(second))
            #expect(alerts.firing.count == ((300..<660).contains(second) ? 1 : 0), "\(second)")
        }
        #expect(changes.map(\.transition) == [.fired, .cleared])
        #expect(changes.allSatisfy { $0.subject == "payments" && $0.rule.quantity == quantity })
        #expect(changes.map(\.value) == [bad, good])
    }

    @Test func `subjects do not share their alerts and quiet ones take no place`() {
        var alerts = ThresholdAlerts(maximumSubjects: 2)
        for subject in 0..<50 {
            #expect(alerts.evaluate(.pool, of: "\(subject)", is: 0.1, at: self.at(0)).isEmpty)
        }
        for subject in ["a", "b", "c"] { _ = alerts.evaluate(.pool, of: subject, is: 0.9, at: self.at(0)) }
        #expect(alerts.firing.map(\.subject) == ["a", "b"])
    }
}
