import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Retry decides")
struct RetryStateMachineTests {
    func machine(attempts: Int = 4, backoff: Backoff = .patient) -> Retry.StateMachine {
        Retry.StateMachine(maximumAttempts: attempts, backoff: backoff)
    }

    @Test func `waits one, two and four seconds and then gives up`() {
        var machine = self.machine()
        var actions: [Retry.StateMachine.Action] = []
        for _ in 0..<4 {
            actions.append(machine.attemptFailed(.transient, at: .seconds(0), deadline: nil, fraction: 0))
        }
        #expect(
            actions == [
                .retry(after: .seconds(1)), .retry(after: .seconds(2)), .retry(after: .seconds(4)), .giveUp(.exhausted),
            ])
    }

    @Test func `the patient back-off adds at most ten percent`() {
        for retry in 0..<3 {
            let base = Duration.seconds(1 << retry)
            #expect(Backoff.patient.delay(beforeRetry: retry, fraction: 0) == base)
            #expect(Backoff.patient.delay(beforeRetry: retry, fraction: 0.5) == base * 105 / 100)
            #expect(Backoff.patient.delay(beforeRetry: retry, fraction: 0.999_999) <= base * 110 / 100)
        }
    }

    @Test func `the standard back-off spreads over the whole delay and doubles`() {
        #expect(Backoff.standard.delay(beforeRetry: 0, fraction: 0) == .zero)
        #expect(Backoff.standard.delay(beforeRetry: 0, fraction: 0.5) == .milliseconds(50))
        #expect(Backoff.standard.delay(beforeRetry: 3, fraction: 0.5) == .milliseconds(400))
    }

    @Test func `no delay is longer than the maximum, however often it fails`() {
        for retry in [8, 9, 100, 100_000] {
            #expect(Backoff.standard.delay(beforeRetry: retry, fraction: 0.999_999_999_999) <= .seconds(30))
            #expect(Backoff.patient.delay(beforeRetry: retry, fraction: 0.5) == .seconds(30))
        }
        var linear = Backoff.constant(.seconds(1))
        linear.growth = .linear
        #expect((0..<3).map { linear.delay(beforeRetry: $0, fraction: 0) } == [.seconds(1), .seconds(2), .seconds(3)])
        #expect(Backoff.constant(.seconds(1)).delay(beforeRetry: 7, fraction: 0.7) == .seconds(1))
    }

    @Test(arguments: [Verdict.permanent, .answered, .ignored])
    func `only a transient error is worth another attempt`(verdict: Verdict) {
        var machine = self.machine()
        #expect(
            machine.attemptFailed(verdict, at: .seconds(0), deadline: nil, fraction: 0) == .giveUp(.notTransient))
    }

    @Test func `an attempt may start just before the deadline and not at it`() {
        var machine = self.machine()
        var other = machine
        let justAfter = Deadline(at: Tick(nanoseconds: 1_000_000_001))
        #expect(
            machine.attemptFailed(.transient, at: .seconds(0), deadline: justAfter, fraction: 0)
                == .retry(after: .seconds(1)))
        #expect(
            other.attemptFailed(.transient, at: .seconds(0), deadline: Deadline(at: .seconds(1)), fraction: 0)
                == .giveUp(.deadline))
    }

    @Test func `the callee's pause is honoured when it is longer, and beyond the maximum ends the retrying`() {
        var machine = self.machine(attempts: 9)
        let fail: (inout Retry.StateMachine, Duration) -> Retry.StateMachine.Action = {
            $0.attemptFailed(.transient(retryAfter: $1), at: .seconds(0), deadline: nil, fraction: 0)
        }
        #expect(fail(&machine, .seconds(7)) == .retry(after: .seconds(7)))
        #expect(fail(&machine, .seconds(1)) == .retry(after: .seconds(2)))
        #expect(fail(&machine, .seconds(30)) == .retry(after: .seconds(30)))
        #expect(fail(&machine, .milliseconds(30_001)) == .giveUp(.retryAfterTooLong))
    }
}

