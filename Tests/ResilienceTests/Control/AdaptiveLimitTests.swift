import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("The adaptive limit decides")
struct AdaptiveLimitControllerTests {
    /// A controller that looks after every ten calls.
    private func controller(
        _ change: (inout AdaptiveLimit.Configuration) -> Void = { _ in }
    ) -> AdaptiveLimit.Controller {
        var configuration = AdaptiveLimit.Configuration()
        configuration.window = .milliseconds(1)
        configuration.minimumSamples = 10
        change(&configuration)
        return AdaptiveLimit.Controller(configuration)
    }

    /// One window: ten calls side by side that take `duration`, `running` at the peak.
    private func window(
        _ controller: inout AdaptiveLimit.Controller, at start: Double, took duration: Double, running: Int,
        _ outcome: AdaptiveLimit.Controller.Signal = .answered
    ) {
        controller.started(running: running)
        for index in 0..<10 {
            let end = start + duration + Double(index) * 0.000_2
            controller.ended(from: .seconds(end - duration), at: .seconds(end), outcome)
        }
    }

    @Test func `it grows by its square root while calls take no longer and the limit is used`() {
        var controller = self.controller()
        self.window(&controller, at: 0, took: 0.1, running: 20)
        #expect(controller.limit == 24)
        self.window(&controller, at: 1, took: 0.1, running: 24)
        #expect(controller.limit == 29)
    }

    @Test func `it does not grow while it is not reached`() {
        var controller = self.controller()
        for second in 0..<10 { self.window(&controller, at: Double(second), took: 0.1, running: 19) }
        #expect(controller.limit == 20)
    }

    @Test func `it shrinks when calls take longer than the baseline and the tolerance`() {
        var controller = self.controller { $0.initialLimit = 100 }
        self.window(&controller, at: 0, took: 0.1, running: 100)
        let before = controller.limit
        self.window(&controller, at: 1, took: 0.4, running: 100)
        // The gradient does not go below a half: 110 · 0.5 + √110.
        #expect(controller.limit == before / 2 + 10)
    }

    @Test func `calls that ran out of time let it shrink by a tenth at least`() {
        var controller = self.controller { $0.initialLimit = 100 }
        self.window(&controller, at: 0, took: 0.1, running: 10)
        self.window(&controller, at: 1, took: 0.1, running: 100, .timedOut)
        #expect(controller.limit == 90)
    }

    @Test func `failures that say nothing about the load change nothing`() {
        var controller = self.controller()
        for second in 0..<10 { self.window(&controller, at: Double(second), took: 0.001, running: 20, .unrelated) }
        #expect(controller.limit == 20)
        #expect(controller.baseline == nil)
    }

    @Test func `it stays within its bounds`() {
        var controller = self.controller {
            $0.minimumLimit = 20
            $0.maximumLimit = 40
            $0.probeInterval = .seconds(10_000)
        }
        for second in 0..<10 { self.window(&controller, at: Double(second), took: 0.1, running: 40) }
        #expect(controller.limit == 40)
        self.window(&controller, at: 10, took: 1, running: 40)
        #expect(controller.limit == 26)
        self.window(&controller, at: 20, took: 1, running: 26)

        #expect(controller.limit == 20)
    }

    @Test func `from time to time it halves the limit and measures the baseline anew`() {
        var controller = self.controller { $0.probeInterval = .seconds(5) }
        self.window(&controller, at: 0, took: 0.1, running: 20)
        let first = controller.baseline ?? .zero
        for second in 1...5 { self.window(&controller, at: Double(second), took: 0.1, running: 5) }
        #expect(controller.limit == 12)
        // A call from before the probe is not looked at; those since are ten, and slower.
        controller.ended(from: .seconds(5), at: .seconds(6), .answered)
        self.window(&controller, at: 7, took: 0.3, running: 12)
        #expect(controller.limit == 24)
        #expect((controller.baseline ?? .zero) > first * 2)
    }

    /// A service of ten places with a queue, asked by more clients than it can serve.
    @Test(arguments: [5, 10, 40])
    func `under constant overload it settles where the service is busy and its queue short`(places: Int) {
        var controller = self.controller()
        var now = 0.0
        var limits: [Int] = []
        for _ in 0..<400 {
            let running = controller.limit
            let duration = 0.1 * max(1, Double(running) / Double(places))
            self.window(&controller, at: now, took: duration, running: running)
            now += duration + 0.002
            limits.append(running)
        }
        let late = limits.suffix(100)
        #expect(late.allSatisfy { $0 >= places / 2 }, "\(Array(late))")
        #expect(late.reduce(0, +) / 100 >= places)
        #expect(late.reduce(0, +) / 100 <= places * 2 + 4)
    }
}

