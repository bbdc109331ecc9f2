import Essentials
import GatewayCore
import Testing

/// Two versions under load, as numbers.
private struct Traffic {
    var generator: SeededGenerator
    var perSecond = 200
    /// Of requests that fail, by version; blue is the old one.
    var failures: [ReleaseMachine.Colour: Double] = [.blue: 0.002, .green: 0.002]
    /// Mean latency in milliseconds, exponentially distributed around half of it.
    var latency: [ReleaseMachine.Colour: Double] = [.blue: 20, .green: 20]

    init(seed: UInt64) { self.generator = SeededGenerator(seed: seed) }

    private mutating func fraction() -> Double { Double(self.generator.next() >> 11) * 0x1p-53 }

    /// What a second brings.
    mutating func second(to machine: inout ReleaseMachine) {
        for _ in 0..<self.perSecond {
            let isGreen = self.fraction() * 100 < Double(machine.percent(of: .green))
            let colour: ReleaseMachine.Colour = isGreen ? .green : .blue
            let isSuccess = self.fraction() >= self.failures[colour] ?? 0
            let mean = self.latency[colour] ?? 0
            let took = mean * (0.5 + 0.5 * -Self.logarithm(max(1e-9, 1 - self.fraction())))
            machine.record(colour, isSuccess: isSuccess, took: .microseconds(Int(took * 1_000)))
        }
    }

    /// The natural one, by the series of the inverse hyperbolic tangent.
    private static func logarithm(_ value: Double) -> Double {
        let mantissa = value.significand
        let ratio = (mantissa - 1) / (mantissa + 1)
        var (term, sum) = (ratio, 0.0)
        for power in stride(from: 1.0, to: 60, by: 2) {
            sum += term / power
            term *= ratio * ratio
        }
        return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
    }
}

@Suite("A release")
struct ReleaseMachineTests {
    private func tick(_ seconds: Int) -> Tick { Tick(nanoseconds: Int64(seconds) * 1_000_000_000) }

    /// Begins a release and lets all gates pass.
    private func shifting(_ configuration: ReleaseMachine.Configuration = .init()) throws -> ReleaseMachine {
        var machine = ReleaseMachine(configuration)
        #expect(try machine.begin(at: self.tick(0)) == .prepare([.healthy, .warm, .smoke]))
        #expect(machine.gate(.warm, failure: nil, at: self.tick(0)) == .none)
        #expect(machine.gate(.healthy, failure: nil, at: self.tick(0)) == .none)
        #expect(machine.gate(.smoke, failure: nil, at: self.tick(0)) == .shift(percent: 10))
        return machine
    }

    @Test func `no traffic moves before every gate has passed`() throws {
        var machine = ReleaseMachine()
        _ = try machine.begin(at: self.tick(0))
        for gate in [ReleaseMachine.Gate.healthy, .smoke, .healthy] {
            #expect(machine.gate(gate, failure: nil, at: self.tick(1)) == .none)
            #expect(machine.percent(of: .green) == 0)
        }
        #expect(machine.state == .preparing(open: [.warm], since: self.tick(0)))
        #expect(machine.gate(.warm, failure: nil, at: self.tick(1)) == .shift(percent: 10))
        #expect(machine.percent(of: .green) == 10)
        #expect(machine.percent(of: .blue) == 90)
    }