@Suite("The retry budget")
struct RetryBudgetTests {
    @Test func `allows the floor without any traffic and not one more`() {
        var budget = RetryBudget()
        let granted = (0..<20).filter { _ in budget.withdraw(at: .seconds(0)) }
        #expect(granted.count == 10)
    }

    @Test func `allows a fifth of the calls`() {
        var budget = RetryBudget()
        for _ in 0..<100 { budget.deposit(at: .seconds(0)) }
        #expect((0..<200).filter { _ in budget.withdraw(at: .seconds(1)) }.count == 20)
    }

    @Test func `forgets calls and retries when the window is over`() {
        var budget = RetryBudget()
        for _ in 0..<100 { budget.deposit(at: .seconds(0)) }
        for _ in 0..<20 { _ = budget.withdraw(at: .seconds(0)) }
        #expect(budget.withdraw(at: Tick(nanoseconds: 9_999_999_999)) == false)
        #expect((0..<20).filter { _ in budget.withdraw(at: .seconds(10)) }.count == 10)
    }

    @Test(arguments: 0..<32 as Range<UInt64>)
    func `agrees with a model that keeps every event`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var budget = RetryBudget()
        var calls: [Int64] = []
        var retries: [Int64] = []
        var now = Tick(nanoseconds: Int64.random(in: -20_000_000_000...20_000_000_000, using: &generator))
        for _ in 0..<2_000 {
            now = now + .milliseconds(Int.random(in: 0...40, using: &generator))
            if Int.random(in: 0..<3_000, using: &generator) == 0 { now = now + .seconds(60) }
            // The window moves in slices of a second.
            let slice = Int64((Double(now.nanoseconds) / 1e9).rounded(.down))
            calls.removeAll { $0 <= slice - 10 }
            retries.removeAll { $0 <= slice - 10 }
            if Int.random(in: 0..<3, using: &generator) > 0 {
                budget.deposit(at: now)
                calls.append(slice)
            } else {
                let allowed = retries.count < max(10, calls.count / 5)
                #expect(budget.withdraw(at: now) == allowed)
                if allowed { retries.append(slice) }
            }
        }
    }
}

@Suite("Retry in a pipeline", .timeLimit(.minutes(10)))
struct RetryTests {
    let clock = TestClock()

