import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

@Suite("Load shedding decides")
struct SheddingStateMachineTests {
    private var machine = Shedding.StateMachine(Shedding.Configuration())

    /// Windows of 100 ms, each with one call of every rank; returns how many of each priority are dropped in the last.
    private mutating func windows(_ count: Int, wait: Duration, from start: Double) -> [Int] {
        var dropped = [0, 0, 0, 0]
        for window in 0..<count {
            dropped = [0, 0, 0, 0]
            for priority in CallPriority.allCases {
                for part in 0..<Shedding.StateMachine.parts {
                    let rank = Shedding.StateMachine.rank(priority, part: part)
                    let now = Tick.seconds(start + Double(window) * 0.1 + Double(rank) * 0.000_5)
                    if case .shed = self.machine.arrive(rank: rank, wait: wait, at: now) {
                        dropped[priority.rawValue] += 1
                    }
                }
            }
        }
        return dropped
    }

    @Test mutating func `nobody is dropped while the queue is short`() {
        #expect(self.windows(50, wait: .milliseconds(20), from: 0) == [0, 0, 0, 0])
    }

    @Test mutating func `background goes first, then standard, and critical never`() {
        #expect(self.windows(3, wait: .milliseconds(30), from: 0) == [14, 0, 0, 0])
        #expect(self.windows(8, wait: .milliseconds(30), from: 1) == [32, 24, 0, 0])
        #expect(self.windows(50, wait: .milliseconds(30), from: 2) == [32, 32, 32, 0])
    }

    @Test mutating func `a queue that was short once in the window is at work, and not overloaded`() {
        for window in 0..<20 {
            let start = Double(window) * 0.1
            #expect(self.machine.arrive(rank: 0, wait: .seconds(1), at: .seconds(start)) == .proceed)
            #expect(self.machine.arrive(rank: 0, wait: .milliseconds(15), at: .seconds(start + 0.05)) == .proceed)
        }
    }

    @Test mutating func `between half the target and the target nothing moves`() {
        let before = self.windows(5, wait: .milliseconds(30), from: 0)
        _ = self.windows(1, wait: .milliseconds(15), from: 1)
        #expect(
            self.windows(20, wait: .milliseconds(15), from: 2) == self.windows(20, wait: .milliseconds(15), from: 5))
        #expect(self.machine.threshold > 0 && before[0] > 0)
    }

    @Test mutating func `what was dropped comes back more slowly than it went`() {
        _ = self.windows(4, wait: .milliseconds(30), from: 0)
        let high = self.machine.threshold
        _ = self.windows(4, wait: .zero, from: 0.4)
        #expect(self.machine.threshold < high)
        #expect(self.machine.threshold > high / 2)
        #expect(self.windows(40, wait: .zero, from: 1) == [0, 0, 0, 0])
    }

    @Test mutating func `after a long pause nobody pays for the overload before it`() {
        _ = self.windows(10, wait: .milliseconds(30), from: 0)
        #expect(self.machine.threshold > 0)
        _ = self.machine.arrive(rank: 127, wait: .zero, at: .seconds(1_000))
        _ = self.machine.arrive(rank: 127, wait: .zero, at: .seconds(2_000))
        #expect(self.machine.threshold == 0)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `whatever happens, a less important call never passes where a more important one is dropped`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var machine = Shedding.StateMachine(Shedding.Configuration())
        var now = 0.0
        for _ in 0..<2_000 {
            now += Double.random(in: 0...0.02, using: &generator)
            let rank = Int.random(in: 0..<128, using: &generator)
            let wait = Duration.milliseconds(Int.random(in: 0...60, using: &generator))
            let decision = machine.arrive(rank: rank, wait: wait, at: .seconds(now))
            #expect((decision == .proceed) == (rank >= machine.threshold))
            #expect((0...96).contains(machine.threshold))
        }
    }
}

/// A queue that a test sets.
private final class SetGauge: PressureGauge {
    let wait = Mutex(Duration.zero)
    func longestWait(at now: Tick) -> Duration { self.wait.withLock { $0 } }
}

@Suite("Load shedding in a pipeline")
struct SheddingTests {
    let clock = TestClock()
    private let gauge = SetGauge()

    @Test func `a dropped call is told why, and an important one passes`() async throws {
        var configuration = Shedding.Configuration()
        configuration.raiseBy = 1
        let shedding = Shedding(named: "gateway", before: self.gauge, configuration)
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance(seed: 1)) { shedding }
        self.gauge.wait.withLock { $0 = .milliseconds(80) }
        for _ in 0..<3 {
            try? await pipeline.run(.standard) {}
            self.clock.advance(by: .milliseconds(100))
        }
        let refusal = await #expect(throws: Refusal.self) {
            try await pipeline.run(.background) {}
        }
        #expect(
            refusal?.message
                == "Load shedding 'gateway' drops background calls: others wait 80 ms, 20 ms is the target; try again in 1 s."
        )
        #expect(try await pipeline.run(.critical) { "served" } == "served")
        #expect(shedding.snapshot().shed[.background] == 1)
        #expect(shedding.snapshot().admitted[.critical] == 1)
    }

    @Test func `one group is dropped or served as a whole`() async throws {
        let shedding = Shedding(named: "gateway", before: self.gauge)
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance(seed: 1)) { shedding }
        self.gauge.wait.withLock { $0 = .milliseconds(30) }
        // Raise the threshold into the middle of the standard calls, then hold it there.
        for number in 0..<600 {
            if shedding.snapshot().level >= 45 { self.gauge.wait.withLock { $0 = .milliseconds(15) } }
            try? await pipeline.run(CallTraits(group: "customer-\(number)")) {}
            self.clock.advance(by: .milliseconds(5))
        }
        var fates: [Int: Set<Bool>] = [:]
        for number in 0..<300 {
            let customer = number % 60
            let isServed = (try? await pipeline.run(CallTraits(group: "customer-\(customer)")) { true }) ?? false
            fates[customer, default: []].insert(isServed)
        }
        #expect(fates.values.allSatisfy { $0.count == 1 })
        #expect(Set(fates.values.map { $0.first ?? false }) == [true, false])
    }

    @Test func `settings out of range are named`() {
        var configuration = Shedding.Configuration()
        configuration.target = .zero
        configuration.lowerBy = 0.5
        #expect(configuration.problems() == ["target must be more than zero", "lowerBy must not be above raiseBy"])
    }
}
