import Essentials
import Resilience
import Testing

@Suite("The circuit breaker decides")
struct CircuitBreakerStateMachineTests {
    typealias Machine = CircuitBreaker.StateMachine

    static func permit(_ admission: Machine.Admission) throws -> Machine.Permit {
        switch admission {
        case .proceed(let permit), .probe(let permit): return permit
        case .rejectOpen, .rejectProbing, .rejectIsolated: throw Failure()
        }
    }

    /// A breaker that `failures` failures at `tick` have hit.
    static func machine(failures: Int, at tick: Tick) throws -> Machine {
        var machine = Machine(CircuitBreaker.Configuration())
        for _ in 0..<failures {
            let permit = try self.permit(machine.admit(at: tick))
            machine.record(.failure, of: permit, at: tick)
        }
        return machine
    }

    @Test func `the fifth failure opens it and the fourth does not`() throws {
        #expect(try Self.machine(failures: 4, at: .seconds(0)).status(at: .seconds(0)) == .closed(recentFailures: 4))
        #expect(
            try Self.machine(failures: 5, at: .seconds(0)).status(at: .seconds(0)) == .open(remaining: .seconds(60)))
    }

    @Test func `a failure is forgotten when the monitoring period is over, not before`() throws {
        var early = try Self.machine(failures: 4, at: .seconds(0))
        var late = early
        let beforeEnd = Tick(nanoseconds: 9_999_999_999)
        early.record(.failure, of: try Self.permit(early.admit(at: beforeEnd)), at: beforeEnd)
        #expect(early.status(at: beforeEnd).name == "OPEN")
        late.record(.failure, of: try Self.permit(late.admit(at: .seconds(10))), at: .seconds(10))
        #expect(late.status(at: .seconds(10)) == .closed(recentFailures: 1))
    }

    @Test func `successes between failures do not forgive them`() throws {
        var machine = try Self.machine(failures: 4, at: .seconds(0))
        machine.record(.success, of: try Self.permit(machine.admit(at: .seconds(1))), at: .seconds(1))
        machine.record(.failure, of: try Self.permit(machine.admit(at: .seconds(2))), at: .seconds(2))
        #expect(machine.status(at: .seconds(2)).name == "OPEN")
    }

    @Test func `open, it refuses until the recovery time is over and says how long`() throws {
        var machine = try Self.machine(failures: 5, at: .seconds(0))
        #expect(
            machine.admit(at: .seconds(1)) == .rejectOpen(.failures(5, within: .seconds(10)), retryAfter: .seconds(59)))
        let beforeEnd = Tick(nanoseconds: 59_999_999_999)
        #expect(
            machine.admit(at: beforeEnd) == .rejectOpen(.failures(5, within: .seconds(10)), retryAfter: .nanoseconds(1))
        )
        _ = try Self.permit(machine.admit(at: .seconds(60)))
        #expect(machine.status(at: .seconds(60)) == .halfOpen(running: 1, successes: 0))
    }

    @Test func `half-open, only the permitted number of probes run at one time`() throws {
        var machine = try Self.machine(failures: 5, at: .seconds(0))
        let probe = try Self.permit(machine.admit(at: .seconds(60)))
        #expect(machine.admit(at: .seconds(60)) == .rejectProbing(running: 1, limit: 1))
        machine.record(.success, of: probe, at: .seconds(61))
        _ = try Self.permit(machine.admit(at: .seconds(61)))
    }

    @Test func `three successes close it`() throws {
        var machine = try Self.machine(failures: 5, at: .seconds(0))
        for second in 60..<63 {
            #expect(machine.status(at: .seconds(Double(second))).name != "CLOSED")
            let probe = try Self.permit(machine.admit(at: .seconds(Double(second))))
            machine.record(.success, of: probe, at: .seconds(Double(second)))
        }
        #expect(machine.status(at: .seconds(63)) == .closed(recentFailures: 0))
    }

    @Test func `success, success, failure opens it again for the whole recovery time`() throws {
        var machine = try Self.machine(failures: 5, at: .seconds(0))
        for outcome in [Machine.Outcome.success, .success, .failure] {
            machine.record(outcome, of: try Self.permit(machine.admit(at: .seconds(60))), at: .seconds(61))
        }
        #expect(machine.status(at: .seconds(61)) == .open(remaining: .seconds(60)))
        #expect(machine.admit(at: .seconds(62)) == .rejectOpen(.probeFailed, retryAfter: .seconds(59)))
    }

    @Test func `a cancelled probe gives its permit back and counts as nothing`() throws {
        var machine = try Self.machine(failures: 5, at: .seconds(0))
        machine.record(.nothing, of: try Self.permit(machine.admit(at: .seconds(60))), at: .seconds(60))
        #expect(machine.status(at: .seconds(60)) == .halfOpen(running: 0, successes: 0))
        _ = try Self.permit(machine.admit(at: .seconds(60)))
    }

    @Test(arguments: Machine.Outcome.allCases)
    func `a late answer from before the trip is not counted`(outcome: Machine.Outcome) throws {
        var machine = try Self.machine(failures: 4, at: .seconds(0))
        let slow = try Self.permit(machine.admit(at: .seconds(0)))
        machine.record(.failure, of: try Self.permit(machine.admit(at: .seconds(0))), at: .seconds(0))
        machine.record(outcome, of: slow, at: .seconds(1))
        #expect(machine.status(at: .seconds(1)) == .open(remaining: .seconds(59)))
        _ = try Self.permit(machine.admit(at: .seconds(60)))
        machine.record(outcome, of: slow, at: .seconds(61))
        #expect(machine.status(at: .seconds(61)) == .halfOpen(running: 1, successes: 0))
    }

    @Test func `ticks that arrive out of order do not move time back`() throws {
        var machine = try Self.machine(failures: 4, at: .seconds(20))
        machine.record(.failure, of: try Self.permit(machine.admit(at: .seconds(5))), at: .seconds(5))
        #expect(machine.status(at: .seconds(5)) == .open(remaining: .seconds(60)))
    }

    /// Keeps every failure for ever and counts anew each time.
    struct NaiveBreaker {
        var rules = CircuitBreaker.Configuration()
        var failures: [Tick] = []
        var openedAt: Tick?
        var probing = false
        var era = 0
        var running: [Int] = []
        var successes = 0

        mutating func admit(_ now: Tick) -> Int? {
            if let openedAt, !self.probing {
                guard now - openedAt >= self.rules.recoveryTime else { return nil }
                self.probing = true
                self.era += 1
                self.running = []
                self.successes = 0
            }
            if self.probing {
                guard self.running.count < self.rules.probeLimit else { return nil }
                self.running.append(self.era)
            }
            return self.era
        }

        mutating func record(_ outcome: Machine.Outcome, _ era: Int, _ now: Tick) {
            guard era == self.era else { return }
            if self.probing {
                self.running.removeLast()
                switch outcome {
                case .failure: self.trip(now)
                case .success:
                    self.successes += 1
                    if self.successes == self.rules.successThreshold {
                        (self.probing, self.openedAt, self.failures) = (false, nil, [])
                        self.era += 1
                    }
                case .nothing: break
                }
            } else if outcome == .failure {
                self.failures.append(now)
                let recent = self.failures.filter { now - $0 < self.rules.monitoringPeriod }
                if recent.count >= self.rules.failureThreshold ?? .max { self.trip(now) }
            }
        }

        mutating func trip(_ now: Tick) {
            (self.probing, self.openedAt, self.failures) = (false, now, [])
            self.era += 1
        }
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `it agrees with a naive model over any sequence of events`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var rules = CircuitBreaker.Configuration()
        rules.failureThreshold = Int.random(in: 1...6, using: &generator)
        rules.probeLimit = Int.random(in: 1...3, using: &generator)
        rules.successThreshold = Int.random(in: 1...4, using: &generator)
        rules.recoveryTime = .seconds(Int.random(in: 1...20, using: &generator))
        var machine = Machine(rules)
        var model = NaiveBreaker(rules: rules)
        var running: [(Machine.Permit, Int)] = []
        var now = Tick.seconds(0)
        for _ in 0..<2_000 {
            now = now + .milliseconds(Int.random(in: 0...1_500, using: &generator))
            if running.isEmpty || Bool.random(using: &generator) {
                let wasOpen = model.openedAt != nil && !model.probing
                let expected = model.admit(now)
                switch machine.admit(at: now) {
                case .proceed(let permit): running.append((permit, try #require(expected)))
                case .probe(let permit):
                    #expect(wasOpen)
                    running.append((permit, try #require(expected)))
                case .rejectOpen, .rejectProbing, .rejectIsolated: #expect(expected == nil)
                }
            } else {
                let (permit, era) = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
                let outcome = Machine.Outcome.allCases.randomElement(using: &generator)!
                machine.record(outcome, of: permit, at: now)
                model.record(outcome, era, now)
            }
            let expected = model.probing ? "HALF_OPEN" : model.openedAt == nil ? "CLOSED" : "OPEN"
            #expect(machine.status(at: now).name == expected)
        }
    }
}
