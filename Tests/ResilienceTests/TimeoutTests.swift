import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Timeout in a pipeline", .timeLimit(.minutes(10)))
struct TimeoutTests {
    let clock = TestClock()

    let pipeline: Pipeline

    init() {
        self.pipeline = Pipeline(time: .test(self.clock)) { Timeout(.seconds(2)) }
    }

    @Test func `a call in time returns its value and leaves no sleeper`() async throws {
        #expect(try await self.pipeline.run { 7 } == 7)
        #expect(self.clock.sleeperCount == 0)
    }

    @Test func `a call in time throws its own error`() async throws {
        await #expect(throws: Failure(number: 9)) { try await self.pipeline.run { throw Failure(number: 9) } }
    }

    @Test func `a call that takes too long is cancelled and refused`() async throws {
        let (pipeline, clock) = (self.pipeline, self.clock)
        let task = Task { try await pipeline.run { try await TimeSource.test(clock).sleep(for: .seconds(60)) } }
        await clock.waitForSleepers(2)
        clock.advance(by: .milliseconds(1_999))
        #expect(clock.sleeperCount == 2)
        clock.advance(by: .milliseconds(1))
        let refusal = await #expect(throws: Refusal.self) { try await task.value }
        #expect(refusal?.code == .deadlineExceeded)
        #expect(refusal?.message == "Timeout 'timeout' ended the call after 2 s.")
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a value that was ready when the time was up is not thrown away`() async throws {
        let (pipeline, clock, gate) = (self.pipeline, self.clock, Gate())
        let task = Task {
            try await pipeline.run {
                await gate.pass()
                return Task.isCancelled ? "late" : "early"
            }
        }
        await clock.waitForSleepers()
        await gate.waitForArrivals(1)
        clock.advance(by: .seconds(2))
        while clock.sleeperCount > 0 { await Task.yield() }
        // The timer has fired; its news reaches the body as cancellation before the gate opens or not at all.
        gate.open()
        #expect(["late", "early"].contains(try await task.value))
    }

    @Test func `the body sees the deadline`() async throws {
        let deadline = try await self.pipeline.run { Deadline.current }
        #expect(deadline == Deadline(at: .seconds(2)))
    }

    @Test func `an earlier deadline of the task wins over the duration`() async throws {
        let deadline = try await Deadline.$current.withValue(Deadline(at: .seconds(1))) {
            try await self.pipeline.run { Deadline.current }
        }
        #expect(deadline == Deadline(at: .seconds(1)))
    }

    @Test func `a call whose deadline has passed does not start`() async throws {
        self.clock.advance(by: .seconds(5))
        let calls = Counter()
        let refusal = await Deadline.$current.withValue(Deadline(at: .seconds(5))) {
            await #expect(throws: Refusal.self) { try await self.pipeline.run { calls.increment() } }
        }
        #expect(refusal?.reason == .deadlinePassed)
        #expect(calls.value == 0)
    }

    @Test func `cancelling the caller cancels the call and is not a timeout`() async throws {
        let (pipeline, clock) = (self.pipeline, self.clock)
        let task = Task { try await pipeline.run { try await TimeSource.test(clock).sleep(for: .seconds(60)) } }
        await clock.waitForSleepers(2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a thousand calls in time and a thousand that expire leave nothing behind`() async throws {
        let (pipeline, clock) = (self.pipeline, self.clock)
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<1_000 { group.addTask { try await pipeline.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(values == 499_500)
        let tasks = (0..<1_000).map { _ in
            Task { try await pipeline.run { try await TimeSource.test(clock).sleep(for: .seconds(60)) } }
        }
        await clock.waitForSleepers(2_000)
        clock.advance(by: .seconds(2))
        for task in tasks { await #expect(throws: Refusal.self) { try await task.value } }
        #expect(clock.sleeperCount == 0)
    }
}
