import Essentials
import Objectives
import Testing

@Suite struct ObjectiveTests {
    private static let objective = Objective(name: "checkout", target: 0.999)
    private static let interval: Int64 = 30

    private func at(_ seconds: Int64) -> Tick { Tick(nanoseconds: seconds * 1_000_000_000) }

    /// Plays 1,000 events in each interval, of which the share is bad from `start` until `end`, and returns what changed.
    private func play(
        badRatio: Double, from start: Int64, until end: Int64, to finish: Int64, _ rate: BurnRate
    ) -> [(second: Int64, transition: AlertMachine.Transition)] {
        var tracker = ObjectiveTracker(Self.objective, burnRates: [rate])
        var changes: [(Int64, AlertMachine.Transition)] = []
        for second in stride(from: Int64(0), to: finish, by: Int(Self.interval)) {
            let isBad = (start..<end).contains(second)
            tracker.add(total: 1_000, bad: isBad ? Int(1_000 * badRatio) : 0, at: self.at(second))
            // The slot is full when the next one begins: it is looked at just before.
            let now = Tick(nanoseconds: (second + Self.interval) * 1_000_000_000 - 1)
            for change in tracker.evaluate(at: now) { changes.append((second + Self.interval, change.transition)) }
        }
        return changes
    }

    @Test(arguments: BurnRate.standard, [1, 0.5, 0.1, 0.02])
    func `burn-rate alerts fire and clear when the closed form says`(_ rate: BurnRate, _ badRatio: Double) throws {
        let toFire = try #require(rate.timeToFire(badRatio: badRatio, Self.objective)).fractionalSeconds
        let toClear = try #require(rate.timeToClear(badRatio: badRatio, Self.objective)).fractionalSeconds
        // Slots of the day and of the three days are ten times as wide.
        let tolerance = Double(Self.interval) * (rate.long > .seconds(6 * 3_600) ? 10 : 1)
        let start = Int64(rate.long.fractionalSeconds) + 3_600
        // Whole slots: a slot that is bad in part is bad to its end.
        let end = start + (Int64(max(toFire, rate.short.fractionalSeconds)) + 1_200) / Self.interval * Self.interval
        let changes = self.play(
            badRatio: badRatio, from: start, until: end, to: end + Int64(rate.short.fractionalSeconds) + 3_600, rate)
        #expect(changes.map(\.transition) == [.fired, .cleared])
        guard changes.count == 2 else { return }
        let (fired, cleared) = (Double(changes[0].second - start), Double(changes[1].second - end))
        #expect(abs(fired - toFire) <= tolerance, "fired after \(fired) s, closed form \(toFire) s")
        #expect(
            abs(cleared - toClear) <= Double(Self.interval) + 1, "cleared after \(cleared) s, closed form \(toClear) s")
    }

    @Test func `a burn below the factor never fires`() {
        let changes = self.play(badRatio: 0.014, from: 0, until: 20_000, to: 20_000, BurnRate.standard[0])
        #expect(changes.isEmpty)
    }

    @Test func `the workbook's table of spent budget comes out`() {
        let spent = BurnRate.standard.map { $0.spent(of: Self.objective) }
        for (value, expected) in zip(spent, [0.02, 0.05, 0.1, 0.1]) { #expect(abs(value - expected) < 1e-12) }
        let outage = BurnRate.standard[0].timeToFire(badRatio: 1, Self.objective)?.fractionalSeconds ?? 0
        #expect(abs(outage - 51.84) < 1e-6, "a full outage of a three-nines service pages within a minute")
    }

    @Test func `the budget is what a hand calculation says`() {
        var tracker = ObjectiveTracker(Self.objective)
        // A month of 1,000,000 events, 250 of them bad: of 1,000 allowed a quarter is spent.
        for hour in 0..<Int64(30 * 24) {
            tracker.add(total: 1_000_000 / 720, bad: hour < 250 ? 1 : 0, at: self.at(hour * 3_600))
        }
        let budget = tracker.budget(at: self.at(30 * 86_400 - 1))
        let total = (1_000_000 / 720) * 720
        #expect(budget.spent == 250)
        #expect(abs(budget.allowed - Double(total) * 0.001) < 1e-6)
        #expect(abs(budget.remainingShare - (1 - 250 / (Double(total) * 0.001))) < 1e-9)
        // Ten days later the first ten days, with 240 of the bad events, are out of the window.
        let later = tracker.budget(at: self.at(40 * 86_400 - 1))
        #expect(later.spent == 10)
    }

    @Test func `no events spend nothing and fire nothing`() {
        var tracker = ObjectiveTracker(Self.objective)
        #expect(tracker.evaluate(at: self.at(1_000)).isEmpty)
        #expect(tracker.budget(at: self.at(1_000)).remainingShare == 1)
    }

    @Test func `a full outage fires all four, the most urgent first`() {
        var tracker = ObjectiveTracker(Self.objective)
        var fired: [Double] = []
        for second in stride(from: Int64(0), to: 4 * 86_400, by: 30) {
            tracker.add(total: 100, bad: second >= 3 * 86_400 ? 100 : 0, at: self.at(second))
            fired += tracker.evaluate(at: self.at(second)).filter { $0.transition == .fired }.map(\.burnRate.factor)
        }
        #expect(fired.sorted(by: >) == [14.4, 6, 3, 1])
        #expect(tracker.firing.map(\.factor) == [14.4, 6, 3, 1])
    }
}

@Suite struct EventWindowsTests {
    /// The model: every event with its time.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a window counts what a list of all events says, cut to whole slots`(seed: UInt64) {
        let chance = Chance(seed: seed)
        var windows = EventWindows(longest: .seconds(30 * 86_400))
        var events: [(second: Int64, bad: Int)] = []
        var now: Int64 = 0
        for _ in 0..<500 {
            now += Int64(chance.below(chance.below(10) == 0 ? 100_000 : 600))
            let bad = chance.below(2)
            events.append((now, bad))
            windows.add(EventCount(total: 1, bad: bad), at: Tick(nanoseconds: now * 1_000_000_000))
            for (window, width) in [(300, 30), (21_600, 30), (86_400, 300), (259_200, 300), (2_592_000, 3_600)]
                as [(Int64, Int64)]
            {
                let from = (now / width - window / width + 1) * width
                let expected = events.filter { $0.second >= from }
                let count = windows.count(over: .seconds(window), at: Tick(nanoseconds: now * 1_000_000_000))
                #expect(count == EventCount(total: expected.count, bad: expected.reduce(0) { $0 + $1.bad }))
            }
        }
    }
}
