import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The bulkhead decides")
struct BulkheadStateMachineTests {
    @Test func `the places fill, then the queue, then it refuses`() {
        var machine = Bulkhead.StateMachine(maximumConcurrency: 2, queueLimit: 2)
        #expect((1...5).map { machine.arrive($0) } == [.run, .run, .wait, .wait, .refuse(running: 2, queued: 2)])
    }

    @Test func `a free place goes to the one who has waited longest`() {
        var machine = Bulkhead.StateMachine(maximumConcurrency: 1, queueLimit: 3)
        for ticket in 1...4 { _ = machine.arrive(UInt64(ticket)) }
        #expect(machine.leave() == .handOver(to: 2))
        #expect(machine.arrive(5) == .wait)
        #expect((0..<3).map { _ in machine.leave() } == [.handOver(to: 3), .handOver(to: 4), .handOver(to: 5)])
        #expect(machine.leave() == .none)
        #expect(machine.running == 0)
    }

    @Test func `who gave up waiting is passed over`() {
        var machine = Bulkhead.StateMachine(maximumConcurrency: 1, queueLimit: 3)
        for ticket in 1...3 { _ = machine.arrive(UInt64(ticket)) }
        #expect(machine.abandon(2) == true)
        #expect(machine.abandon(2) == false)
        #expect(machine.leave() == .handOver(to: 3))
        #expect(machine.abandon(3) == false)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `it agrees with two plain lists over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let places = Int.random(in: 1...4, using: &generator)
        let room = Int.random(in: 0...4, using: &generator)
        var machine = Bulkhead.StateMachine(maximumConcurrency: places, queueLimit: room)
        var (running, waiting): ([UInt64], [UInt64]) = ([], [])
        for ticket in 1...1_000 as ClosedRange<UInt64> {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let arrival = machine.arrive(ticket)
                if running.count < places {
                    running.append(ticket)
                    #expect(arrival == .run)
                } else if waiting.count < room {
                    waiting.append(ticket)
                    #expect(arrival == .wait)
                } else {
                    #expect(arrival == .refuse(running: running.count, queued: waiting.count))
                }
            case 2 where !running.isEmpty:
                running.removeFirst()
                let next = waiting.isEmpty ? nil : waiting.removeFirst()
                if let next { running.append(next) }
                #expect(machine.leave() == (next.map { .handOver(to: $0) } ?? .none))
            default:
                guard let someone = waiting.randomElement(using: &generator) else { continue }
                waiting.removeAll { $0 == someone }
                #expect(machine.abandon(someone) == true)
            }
            #expect(machine.running == running.count)
            #expect(machine.waiting() == waiting)
        }
    }
}

@Suite("The bulkhead in a pipeline", .timeLimit(.minutes(10)))
struct BulkheadTests {
    let clock = TestClock()
    let gate = Gate()

    /// A bulkhead of one place that a call occupies until the gate opens.
    func occupied(queueLimit: Int) async -> (Bulkhead, Pipeline, Task<Void, any Error>) {
        let bulkhead = Bulkhead(named: "reports", maximumConcurrency: 1, queueLimit: queueLimit)
        let pipeline = Pipeline(time: .test(self.clock)) { bulkhead }
        let task = Task { [gate] in try await pipeline.run { await gate.pass() } }
        await self.gate.waitForArrivals(1)
        return (bulkhead, pipeline, task)
    }

    @Test func `a call that finds no room is refused at once and told why`() async throws {
        let (bulkhead, pipeline, holder) = await self.occupied(queueLimit: 0)
        let refusal = await #expect(throws: Refusal.self) { try await pipeline.run {} }
        #expect(refusal?.code == .bulkheadFull)
        #expect(refusal?.message == "Bulkhead 'reports' is full: 1 calls run and 0 wait.")
        #expect(bulkhead.snapshot().rejected == 1)
        self.gate.open()
        try await holder.value
        #expect(bulkhead.snapshot().running == 0)
    }

    @Test func `a call that waits runs when the place is free`() async throws {
        let (bulkhead, pipeline, holder) = await self.occupied(queueLimit: 1)
        let waiter = Task { try await pipeline.run { "ran" } }
        await self.clock.waitForSleepers()
        #expect(bulkhead.snapshot().queued == 1)
        self.gate.open()
        try await holder.value
        #expect(try await waiter.value == "ran")
        #expect(bulkhead.snapshot(at: .seconds(0)).figures.map(\.value) == [0, 0, 2, 0, 0])
    }

    @Test func `cancelling a waiting call frees its room and takes no place`() async throws {
        let (bulkhead, pipeline, holder) = await self.occupied(queueLimit: 1)
        let waiter = Task { try await pipeline.run { "ran" } }
        await self.clock.waitForSleepers()
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(bulkhead.snapshot().queued == 0)
        self.gate.open()
        try await holder.value
        #expect(bulkhead.snapshot().running == 0)
    }

    @Test func `waiting ends at the maximum wait`() async throws {
        let (bulkhead, pipeline, holder) = await self.occupied(queueLimit: 1)
        let waiter = Task { try await pipeline.run {} }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(30))
        let refusal = await #expect(throws: Refusal.self) { try await waiter.value }
        #expect(refusal?.code == .bulkheadFull)
        #expect(refusal?.reason == .queuedTooLong(waited: .seconds(30), running: 1))
        #expect(bulkhead.snapshot().expired == 1)
        self.gate.open()
        try await holder.value
    }

    @Test func `waiting ends at the deadline of the task`() async throws {
        let (_, pipeline, holder) = await self.occupied(queueLimit: 1)
        let waiter = Deadline.$current.withValue(Deadline(at: .seconds(3))) { Task { try await pipeline.run {} } }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .seconds(3))
        let refusal = await #expect(throws: Refusal.self) { try await waiter.value }
        #expect(refusal?.code == .deadlineExceeded)
        self.gate.open()
        try await holder.value
    }

    @Test func `a call that fails gives its place back`() async throws {
        let bulkhead = Bulkhead(named: "reports", maximumConcurrency: 1, queueLimit: 0)
        let pipeline = Pipeline(time: .test(self.clock)) { bulkhead }
        for _ in 0..<3 { await #expect(throws: Failure()) { try await pipeline.run { throw Failure() } } }
        #expect(bulkhead.snapshot().admitted == 3)
    }

    @Test func `under a storm with cancellations no more than the limit run, and all places come back`() async throws {
        let bulkhead = Bulkhead(named: "reports", maximumConcurrency: 4, queueLimit: 2_000)
        let pipeline = Pipeline(time: .test(self.clock)) { bulkhead }
        let (running, peak) = (Counter(), Counter())
        let ended = Counter()
        let tasks = (0..<2_000).map { _ in
            Task {
                try await pipeline.run {
                    let now = running.increment() - ended.value
                    if now > 4 { peak.increment() }
                    await Task.yield()
                    ended.increment()
                }
            }
        }
        for task in tasks.enumerated() where task.offset % 3 == 0 { task.element.cancel() }
        for task in tasks { _ = await task.result }
        #expect(peak.value == 0)
        #expect(bulkhead.snapshot().running == 0)
        #expect(bulkhead.snapshot().queued == 0)
    }
}
