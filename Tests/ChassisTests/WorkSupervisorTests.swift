import Chassis
import Essentials
import EssentialsTesting
import Resilience
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct WorkSupervisorTests {
    private struct Broken: Error, Equatable {
        var run: Int
    }

    /// What the supervisor told, and how often the work began.
    private final class Witness: Sendable {
        private let state = Mutex((runs: 0, delays: [Duration]()))

        var runs: Int { self.state.withLock(\.runs) }
        var delays: [Duration] { self.state.withLock(\.delays) }

        func begin() -> Int {
            self.state.withLock {
                $0.runs += 1
                return $0.runs
            }
        }

        func failed(_ failure: WorkSupervisor.Failure) { self.state.withLock { $0.delays.append(failure.delay) } }
    }

    private let clock = TestClock()
    private let witness = Witness()

    private func supervisor(_ backoff: Backoff = WorkSupervisorTests.steps) -> WorkSupervisor {
        let witness = self.witness
        return WorkSupervisor(backoff: backoff, time: TimeSource(self.clock), chance: Chance(seed: 1)) {
            witness.failed($0)
        }
    }

    /// 1 s, 2 s, 4 s, 4 s, … without chance.
    private static var steps: Backoff {
        var backoff = Backoff.patient
        backoff.jitter = .none
        backoff.maximumDelay = .seconds(4)
        return backoff
    }

    @Test func `work that fails begins again, later and later`() async {
        let work = BackgroundWork("flaky") {
            let run = self.witness.begin()
            if run < 5 { throw Broken(run: run) }
        }
        async let end: Void = self.supervisor().run([work])
        for (failures, delay) in [1, 2, 4, 4].enumerated() {
            await self.clock.waitForSleepers()
            #expect(self.witness.runs == failures + 1)
            self.clock.advance(by: .seconds(delay) - .nanoseconds(1))
            #expect(self.clock.sleeperCount == 1)
            self.clock.advance(by: .nanoseconds(1))
        }
        await end
        #expect(self.witness.runs == 5)
        #expect(self.witness.delays == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
    }

    @Test func `a long run without a failure is forgiven what was before it`() async {
        let time = TimeSource(self.clock)
        let work = BackgroundWork("rare") {
            let run = self.witness.begin()
            if run == 4 { return }
            if run == 3 { try await time.sleep(for: .seconds(5)) }
            throw Broken(run: run)
        }
        async let end: Void = self.supervisor().run([work])
        for step in [1, 2, 5, 1] {
            await self.clock.waitForSleepers()
            self.clock.advance(by: .seconds(step))
        }
        await end
        #expect(self.witness.delays == [.seconds(1), .seconds(2), .seconds(1)])
    }

    @Test func `one work that fails leaves the others alone`() async {
        let time = TimeSource(self.clock)
        let steady = Witness()
        let works = [
            BackgroundWork("broken") { throw Broken(run: self.witness.begin()) },
            BackgroundWork("steady") {
                _ = steady.begin()
                try await time.sleep(for: .seconds(3_600))
            },
        ]
        let running = Task { await self.supervisor().run(works) }
        for _ in 0..<3 {
            await self.clock.waitForSleepers(2)
            self.clock.advance(by: .seconds(4))
        }
        await self.clock.waitForSleepers(2)
        #expect(self.witness.runs == 4)
        #expect(steady.runs == 1)
        running.cancel()
        await running.value
    }

    @Test(arguments: [true, false])
    func `cancellation is the end, of the work as of the wait for its next run`(isWaiting: Bool) async {
        let time = TimeSource(self.clock)
        let work = BackgroundWork("cancelled") {
            let run = self.witness.begin()
            if isWaiting { throw Broken(run: run) }
            do {
                try await time.sleep(for: .seconds(3_600))
            } catch {
                throw Broken(run: run)
            }
        }
        let running = Task { await self.supervisor().run([work]) }
        await self.clock.waitForSleepers()
        running.cancel()
        await running.value
        #expect(self.witness.runs == 1)
        #expect(self.witness.delays.count == (isWaiting ? 1 : 0))
    }

    @Test func `a cancellation that is nobody's is a failure like any other`() async {
        let work = BackgroundWork("orphan") {
            if self.witness.begin() == 1 { throw CancellationError() }
        }
        async let end: Void = self.supervisor().run([work])
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(1))
        await end
        #expect(self.witness.runs == 2)
    }
}
