import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The rules of the circuit breaker")
struct CircuitBreakerRulesTests {
    typealias Machine = CircuitBreaker.StateMachine

    static func end(_ machine: inout Machine, _ outcome: Machine.Outcome, slow: Bool = false, at tick: Tick) throws {
        let permit = try CircuitBreakerStateMachineTests.permit(machine.admit(at: tick))
        machine.record(outcome, slow: slow, of: permit, at: tick)
    }

    @Test func `half of twenty calls opens it, and of nineteen does not`() throws {
        var machine = Machine(.failureRate)
        for _ in 0..<9 { try Self.end(&machine, .success, at: .seconds(0)) }
        for _ in 0..<10 { try Self.end(&machine, .failure, at: .seconds(0)) }
        #expect(machine.phase == .closed)
        try Self.end(&machine, .failure, at: .seconds(0))
        #expect(
            machine.admit(at: .seconds(1))
                == .rejectOpen(.failureRate(percent: 55, calls: 20), retryAfter: .seconds(59)))
    }

    @Test func `just below the rate it stays closed`() throws {
        var machine = Machine(.failureRate)
        for _ in 0..<11 { try Self.end(&machine, .success, at: .seconds(0)) }
        for _ in 0..<10 { try Self.end(&machine, .failure, at: .seconds(0)) }
        #expect(machine.phase == .closed)
        try Self.end(&machine, .failure, at: .seconds(0))
        #expect(machine.phase == .open)
    }

    @Test func `slow calls open it though they succeed`() throws {
        var configuration = CircuitBreaker.Configuration()
        configuration.slowCalls = .init(of: .seconds(1), .init(0.5, minimumVolume: 4))
        var machine = Machine(configuration)
        try Self.end(&machine, .success, at: .seconds(0))
        try Self.end(&machine, .success, at: .seconds(0))
        try Self.end(&machine, .success, slow: true, at: .seconds(0))
        #expect(machine.phase == .closed)
        try Self.end(&machine, .success, slow: true, at: .seconds(0))
        #expect(
            machine.admit(at: .seconds(0))
                == .rejectOpen(.slowCallRate(percent: 50, calls: 4), retryAfter: .seconds(60)))
        let probe = try CircuitBreakerStateMachineTests.permit(machine.admit(at: .seconds(60)))
        machine.record(.success, slow: true, of: probe, at: .seconds(62))
        #expect(machine.phase == .open)
    }

    @Test func `in a window of calls a failure is forgotten by calls and not by time`() throws {
        var configuration = CircuitBreaker.Configuration()
        configuration.countWindow = 10
        configuration.failureThreshold = 3
        var machine = Machine(configuration)
        try Self.end(&machine, .failure, at: .seconds(0))
        try Self.end(&machine, .failure, at: .seconds(1_000))
        for _ in 0..<9 { try Self.end(&machine, .success, at: .seconds(2_000)) }
        #expect(machine.status(at: .seconds(2_000)) == .closed(recentFailures: 1))
        try Self.end(&machine, .failure, at: .seconds(3_000))
        #expect(machine.phase == .closed)
        try Self.end(&machine, .failure, at: .seconds(3_000))
        #expect(machine.status(at: .seconds(3_000)) == .closed(recentFailures: 2))
        try Self.end(&machine, .failure, at: .seconds(9_000))
        #expect(machine.phase == .open)
    }

    @Test func `what an operator does holds until it is taken back`() throws {
        var machine = Machine(CircuitBreaker.Configuration())
        machine.isolate()
        #expect(machine.admit(at: .seconds(0)) == .rejectIsolated)
        machine.observeOnly()
        for _ in 0..<20 { try Self.end(&machine, .failure, at: .seconds(1)) }
        #expect(machine.status(at: .seconds(1)) == .metricsOnly(recentFailures: 5))
        machine.open(until: .seconds(100), at: .seconds(1))
        #expect(machine.admit(at: .seconds(99)) == .rejectOpen(.operated, retryAfter: .seconds(1)))
        try Self.end(&machine, .success, at: .seconds(100))
        #expect(machine.phase == .halfOpen)
        machine.reset()
        #expect(machine.status(at: .seconds(100)) == .closed(recentFailures: 0))
    }

    @Test func `an answer from before an operator's hand is late`() throws {
        var machine = Machine(CircuitBreaker.Configuration())
        let permit = try CircuitBreakerStateMachineTests.permit(machine.admit(at: .seconds(0)))
        machine.isolate()
        machine.record(.failure, of: permit, at: .seconds(1))
        #expect(machine.phase == .isolated)
    }

    @Test func `other settings leave the state and the failures as they are`() throws {
        var machine = Machine(CircuitBreaker.Configuration())
        for _ in 0..<3 { try Self.end(&machine, .failure, at: .seconds(0)) }
        var configuration = CircuitBreaker.Configuration()
        configuration.failureThreshold = 4
        machine.reconfigure(configuration)
        #expect(machine.status(at: .seconds(0)) == .closed(recentFailures: 3))
        try Self.end(&machine, .failure, at: .seconds(1))
        #expect(machine.phase == .open)
    }

    /// All calls of the era, for ever.
    struct NaiveRates {
        var rules: CircuitBreaker.Configuration
        var calls: [(slice: Int64, failed: Bool, slow: Bool)] = []

        func opens(at slice: Int64) -> Bool {
            let recent = self.calls.filter { $0.slice > slice - 10 }
            let (failed, slow) = (recent.count { $0.failed }, recent.count { $0.slow })
            let last = self.calls[self.calls.count - 1]
            if let rule = self.rules.failureRate, last.failed, recent.count >= rule.minimumVolume,
                Double(failed) >= rule.threshold * Double(recent.count)
            {
                return true
            }
            guard let rule = self.rules.slowCalls?.rate, slow > 0, recent.count >= rule.minimumVolume else {
                return false
            }
            return Double(slow) >= rule.threshold * Double(recent.count)
        }
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `rates agree with a naive model over any sequence of events`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var rules = CircuitBreaker.Configuration.failureRate
        rules.failureRate = .init(0.25, minimumVolume: Int.random(in: 1...10, using: &generator))
        rules.slowCalls = .init(of: .seconds(1), .init(0.5, minimumVolume: Int.random(in: 1...10, using: &generator)))
        rules.successThreshold = 1
        var machine = Machine(rules)
        var model = NaiveRates(rules: rules)
        var now = Tick.seconds(0)
        for _ in 0..<2_000 {
            now = now + .milliseconds(Int.random(in: 0...800, using: &generator))
            let failed = Int.random(in: 0..<10, using: &generator) < 2
            let slow = Int.random(in: 0..<10, using: &generator) < 2
            try Self.end(&machine, failed ? .failure : .success, slow: slow, at: now)
            let slice = now.nanoseconds / 1_000_000_000
            model.calls.append((slice, failed, slow))
            let opens = model.opens(at: slice)
            #expect((machine.phase == .open) == opens)
            if machine.phase == .open {
                now = now + .seconds(60)
                try Self.end(&machine, .success, at: now)
                model.calls = []
                #expect(machine.phase == .closed)
            }
        }
    }
}