    @Test(arguments: ReleaseMachine.Gate.allCases)
    func `a gate that fails ends the release, and its reason is kept`(_ gate: ReleaseMachine.Gate) throws {
        var machine = ReleaseMachine()
        _ = try machine.begin(at: self.tick(0))
        #expect(
            machine.gate(gate, failure: "h2 is down", at: self.tick(1))
                == .rollBack("gate \(gate.rawValue): h2 is down"))
        #expect(machine.state == .stable)
        #expect(machine.active == .blue)
        #expect(machine.lastRollback == "gate \(gate.rawValue): h2 is down")
        // Late answers of a release that is over.
        #expect(machine.gate(.warm, failure: nil, at: self.tick(2)) == .none)
    }

    @Test func `a gate that does not answer in time ends the release`() throws {
        var machine = ReleaseMachine()
        _ = try machine.begin(at: self.tick(0))
        _ = machine.gate(.warm, failure: nil, at: self.tick(1))
        #expect(machine.tick(at: self.tick(299)) == .none)
        #expect(machine.tick(at: self.tick(300)) == .rollBack("no answer in time from gate healthy, smoke-tests"))
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a version that is as good gets 10, 50 and 100 percent, and is then the active one`(_ seed: UInt64) throws {
        var machine = try self.shifting()
        var traffic = Traffic(seed: seed)
        var actions: [ReleaseMachine.Action] = []
        for second in 1...100 {
            traffic.second(to: &machine)
            let action = machine.tick(at: self.tick(second))
            if action != .none { actions.append(action) }
        }
        #expect(actions == [.shift(percent: 50), .shift(percent: 100), .finish])
        #expect(machine.active == .green)
        #expect(machine.percent(of: .green) == 100)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a version that fails is rolled back within five seconds of its first traffic`(_ seed: UInt64) throws {
        var machine = try self.shifting()
        var traffic = Traffic(seed: seed)
        traffic.failures[.green] = 0.3
        let rolledBack = (1...100).first { second in
            traffic.second(to: &machine)
            if case .rollBack = machine.tick(at: self.tick(second)) { return true }
            return false
        }
        #expect(try #require(rolledBack) <= 5)
        #expect(machine.percent(of: .blue) == 100)
        #expect(machine.active == .blue)
    }

    @Test(arguments: [2, 40, 70], 0..<10 as Range<UInt64>)
    func `a version that goes bad in any step is rolled back within five seconds`(_ begin: Int, _ seed: UInt64) throws {
        var machine = try self.shifting()
        var traffic = Traffic(seed: seed)
        let rolledBack = (1...120).first { second in
            if second == begin { traffic.failures[.green] = 0.8 }
            traffic.second(to: &machine)
            if case .rollBack = machine.tick(at: self.tick(second)) { return true }
            return false
        }
        #expect(try #require(rolledBack) - begin <= 5)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a version that is twice as slow is rolled back`(_ seed: UInt64) throws {
        var machine = try self.shifting()
        var traffic = Traffic(seed: seed)
        traffic.latency[.green] = 40
        let rolledBack = (1...30).first { second in
            traffic.second(to: &machine)
            if case .rollBack(let reason) = machine.tick(at: self.tick(second)) {
                return reason.contains(" ms against ")
            }
            return false
        }
        #expect(try #require(rolledBack) <= 30)
    }

    @Test func `a version that fails as the old one does stays: the cause lies elsewhere`() throws {
        var machine = try self.shifting()
        var traffic = Traffic(seed: 3)
        traffic.failures = [.blue: 0.2, .green: 0.2]
        for second in 1...100 {
            traffic.second(to: &machine)
            if case .rollBack(let reason) = machine.tick(at: self.tick(second)) { Issue.record("\(reason)") }
        }
        #expect(machine.active == .green)
    }

    @Test func `without traffic nothing is proven and nothing moves`() throws {
        var machine = try self.shifting()
        for second in 1...3_600 { #expect(machine.tick(at: self.tick(second)) == .none) }
        #expect(machine.percent(of: .green) == 10)
    }

    @Test func `an operator takes everything back at once, and begins again`() throws {
        var machine = try self.shifting()
        #expect(throws: ReleaseMachine.Refusal.underWay) { try machine.begin(at: self.tick(1)) }
        #expect(try machine.abort() == .rollBack("told so"))
        #expect(machine.percent(of: .blue) == 100)
        #expect(throws: ReleaseMachine.Refusal.notUnderWay) { try machine.abort() }
        #expect(try machine.begin(at: self.tick(2)) == .prepare([.healthy, .warm, .smoke]))
    }

    @Test func `50 switches in a row alternate between the colours`() throws {
        var configuration = ReleaseMachine.Configuration()
        configuration.gates = []
        configuration.hold = .seconds(5)
        var machine = ReleaseMachine(configuration)
        var traffic = Traffic(seed: 1)
        var second = 0
        for number in 0..<50 {
            #expect(machine.active == (number.isMultiple(of: 2) ? .blue : .green))
            #expect(try machine.begin(at: self.tick(second)) == .shift(percent: 10))
            var action = ReleaseMachine.Action.none
            while action != .finish, second < 100_000 {
                second += 1
                traffic.second(to: &machine)
                action = machine.tick(at: self.tick(second))
                if case .rollBack(let reason) = action { Issue.record("switch \(number): \(reason)") }
            }
        }
        #expect(machine.active == .blue)
    }

    @Test func `whatever happens, shares add up to 100 and only steps are taken`() {
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var machine = ReleaseMachine()
            for step in 0..<300 {
                let now = self.tick(step * 3)
                switch generator.next() % 6 {
                case 0: _ = try? machine.begin(at: now)
                case 1:
                    let gate = ReleaseMachine.Gate.allCases[Int(generator.next() % 3)]
                    _ = machine.gate(gate, failure: generator.next() % 20 == 0 ? "x" : nil, at: now)
                case 2: if generator.next() % 30 == 0 { _ = try? machine.abort() }
                case 3: _ = machine.tick(at: now)
                default:
                    for _ in 0..<50 {
                        machine.record(
                            generator.next() % 2 == 0 ? .blue : .green, isSuccess: generator.next() % 10 != 0,
                            took: .milliseconds(Int64(generator.next() % 100)))
                    }
                }
                #expect(machine.percent(of: .blue) + machine.percent(of: .green) == 100)
                #expect([0, 10, 50, 100].contains(machine.percent(of: machine.active.other)))
            }
        }
    }
}

@Suite("Latency in buckets")
struct LatencyHistogramTests {
    @Test func `a quantile is right within a fifth`() {
        var histogram = LatencyHistogram()
        for milliseconds in 1...1_000 { histogram.record(.milliseconds(milliseconds)) }
        for quantile in [0.01, 0.5, 0.95, 0.99, 1] {
            let found = histogram.quantile(quantile).fractionalSeconds * 1_000
            #expect(found >= quantile * 1_000 * 0.999)
            #expect(found <= quantile * 1_000 * 1.2)
        }
        #expect(LatencyHistogram().quantile(0.5) == .zero)
    }

    @Test func `equal distributions lie near zero deviations, shifted ones far above`() {
        var generator = SeededGenerator(seed: 2)
        var (one, two, slow) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for _ in 0..<1_000 {
            one.record(.microseconds(Int(generator.next() % 20_000)))
            two.record(.microseconds(Int(generator.next() % 20_000)))
            slow.record(.microseconds(Int(generator.next() % 20_000) + 4_000))
        }
        #expect(abs(two.excess(over: one)) < 3)
        #expect(slow.excess(over: one) > 8)
        #expect(abs(slow.excess(over: one) + one.excess(over: slow)) < 1e-6)
        #expect(LatencyHistogram().excess(over: one) == 0)
    }
}