@Suite("The queue of the adaptive limit decides")
struct AdaptiveLimitQueueTests {
    @Test func `the most important runs first, and among equals who came first`() {
        var queue = AdaptiveLimit.Queue(queueLimit: 5)
        _ = queue.arrive(1, .standard, limit: 1, at: .seconds(0))
        for (ticket, priority) in [(2, .background), (3, .standard), (4, .critical), (5, .standard)]
            as [(UInt64, CallPriority)]
        {
            #expect(queue.arrive(ticket, priority, limit: 1, at: .seconds(Double(ticket))) == .wait(displaced: nil))
        }
        #expect(queue.longestWait(at: .seconds(10)) == .seconds(8))
        queue.leave()
        #expect(queue.admit(limit: 2).map(\.ticket) == [4, 3])
        queue.leave()
        queue.leave()
        #expect(queue.admit(limit: 3).map(\.ticket) == [5, 2])
        #expect(queue.longestWait(at: .seconds(10)) == .zero)
    }

    @Test func `a full queue drops the youngest of the least important for a more important one`() {
        var queue = AdaptiveLimit.Queue(queueLimit: 2)
        _ = queue.arrive(1, .background, limit: 1, at: .seconds(0))
        _ = queue.arrive(2, .background, limit: 1, at: .seconds(0))
        _ = queue.arrive(3, .standard, limit: 1, at: .seconds(0))
        #expect(queue.arrive(4, .background, limit: 1, at: .seconds(0)) == .refuse(running: 1, queued: 2))
        guard case .wait(let loser?) = queue.arrive(5, .critical, limit: 1, at: .seconds(1)) else {
            Issue.record("there is an background call to displace")
            return
        }
        #expect(loser.ticket == 2)
        guard case .wait(let next?) = queue.arrive(6, .critical, limit: 1, at: .seconds(1)) else {
            Issue.record("there is a standard call to displace")
            return
        }
        #expect(next.ticket == 3)
        #expect(queue.arrive(7, .critical, limit: 1, at: .seconds(1)) == .refuse(running: 1, queued: 2))
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `it agrees with a sorted list over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let room = Int.random(in: 0...4, using: &generator)
        var queue = AdaptiveLimit.Queue(queueLimit: room)
        var (limit, running) = (3, 0)
        var waiting: [AdaptiveLimit.Queue.Waiter] = []
        func next() -> AdaptiveLimit.Queue.Waiter? {
            waiting.max { ($0.priority.rawValue, $1.ticket) < ($1.priority.rawValue, $0.ticket) }
        }
        for ticket in 1...1_000 as ClosedRange<UInt64> {
            let now = Tick.seconds(Double(ticket))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                let priority = CallPriority.allCases.randomElement(using: &generator) ?? .standard
                let waiter = AdaptiveLimit.Queue.Waiter(ticket: ticket, priority: priority, since: now)
                let arrival = queue.arrive(ticket, priority, limit: limit, at: now)
                if running < limit, waiting.isEmpty {
                    running += 1
                    #expect(arrival == .run)
                } else if waiting.count < room {
                    waiting.append(waiter)
                    #expect(arrival == .wait(displaced: nil))
                } else if let least = waiting.min(by: {
                    ($0.priority.rawValue, $1.ticket) < ($1.priority.rawValue, $0.ticket)
                }
                ),
                    least.priority < priority
                {
                    waiting.removeAll { $0 == least }
                    waiting.append(waiter)
                    #expect(arrival == .wait(displaced: least))
                } else {
                    #expect(arrival == .refuse(running: running, queued: waiting.count))
                }
            case 2 where running > 0:
                running -= 1
                queue.leave()
            case 3:
                guard let someone = waiting.randomElement(using: &generator) else { continue }
                waiting.removeAll { $0 == someone }
                #expect(queue.abandon(someone.ticket) == true)
                #expect(queue.abandon(someone.ticket) == false)
            default:
                limit = Int.random(in: 1...5, using: &generator)
            }
            var admitted: [AdaptiveLimit.Queue.Waiter] = []
            while running < limit, let one = next() {
                waiting.removeAll { $0 == one }
                running += 1
                admitted.append(one)
            }
            #expect(queue.admit(limit: limit) == admitted)
            #expect(queue.running == running)
            #expect(queue.queued == waiting.count)
        }
    }
}

@Suite("The adaptive limit in a pipeline", .timeLimit(.minutes(10)))
struct AdaptiveLimitTests {
    let clock = TestClock()
    let gate = Gate()

    /// A limit of one that a call occupies until the gate opens.
    private func occupied(queueLimit: Int) async -> (AdaptiveLimit, Pipeline, Task<Void, any Error>) {
        var configuration = AdaptiveLimit.Configuration()
        configuration.initialLimit = 1
        configuration.minimumLimit = 1
        configuration.maximumLimit = 1
        configuration.queueLimit = queueLimit
        let limit = AdaptiveLimit(named: "orders", configuration)
        let pipeline = Pipeline(time: .test(self.clock)) { limit }
        let task = Task { [gate] in try await pipeline.run { await gate.pass() } }
        await self.gate.waitForArrivals(1)
        return (limit, pipeline, task)
    }

    @Test func `a call that finds no room is refused at once and told why`() async throws {
        let (limit, pipeline, holder) = await self.occupied(queueLimit: 0)
        let refusal = await #expect(throws: Refusal.self) { try await pipeline.run {} }
        #expect(refusal?.code == .overloaded)
        #expect(refusal?.message == "Adaptive limit 'orders' is reached: 1 of 1 calls run and 0 wait.")
        #expect(limit.snapshot().rejected == 1)
        self.gate.open()
        try await holder.value
        #expect(limit.snapshot().running == 0)
    }

    @Test func `a more important call takes the room of a waiting one, which is told`() async throws {
        let (limit, pipeline, holder) = await self.occupied(queueLimit: 1)
        let report = Task { try await pipeline.run(.background) { "report" } }
        await self.clock.waitForSleepers()
        self.clock.advance(by: .milliseconds(40))
        let order = Task { try await pipeline.run(.critical) { "order" } }
        let refusal = await #expect(throws: Refusal.self) { try await report.value }
        #expect(refusal?.reason == .displaced(priority: .background, queued: 1))
        self.gate.open()
        try await holder.value
        #expect(try await order.value == "order")
        #expect(limit.snapshot(at: .seconds(0)).figures.map(\.value) == [1, 0, 0, 2, 0, 1, 0])
    }

    @Test func `waiting ends at the maximum wait, and at the deadline of the task`() async throws {
        let (limit, pipeline, holder) = await self.occupied(queueLimit: 2)
        let patient = Task { try await pipeline.run {} }
        let hurried = Deadline.$current.withValue(Deadline(at: .seconds(0.2))) { Task { try await pipeline.run {} } }
        await self.clock.waitForSleepers(2)
        self.clock.advance(by: .milliseconds(200))
        #expect(await #expect(throws: Refusal.self) { try await hurried.value }?.code == .deadlineExceeded)
        self.clock.advance(by: .milliseconds(300))
        #expect(await #expect(throws: Refusal.self) { try await patient.value }?.code == .overloaded)
        #expect(limit.snapshot().expired == 2)
        #expect(limit.longestWait(at: .seconds(1)) == .zero)
        self.gate.open()
        try await holder.value
    }

    @Test func `cancelling a waiting call frees its room and takes no place`() async throws {
        let (limit, pipeline, holder) = await self.occupied(queueLimit: 1)
        let waiter = Task { try await pipeline.run {} }
        await self.clock.waitForSleepers()
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(limit.snapshot().queued == 0)
        self.gate.open()
        try await holder.value
        #expect(limit.snapshot().running == 0)
    }

    @Test func `under a storm with cancellations all places come back`() async throws {
        var configuration = AdaptiveLimit.Configuration()
        configuration.queueLimit = 2_000
        let limit = AdaptiveLimit(named: "orders", configuration)
        let pipeline = Pipeline(time: .test(self.clock)) { limit }
        let tasks = (0..<2_000).map { number in
            Task {
                try await pipeline.run(CallPriority.allCases[number % 4]) { await Task.yield() }
            }
        }
        for task in tasks.enumerated() where task.offset % 3 == 0 { task.element.cancel() }
        for task in tasks { _ = await task.result }
        #expect(limit.snapshot().running == 0)
        #expect(limit.snapshot().queued == 0)
    }

    @Test func `settings out of range are named`() {
        var configuration = AdaptiveLimit.Configuration()
        configuration.minimumLimit = 0
        configuration.initialLimit = 300
        configuration.tolerance = -1
        #expect(configuration.problems().count == 3)
        #expect(AdaptiveLimit.Configuration().problems().isEmpty)
    }
}
