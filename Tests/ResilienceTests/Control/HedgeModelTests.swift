import Essentials
import EssentialsTesting
import Resilience
import Testing

/// One call by the words of the hedge's page, decided anew from everything that has happened to it.
private struct NaiveRace {
    enum Event {
        case timer(isAllowed: Bool)
        case returned
        case threw(isFinal: Bool)
    }

    let maximumHedges: Int
    var events: [Event] = []

    private func decisions() -> [Hedge.StateMachine.Action] {
        var actions: [Hedge.StateMachine.Action] = []
        for (index, event) in self.events.enumerated() {
            let before = self.events[..<index]
            let started = 1 + actions.count { if case .start = $0 { true } else { false } }
            let failed = before.count { if case .threw = $0 { true } else { false } }
            if actions.contains(.settle) {
                actions.append(.wait)
                continue
            }
            switch event {
            case .timer(let isAllowed):
                let isLast = started == self.maximumHedges
                actions.append(
                    isAllowed && started <= self.maximumHedges
                        ? .start(attempt: started + 1, thenArm: !isLast) : .wait)
            case .returned: actions.append(.settle)
            case .threw(let isFinal): actions.append(isFinal || failed + 1 == started ? .settle : .wait)
            }
        }
        return actions
    }

    mutating func action(after event: Event) -> Hedge.StateMachine.Action {
        self.events.append(event)
        return self.decisions().last ?? .wait
    }

    /// Attempts that have not ended, as far as events tell.
    var running: Int {
        let started = 1 + self.decisions().count { if case .start = $0 { true } else { false } }
        let ended = self.events.count { if case .timer = $0 { false } else { true } }
        return started - ended
    }
}

@Suite("The hedge and a model of it")
struct HedgeModelTests {
    @Test(arguments: 0..<96 as Range<UInt64>)
    func `agree over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let maximum = Int.random(in: 1...5, using: &generator)
        var machine = Hedge.StateMachine(maximumHedges: maximum)
        var model = NaiveRace(maximumHedges: maximum)
        while model.running > 0 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                let isAllowed = Int.random(in: 0..<4, using: &generator) > 0
                #expect(machine.timerFired(isAllowed: isAllowed) == model.action(after: .timer(isAllowed: isAllowed)))
            case 6:
                #expect(machine.returned() == model.action(after: .returned))
            default:
                let isFinal = Int.random(in: 0..<6, using: &generator) == 0
                #expect(machine.threw(isFinal: isFinal) == model.action(after: .threw(isFinal: isFinal)))
            }
        }
    }

    @Test(arguments: 1...5)
    func `as many attempts start as are allowed, and the timer is armed for all but the last`(maximum: Int) {
        var machine = Hedge.StateMachine(maximumHedges: maximum)
        for attempt in 2...maximum + 1 {
            #expect(
                machine.timerFired(isAllowed: true) == .start(attempt: attempt, thenArm: attempt < maximum + 1))
        }
        #expect(machine.timerFired(isAllowed: true) == .wait)
    }

    @Test func `the call fails with the last attempt to fail, not with the one before`() {
        var machine = Hedge.StateMachine(maximumHedges: 2)
        _ = machine.timerFired(isAllowed: true)
        _ = machine.timerFired(isAllowed: true)
        let actions = (0..<3).map { _ in machine.threw(isFinal: false) }
        #expect(actions == [.wait, .wait, .settle])
    }
}

@Suite("The hedge's delay at its thresholds", .timeLimit(.minutes(10)))
struct HedgeDelayTests {
    private func delay(after calls: Int, taking time: Duration, _ rules: Hedge.Configuration) async throws -> Duration?
    {
        let clock = TestClock()
        let hedge = Hedge(named: "catalog", rules)
        let pipeline = Pipeline(time: .test(clock)) { hedge }
        for _ in 0..<calls {
            try await pipeline.run { clock.advance(by: time) }
        }
        return hedge.snapshot().delay
    }

    @Test func `nothing is hedged before so many calls were seen`() async throws {
        #expect(try await self.delay(after: 19, taking: .milliseconds(10), .init()) == nil)
        #expect(try await self.delay(after: 20, taking: .milliseconds(10), .init()) != nil)
    }

    @Test func `the delay is the usual time, but at least the minimum and at most the maximum`() async throws {
        var rules = Hedge.Configuration()
        rules.minimumDelay = .milliseconds(5)
        rules.maximumDelay = .milliseconds(50)
        #expect(try await self.delay(after: 20, taking: .milliseconds(1), rules) == .milliseconds(5))
        #expect(try await self.delay(after: 20, taking: .milliseconds(400), rules) == .milliseconds(50))
        let usual = try #require(try await self.delay(after: 20, taking: .milliseconds(16), rules))
        // The histogram's bucket reaches a sixteenth further.
        #expect(usual >= .milliseconds(16) && usual <= .milliseconds(17))
    }
}
