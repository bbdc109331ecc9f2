import Essentials
import EssentialsTesting
import Resilience
import Testing

/// Shedding by the words of its page: every arrival and every wait is kept, and what a rank weighs is counted anew.
private struct NaiveShedding {
    let rules: Shedding.Configuration
    /// For each closed window and the open one, how many calls of each rank came.
    var windows: [[Int: Int]] = [[:]]
    var waits: [Duration] = []
    var start: Tick?
    var latest = Tick.distantPast
    var previous = Duration.zero
    var threshold = 0
    var credit = 0.0

    mutating func isShed(rank: Int, wait: Duration, at now: Tick) -> Bool {
        self.latest = max(self.latest, now)
        let start = self.start ?? self.latest
        self.start = start
        self.waits.append(wait)
        if self.latest - start >= self.rules.window { self.close(after: self.latest - start) }
        self.windows[self.windows.count - 1][rank, default: 0] += 1
        return rank < self.threshold
    }

    /// A call of the open window weighs one, each window that has closed since takes a fifth.
    private func weight(_ rank: Int) -> Double {
        var weight = 0.0
        for (number, window) in self.windows.enumerated() {
            for _ in 0..<window[rank, default: 0] { weight += 1 }
            if number < self.windows.count - 1 { weight *= 0.8 }
        }
        return weight
    }

    private mutating func close(after elapsed: Duration) {
        let wait = self.waits.min() ?? .zero
        let letIn = (self.threshold..<CallPriority.allCases.count * 32).map(self.weight).reduce(0, +)
        if wait > self.rules.target, wait >= self.previous {
            self.credit = 0
            var share = max(1, letIn * self.rules.raiseBy)
            for rank in self.threshold..<max(self.threshold, self.rules.protects.rawValue * 32) where share > 0 {
                share -= self.weight(rank)
                self.threshold = rank + 1
            }
        } else if wait * 2 < self.rules.target {
            let windows = Double(elapsed.nanoseconds) / Double(self.rules.window.nanoseconds)
            self.credit += max(1, letIn * self.rules.lowerBy) * max(1, windows)
            for rank in (0..<self.threshold).reversed() {
                guard self.credit >= self.weight(rank) else { break }
                self.threshold = rank
                self.credit -= max(0.01, self.weight(rank))
            }
            if self.threshold == 0 { self.credit = 0 }
        }
        self.windows.append([:])
        (self.waits, self.previous, self.start) = ([], wait, self.latest)
    }
}

@Suite("Load shedding and a model of it")
struct SheddingModelTests {
    @Test(arguments: 0..<48 as Range<UInt64>)
    func `agree over any sequence of arrivals`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var rules = Shedding.Configuration()
        rules.target = .milliseconds(Int.random(in: 1...40, using: &generator))
        rules.window = .milliseconds(Int.random(in: 10...200, using: &generator))
        rules.raiseBy = Double.random(in: 0.01...0.3, using: &generator)
        rules.lowerBy = Double.random(in: 0.001...rules.raiseBy, using: &generator)
        rules.protects = CallPriority.allCases.randomElement(using: &generator)!
        var machine = Shedding.StateMachine(rules)
        var model = NaiveShedding(rules: rules)
        var now = Tick(nanoseconds: 1_000_000_000)
        var wait = rules.target * 2
        var thresholds: Set<Int> = []
        for _ in 0..<1_000 {
            now = now + .milliseconds(Int.random(in: -2...12, using: &generator))
            // Waits that stay long or short for a while, and are sometimes just on a bound.
            switch Int.random(in: 0..<200, using: &generator) {
            case 0, 4: wait = rules.target * 2
            case 1: wait = .zero
            case 2: wait = rules.target
            case 3: wait = rules.target / 2
            default: break
            }
            let rank = Int.random(in: 0..<128, using: &generator)
            let decision = machine.arrive(rank: rank, wait: wait, at: now)
            #expect((decision != .proceed) == model.isShed(rank: rank, wait: wait, at: now))
            #expect(machine.threshold == model.threshold)
            thresholds.insert(machine.threshold)
        }
        #expect(thresholds.count > 1 || rules.protects == .background)
    }
}

@Suite("Load shedding at its thresholds")
struct SheddingThresholdTests {
    private let start = Tick(nanoseconds: 0)

    /// The threshold after one window in which every rank came once and the wait was this.
    private func threshold(wait: Duration, _ machine: inout Shedding.StateMachine, from start: Tick) -> Int {
        for rank in 0..<128 { _ = machine.arrive(rank: rank, wait: wait, at: start) }
        _ = machine.arrive(rank: 127, wait: wait, at: start + .milliseconds(100))
        return machine.threshold
    }

    @Test func `a wait of the target is borne, a nanosecond more is not`() {
        var borne = Shedding.StateMachine(Shedding.Configuration())
        #expect(self.threshold(wait: .milliseconds(20), &borne, from: self.start) == 0)
        var overloaded = Shedding.StateMachine(Shedding.Configuration())
        #expect(self.threshold(wait: .milliseconds(20) + .nanoseconds(1), &overloaded, from: self.start) > 0)
    }

    @Test func `at half the target nobody comes back, a nanosecond below they do`() {
        func thresholds(wait: Duration) -> (high: Int, then: Int) {
            var machine = Shedding.StateMachine(Shedding.Configuration())
            let high = self.threshold(wait: .milliseconds(30), &machine, from: self.start)
            return (high, self.threshold(wait: wait, &machine, from: self.start + .milliseconds(101)))
        }
        let kept = thresholds(wait: .milliseconds(10))
        #expect(kept.high > 0 && kept.then == kept.high)
        let lowered = thresholds(wait: .milliseconds(10) + .nanoseconds(-1))
        #expect(lowered.then < lowered.high)
    }

    @Test func `a window is over when it is as long as it should be, and not a nanosecond before`() {
        func threshold(after time: Duration) -> Int {
            var machine = Shedding.StateMachine(Shedding.Configuration())
            _ = machine.arrive(rank: 0, wait: .milliseconds(30), at: self.start)
            _ = machine.arrive(rank: 0, wait: .milliseconds(30), at: self.start + time)
            return machine.threshold
        }
        #expect(threshold(after: .milliseconds(100) + .nanoseconds(-1)) == 0)
        #expect(threshold(after: .milliseconds(100)) > 0)
    }

    @Test func `the rank just below the protected priority can be dropped, the first of it never`() {
        var rules = Shedding.Configuration()
        rules.raiseBy = 1
        rules.protects = .important
        var machine = Shedding.StateMachine(rules)
        #expect(self.threshold(wait: .seconds(1), &machine, from: self.start) == 64)
        let after = self.start + .milliseconds(150)
        #expect(machine.arrive(rank: 63, wait: .seconds(1), at: after) == .shed(waiting: .seconds(1)))
        #expect(machine.arrive(rank: 64, wait: .seconds(1), at: after) == .proceed)
    }
}
