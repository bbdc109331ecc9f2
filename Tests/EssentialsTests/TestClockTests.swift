import Essentials
import EssentialsTesting
import Synchronization
import Testing

@Suite("The test clock", .timeLimit(.minutes(10)))
struct TestClockTests {
    let clock = TestClock()

    @Test func `stands still until it is moved, and wakes nobody early`() async throws {
        let time = TimeSource.test(self.clock)
        let task = Task { try await time.sleep(for: .seconds(2)) }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .nanoseconds(1_999_999_999))
        #expect(self.clock.sleeperCount == 1)
        self.clock.advance(by: .nanoseconds(1))
        try await task.value
        #expect(time.now == Tick(nanoseconds: 2_000_000_000))
    }

    @Test func `a moment that has come already does not suspend`() async throws {
        self.clock.advance(by: .seconds(5))
        try await TimeSource.test(self.clock).sleep(until: Tick(nanoseconds: 5_000_000_000))
    }

    @Test func `cancelling a sleeper wakes it with an error and takes it off the list`() async {
        let time = TimeSource.test(self.clock)
        let task = Task { try await time.sleep(for: .seconds(2)) }
        await self.clock.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(self.clock.sleeperCount == 0)
    }

    @Test func `a task that is cancelled already does not sleep`() async {
        let time = TimeSource.test(self.clock)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await time.sleep(for: .seconds(2))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `cancelling at any instant neither hangs nor loses a sleeper`() async {
        let time = TimeSource.test(self.clock)
        let tasks = (0..<500).map { _ in Task { try await time.sleep(for: .seconds(2)) } }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
        #expect(self.clock.sleeperCount == 0)
    }

    @Test func `moves to the next sleeper and no further`() async throws {
        let time = TimeSource.test(self.clock)
        #expect(self.clock.advanceToNextSleeper() == .zero)
        async let short: Void = time.sleep(for: .seconds(1))
        async let long: Void = time.sleep(for: .seconds(3))
        await self.clock.waitForSleepers(2)
        #expect(self.clock.advanceToNextSleeper() == .seconds(1))
        try await short
        #expect(self.clock.sleeperCount == 1)
        #expect(self.clock.advanceToNextSleeper() == .seconds(2))
        try await long
    }

    @Test func `all time sources of one clock read the same ticks`() {
        let early = TimeSource.test(self.clock)
        self.clock.advance(by: .seconds(7))
        #expect(TimeSource.test(self.clock).now == early.now)
    }

    @Test func `a wall clock moves and jumps as told`() {
        let clock = ManualWallClock()
        #expect(clock.now.rfc3339 == "2026-01-01T00:00:00.000Z")
        clock.advance(by: .seconds(90))
        #expect(clock.wallClock.now.rfc3339 == "2026-01-01T00:01:30.000Z")
        clock.set(Timestamp(microseconds: 0))
        #expect(clock.now == Timestamp(microseconds: 0))
    }
}

@Suite("A blocking executor", .timeLimit(.minutes(10)))
struct BlockingExecutorTests {
    private struct Failure: Error {}

    @Test func `a thread runs its jobs one after another, in the order they came`() async throws {
        let thread = DedicatedThread(name: "test")
        let order = Mutex<[Int]>([])
        let running = Mutex(0)
        for number in 0..<1_000 {
            thread.submit {
                running.withLock { $0 += 1 }
                #expect(running.withLock { $0 } == 1)
                order.withLock { $0.append(number) }
                running.withLock { $0 -= 1 }
            }
        }
        try await thread.run {}
        #expect(order.withLock { $0 } == Array(0..<1_000))
    }

    @Test func `returns the value and throws the error of the job`() async throws {
        for executor in [DedicatedThread(name: "test"), InlineExecutor()] as [any BlockingExecutor] {
            #expect(try await executor.run { 7 } == 7)
            await #expect(throws: Failure.self) { try await executor.run { throw Failure() } }
        }
    }

    @Test func `a delayed job lets those go first that come meanwhile, and comes though nobody holds the thread`() async
    {
        let order = Mutex<[String]>([])
        await withCheckedContinuation { continuation in
            let thread = DedicatedThread(name: "test")
            thread.submit(after: .milliseconds(30)) {
                order.withLock { $0.append("late") }
                continuation.resume()
            }
            thread.submit(after: .milliseconds(10)) { order.withLock { $0.append("soon") } }
            thread.submit { order.withLock { $0.append("now") } }
            thread.submit(after: .zero) { order.withLock { $0.append("now too") } }
        }
        #expect(order.withLock { $0 } == ["now", "now too", "soon", "late"])
    }

    @Test func `where nobody can wait, a delayed job comes at once`() {
        let count = Mutex(0)
        InlineExecutor().submit(after: .seconds(3_600)) { count.withLock { $0 += 1 } }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func `jobs submitted before the last reference went are still run`() async {
        await withCheckedContinuation { continuation in
            let thread = DedicatedThread(name: "test")
            for _ in 0..<10 { thread.submit {} }
            thread.submit { continuation.resume() }
        }
    }
}