    /// Moves the clock from sleeper to sleeper until `body` has ended.
    func settle<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        await withTaskGroup(of: Result<Value, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask { [clock] in
                while !Task.isCancelled {
                    clock.advanceToNextSleeper()
                    await Task.yield()
                }
                return nil
            }
            var result: Result<Value, any Error>?
            while let ended = await group.next() {
                if let ended {
                    result = ended
                    group.cancelAll()
                }
            }
            return result!
        }
    }

    @Test func `returns the first value and stops`() async throws {
        let retry = Retry(maximumAttempts: 3)
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance(seed: 1)) { retry }
        let calls = Counter()
        let result = await self.settle {
            try await pipeline.run {
                if calls.increment() < 3 { throw Failure() }
                return "done"
            }
        }
        #expect(try result.get() == "done")
        #expect(calls.value == 3)
        #expect(retry.snapshot().retries == 2)
    }

    @Test func `throws the last error unchanged`() async throws {
        let pipeline = Pipeline(time: .test(self.clock)) { Retry(maximumAttempts: 3) }
        let calls = Counter()
        let result = await self.settle { try await pipeline.run { throw Failure(number: calls.increment()) } }
        #expect(throws: Failure(number: 3)) { try result.get() }
    }

    @Test func `the waits of the patient preset are one, two and four seconds`() async throws {
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance { 0 }) { Retry(.patient) }
        let task = Task { try await pipeline.run { throw Failure() } }
        for second in [1, 2, 4] {
            await self.clock.waitForSleepers()
            #expect(self.clock.advanceToNextSleeper() == .seconds(second))
        }
        await #expect(throws: Failure()) { try await task.value }
    }

    @Test func `cancellation is never retried`() async throws {
        let calls = Counter()
        let pipeline = Pipeline(time: .test(self.clock)) { Retry(maximumAttempts: 3) }
        await #expect(throws: CancellationError.self) {
            try await pipeline.run {
                calls.increment()
                throw CancellationError()
            }
        }
        #expect(calls.value == 1)
    }

    @Test func `cancelling the caller ends the wait between attempts`() async throws {
        let pipeline = Pipeline(time: .test(self.clock)) { Retry(.patient) }
        let task = Task { try await pipeline.run { throw Failure() } }
        await self.clock.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a refusal of a layer inside is not retried, a timeout of an attempt is`() async throws {
        let calls = Counter()
        let pipeline = Pipeline(time: .test(self.clock)) { Retry(maximumAttempts: 3) }
        await #expect(throws: Refusal.self) {
            try await pipeline.run {
                calls.increment()
                throw Refusal(.bulkheadFull, by: "inner", .bulkheadFull(running: 1, queued: 1))
            }
        }
        #expect(calls.value == 1)
        let result = await self.settle {
            try await pipeline.run {
                calls.increment()
                throw Refusal(.deadlineExceeded, by: "attempt", .timedOut(after: .seconds(1)))
            }
        }
        #expect(throws: Refusal.self) { try result.get() }
        #expect(calls.value == 4)
    }

    @Test func `an empty budget suppresses retries and counts them`() async throws {
        var configuration = Retry.Configuration()
        configuration.maximumAttempts = 2
        configuration.backoff = .constant(.milliseconds(1))
        let retry = Retry(configuration)
        let pipeline = Pipeline(time: .test(self.clock)) { retry }
        for _ in 0..<40 { _ = await self.settle { try await pipeline.run { throw Failure() } } }
        #expect(retry.snapshot().calls == 40)
        #expect(retry.snapshot().retries == 10)
        #expect(retry.snapshot().suppressedByBudget == 30)
    }

    @Test func `no attempt starts past the deadline of the task`() async throws {
        let retry = Retry(.patient)
        let pipeline = Pipeline(time: .test(self.clock), chance: Chance { 0 }) { retry }
        let result = await Deadline.$current.withValue(Deadline(at: .seconds(2.5))) {
            await self.settle { try await pipeline.run { throw Failure() } }
        }
        #expect(throws: Failure.self) { try result.get() }
        #expect(retry.snapshot().retries == 1)
        #expect(retry.snapshot().suppressedByDeadline == 1)
    }
}

@Suite("Jitter")
struct JitterTests {
    private func backoff(_ jitter: Backoff.Jitter) -> Backoff {
        var backoff = Backoff()
        backoff.jitter = jitter
        backoff.maximumDelay = .seconds(1)
        return backoff
    }

    @Test func `equal jitter waits half and up to the other half`() {
        let backoff = self.backoff(.equal)
        #expect(backoff.delay(beforeRetry: 1, fraction: 0) == .milliseconds(100))
        #expect(backoff.delay(beforeRetry: 1, fraction: 0.5) == .milliseconds(150))
        #expect(backoff.delay(beforeRetry: 10, fraction: 0.999_999_999_999) == .seconds(1))
    }

    @Test func `decorrelated jitter lies between the first delay and three times the one before`() {
        let backoff = self.backoff(.decorrelated)
        #expect(backoff.delay(beforeRetry: 0, fraction: 0) == .milliseconds(100))
        #expect(backoff.delay(beforeRetry: 0, fraction: 0.5) == .milliseconds(200))
        #expect(backoff.delay(beforeRetry: 1, after: .milliseconds(200), fraction: 0.5) == .milliseconds(350))
        #expect(backoff.delay(beforeRetry: 9, after: .seconds(1), fraction: 0.9) == .seconds(1))
    }
}
