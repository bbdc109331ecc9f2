import Essentials
import EssentialsTesting
import Synchronization
import Testing

@testable import Identity

/// A thread that does nothing until the test says so.
private final class HeldExecutor: BlockingExecutor {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var watcher: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        var submitted = 0
    }

    private let state = Mutex(State())

    func submit(_ job: @escaping @Sendable () -> Void) {
        let watcher = self.state.withLock { state in
            state.jobs.append(job)
            state.submitted += 1
            guard let watcher = state.watcher, state.submitted >= watcher.count else {
                return CheckedContinuation<Void, Never>?.none
            }
            state.watcher = nil
            return watcher.continuation
        }
        watcher?.resume()
    }

    /// Returns when `count` jobs have come since the beginning.
    func waitForJobs(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.submitted >= count { return true }
                state.watcher = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func runNext() {
        let job = self.state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
        job?()
    }
}

private final class Worked: Sendable {
    private let list = Mutex<[Int]>([])
    var jobs: [Int] { self.list.withLock { $0 } }
    func add(_ job: Int) { self.list.withLock { $0.append(job) } }
}

@Suite struct HashingBulkheadTests {
    private static func outcome<Value: Sendable>(_ task: Task<Value, any Error>) async -> PasswordError.Code? {
        guard case .failure(let error) = await task.result else { return nil }
        return (error as? PasswordError)?.code
    }

    private func waitUntil(_ bulkhead: HashingBulkhead, waiting count: Int) async {
        while bulkhead.waitingCount < count { await Task.yield() }
    }

    @Test func `the queue is bounded and says when to come again`() async throws {
        let clock = TestClock()
        let executor = HeldExecutor()
        let bulkhead = HashingBulkhead(executors: [executor], capacity: 2, time: .test(clock))
        let first = Task { try await bulkhead.run { 1 } }
        await executor.waitForJobs(1)
        let second = Task { try await bulkhead.run { 2 } }
        await self.waitUntil(bulkhead, waiting: 1)
        let third = Task { try await bulkhead.run { 3 } }
        await self.waitUntil(bulkhead, waiting: 2)
        do {
            _ = try await bulkhead.run { 4 }
            Issue.record("the fourth was let in")
        } catch let error as PasswordError {
            #expect(error.code == .busy)
            #expect(error.retryAfter == .milliseconds(150))
        }
        executor.runNext()
        executor.runNext()
        executor.runNext()
        #expect(try await [first.value, second.value, third.value] == [1, 2, 3])
        #expect(bulkhead.runningCount == 0)
    }

