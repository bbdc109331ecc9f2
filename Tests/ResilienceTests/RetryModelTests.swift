import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The attempts of a call and a model of them")
struct RetryModelTests {
    /// The delay before retry `number` by the words of the page: doubled once for each retry before it, no longer than the
    /// maximum, then jittered.
    private func delay(_ backoff: Backoff, _ number: Int, _ fraction: Double) -> Duration {
        var grown = backoff.initialDelay
        for _ in 0..<number {
            switch backoff.growth {
            case .constant: break
            case .linear: grown += backoff.initialDelay
            case .exponential: grown = min(grown * 2, .seconds(1_000_000))
            }
        }
        let bounded = Double(min(grown, backoff.maximumDelay).nanoseconds)
        let jittered =
            switch backoff.jitter {
            case .full: bounded * fraction
            case .equal: bounded / 2 * (1 + fraction)
            case .none, .decorrelated, .added: bounded
            }
        return .nanoseconds(Int64(jittered.rounded()))
    }

    private func expected(
        _ verdict: Verdict, attempt: Int, of maximum: Int, _ backoff: Backoff, at now: Tick, until deadline: Tick?,
        _ fraction: Double
    ) -> Retry.StateMachine.Action {
        guard case .transient(let pause) = verdict else { return .giveUp(.notTransient) }
        if attempt == maximum { return .giveUp(.exhausted) }
        if let pause, pause > backoff.maximumDelay { return .giveUp(.retryAfterTooLong) }
        let wait = max(pause ?? .zero, self.delay(backoff, attempt - 1, fraction))
        if let deadline, now + wait >= deadline { return .giveUp(.deadline) }
        return .retry(after: wait)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `agree over any sequence of failures`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var seen: Set<String> = []
        for _ in 0..<250 {
            let maximum = Int.random(in: 1...6, using: &generator)
            var backoff = Backoff()
            backoff.initialDelay = .milliseconds(Int.random(in: 1...500, using: &generator))
            backoff.maximumDelay = .seconds(Int.random(in: 1...4, using: &generator))
            backoff.growth = [.constant, .linear, .exponential(factor: 2)].randomElement(using: &generator)!
            backoff.jitter = [.none, .full, .equal].randomElement(using: &generator)!
            var now = Tick.seconds(Double(Int.random(in: 0...100, using: &generator)))
            let deadline =
                Bool.random(using: &generator)
                ? now + .milliseconds(Int.random(in: 0...5_000, using: &generator)) : nil
            var machine = Retry.StateMachine(maximumAttempts: maximum, backoff: backoff)
            var attempt = 1
            while true {
                now = now + .milliseconds(Int.random(in: 0...300, using: &generator))
                let pause = Duration.milliseconds(Int.random(in: 0...5_000, using: &generator))
                let verdicts: [Verdict] = [
                    .transient, .transient, .transient, .transient(retryAfter: pause), .permanent, .answered, .ignored,
                ]
                let verdict = verdicts.randomElement(using: &generator)!
                let fraction = Double.random(in: 0..<1, using: &generator)
                let action = machine.attemptFailed(
                    verdict, at: now, deadline: deadline.map { Deadline(at: $0) }, fraction: fraction)
                #expect(
                    action
                        == self.expected(
                            verdict, attempt: attempt, of: maximum, backoff, at: now, until: deadline, fraction))
                guard case .retry(let wait) = action else {
                    seen.insert("\(action)")
                    break
                }
                attempt += 1
                #expect(machine.attempt == attempt)
                now = now + wait
            }
        }
        #expect(seen.count == 4)
    }
}