    @Test func `who has gone away is not worked for`() async throws {
        let clock = TestClock()
        let executor = HeldExecutor()
        let worked = Worked()
        let bulkhead = HashingBulkhead(executors: [executor], capacity: 8, time: .test(clock))
        let first = Task { try await bulkhead.run { worked.add(1) } }
        await executor.waitForJobs(1)
        let second = Task { try await bulkhead.run { worked.add(2) } }
        await self.waitUntil(bulkhead, waiting: 1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(bulkhead.waitingCount == 0)
        executor.runNext()
        try await first.value
        executor.runNext()
        #expect(worked.jobs == [1])
        let cancelled = Task {
            while !Task.isCancelled { await Task.yield() }
            try await bulkhead.run { worked.add(3) }
        }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }

    @Test func `who comes too late is told so and not worked for`() async throws {
        let clock = TestClock()
        let time = TimeSource.test(clock)
        let executor = HeldExecutor()
        let bulkhead = HashingBulkhead(executors: [executor], capacity: 8, time: time)
        let first = Task { try await bulkhead.run { 1 } }
        await executor.waitForJobs(1)
        let hurried = Task {
            try await Deadline.$current.withValue(Deadline(at: Tick(nanoseconds: 1_000))) {
                try await bulkhead.run { 2 }
            }
        }
        await self.waitUntil(bulkhead, waiting: 1)
        clock.advance(by: .microseconds(2))
        executor.runNext()
        #expect(try await first.value == 1)
        #expect(await Self.outcome(hurried) == .deadlinePassed)
        let late = Task {
            try await Deadline.$current.withValue(Deadline(at: Tick(nanoseconds: 1_000))) {
                try await bulkhead.run { 3 }
            }
        }
        #expect(await Self.outcome(late) == .deadlinePassed)
    }

    @Test func `each permit is one thread`() async throws {
        let executors = [HeldExecutor(), HeldExecutor()]
        let bulkhead = HashingBulkhead(executors: executors, capacity: 8, time: .test(TestClock()))
        let first = Task { try await bulkhead.run { 1 } }
        await executors[0].waitForJobs(1)
        let second = Task { try await bulkhead.run { 2 } }
        await executors[1].waitForJobs(1)
        let third = Task { try await bulkhead.run { 3 } }
        await self.waitUntil(bulkhead, waiting: 1)
        executors[1].runNext()
        #expect(try await second.value == 2)
        await executors[1].waitForJobs(2)
        executors[1].runNext()
        executors[0].runNext()
        #expect(try await [first.value, third.value] == [1, 3])
    }

    @Test func `a failure goes to its caller and frees the permit`() async throws {
        let bulkhead = HashingBulkhead(executors: [InlineExecutor()], capacity: 0, time: .test(TestClock()))
        await #expect(throws: PasswordError.self) {
            try await bulkhead.run { throw PasswordError(.hashingFailed, "no memory") }
        }
        #expect(try await bulkhead.run { 5 } == 5)
    }

    @Test func `real threads do real work`() async throws {
        var configuration = PasswordHasher.Configuration()
        configuration.parameters = Argon2Parameters(memory: .kibibytes(64), passes: 1)
        let hasher = PasswordHasher(configuration: configuration)
        try await withThrowingTaskGroup(of: PasswordCheck.self) { group in
            for index in 0..<16 {
                group.addTask {
                    try await hasher.verify("password \(index)", against: hasher.hash("password \(index)"))
                }
            }
            for try await check in group { #expect(check == .matches) }
        }
        #expect(try await hasher.verify("anything", against: nil) == .mismatch)
        #expect(hasher.snapshot() == PasswordHasher.Snapshot(running: 0, waiting: 0))
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `the queue never exceeds its bounds and loses nobody`(seed: UInt64) {
        let chance = Chance(seed: seed)
        let permits = 1 + chance.below(3)
        let capacity = chance.below(5)
        var queue = HashingQueue(permits: permits, capacity: capacity)
        var running: [Int: UInt64] = [:]
        var waiting: [UInt64] = []
        for step in 0..<400 {
            let now = Tick(nanoseconds: Int64(step))
            switch chance.below(3) {
            case 0:
                let deadline = chance.below(4) == 0 ? Deadline(at: now + .nanoseconds(chance.below(20))) : nil
                let job = HashingQueue.Job(id: UInt64(step), deadline: deadline)
                switch queue.arrive(job, at: now) {
                case .start(let permit):
                    #expect(running[permit] == nil)
                    running[permit] = job.id
                case .queued:
                    #expect(running.count == permits)
                    waiting.append(job.id)
                case .refused(let retryAfter):
                    #expect(waiting.count == capacity && retryAfter > .zero)
                case .deadlinePassed: #expect(deadline != nil)
                }
            case 1:
                guard let permit = running.keys.sorted().first else { continue }
                running[permit] = nil
                let departure = queue.finish(permit: permit, at: now)
                waiting.removeAll { departure.late.contains($0) }
                #expect(departure.next == waiting.first)
                if let next = departure.next {
                    running[permit] = next
                    waiting.removeFirst()
                }
            default:
                guard let id = waiting.last else { continue }
                let (first, again) = (queue.cancel(id), queue.cancel(id))
                #expect(first && !again)
                waiting.removeLast()
            }
            #expect(queue.waitingCount == waiting.count && queue.runningCount == running.count)
            #expect(waiting.count <= capacity)
        }
    }
}
