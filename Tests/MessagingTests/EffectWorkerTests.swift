import Essentials
import EssentialsTesting
import EventSourcing
import Messaging
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10)))
struct EffectWorkerTests {
    private struct Refused: Error {}

    private let clock = TestClock()
    private let wallClock = ManualWallClock()
    private let store = InMemoryStore(source: EventSource(service: "mail", epoch: UniqueID(high: 1, low: 1)))

    private func id(_ number: UInt64) -> UniqueID { UniqueID(high: 4, low: number) }

    private func enqueue(_ numbers: [UInt64]) async throws {
        let now = self.wallClock.now
        try await self.store.transactor.write { unit in
            for number in numbers { try unit.enqueueEffect("email", id: self.id(number), payload: [1], at: now) }
        }
    }

    private func effect(_ number: UInt64) async throws -> Effect? {
        try await self.store.transactor.read { try $0.effect("email", id: self.id(number)) }
    }

    private func worker(
        named name: String? = nil, repeats: Bool = true,
        classify: @escaping @Sendable (any Error) -> FailureKind = { _ in .transient },
        send: @escaping @Sendable (Effect) async throws -> String,
        record: @escaping @Sendable (Effect, String, InMemoryUnit) throws -> Void = { _, _, _ in },
    ) -> EffectWorker<InMemoryUnit> {
        var configuration = EffectWorker<InMemoryUnit>.Configuration()
        configuration.retry = RetryPolicy(maximumAttempts: 3, firstDelay: .seconds(1), maximumDelay: .seconds(60))
        configuration.repeatsUnanswered = repeats
        return EffectWorker(
            "email", named: name, transactor: self.store.transactor, effects: { $0 }, configuration: configuration,
            classify: classify, wallClock: self.wallClock.wallClock, time: TimeSource(self.clock), send: send,
            record: record)
    }

    @Test func `an effect that is asked for three times happens once`() async throws {
        for _ in 0..<3 { try await self.enqueue([1, 2]) }
        let sent = Mutex<[UniqueID]>([])
        let worker = self.worker { effect in
            sent.withLock { $0.append(effect.id) }
            return "ok"
        }
        #expect(try await worker.drain() == 2)
        try await self.enqueue([1, 2])
        #expect(try await worker.drain() == 0)
        #expect(sent.withLock { $0.sorted() } == [self.id(1), self.id(2)])
        #expect(try await self.effect(1)?.state == .done(at: self.wallClock.now, result: "ok"))
    }

    @Test func `what follows from the answer is recorded with it`() async throws {
        try await self.enqueue([1])
        let stream = StreamID(category: "mail", aggregateID: self.id(1))
        let now = self.wallClock.now
        let worker = self.worker(send: { _ in "reference" }) { effect, result, unit in
            let event = NewEvent(
                id: effect.id, type: "EmailSent", schemaVersion: 1, timestamp: now,
                metadata: EventMetadata(correlationID: effect.id), data: Array("\"\(result)\"".utf8))
            try unit.append([event], to: stream, expecting: .exactly(.zero))
        }
        try await worker.drain()
        let events = try await self.store.transactor.read { try $0.read(stream, after: .zero, limit: 9) }
        #expect(events.map(\.event.data) == [Array("\"reference\"".utf8)])
    }

    @Test func `a failure is tried again after pauses, then it is dead`() async throws {
        try await self.enqueue([1])
        let worker = self.worker { _ in throw Refused() }
        try await worker.drain()
        #expect(try await self.effect(1)?.state == .due(at: self.wallClock.now + .seconds(1)))
        #expect(try await worker.drain() == 0)
        self.wallClock.advance(by: .seconds(1))
        try await worker.drain()
        #expect(try await self.effect(1)?.state == .due(at: self.wallClock.now + .seconds(2)))
        self.wallClock.advance(by: .seconds(2))
        try await worker.drain()
        let dead = try await self.effect(1)
        #expect(dead?.state == .dead && dead?.attempts == 3 && dead?.error == "Refused()")
    }

    @Test func `a permanent failure is dead at once`() async throws {
        try await self.enqueue([1])
        try await self.worker(classify: { _ in .permanent }, send: { _ in throw Refused() }).drain()
        #expect(try await self.effect(1)?.state == .dead)
    }

    @Test func `a sender that does not answer in time has failed`() async throws {
        try await self.enqueue([1])
        let worker = self.worker { _ in
            try await TimeSource(self.clock).sleep(for: .seconds(1_000))
            return "late"
        }
        async let drained = worker.drain()
        await self.clock.waitForSleepers(2)
        self.clock.advance(by: .seconds(30))
        #expect(try await drained == 1)
        #expect(try await self.effect(1)?.error == "no answer within 30.0 seconds")
    }

    @Test(arguments: [true, false])
    func `a claim without an answer is repeated or left to a person, as configured`(_ repeats: Bool) async throws {
        let now = self.wallClock.now
        try await self.store.transactor.write { unit in
            try unit.putEffect(
                Effect(
                    queue: "email", id: self.id(1), payload: [], state: .claimed(until: now + .seconds(60)),
                    attempts: 1, createdAt: now))
        }
        let worker = self.worker(repeats: repeats, send: { _ in "ok" })
        #expect(try await worker.drain() == 0, "the claim still counts")
        self.wallClock.advance(by: .seconds(60))
        #expect(try await worker.drain() == (repeats ? 1 : 0))
        let effect = try await self.effect(1)
        #expect(effect?.state == (repeats ? .done(at: self.wallClock.now, result: "ok") : .dead))
        if !repeats { #expect(effect?.error?.contains("answer was lost") == true) }
    }

    /// Runs a worker until it waits for work and `isDone` holds.
    private func run(_ worker: EffectWorker<InMemoryUnit>, until isDone: () async throws -> Bool) async throws {
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await worker.run() }
            await self.clock.waitForSleepers()
            while try await !isDone() { await Task.yield() }
            tasks.cancelAll()
        }
    }

    @Test(arguments: [true, false])
    func `a worker takes over at once what one of its name held when it died`(_ repeats: Bool) async throws {
        let until = self.wallClock.now + .seconds(60)
        for (number, owner) in [(1, "mailer"), (2, "another"), (3, nil)] as [(UInt64, String?)] {
            try await self.store.transactor.write { unit in
                try unit.putEffect(
                    Effect(
                        queue: "email", id: self.id(number), payload: [], state: .claimed(until: until, by: owner),
                        attempts: 1, createdAt: self.wallClock.now))
            }
        }
        try await self.run(self.worker(named: "mailer", repeats: repeats, send: { _ in "ok" })) {
            if case .claimed = try await self.effect(1)?.state { false } else { true }
        }
        #expect(try await self.effect(1)?.state == (repeats ? .done(at: self.wallClock.now, result: "ok") : .dead))
        #expect(try await self.effect(1)?.attempts == (repeats ? 2 : 1))
        #expect(try await self.effect(2)?.state == .claimed(until: until, by: "another"))
        #expect(try await self.effect(3)?.state == .claimed(until: until))
    }

    @Test func `a worker without a name takes nothing over, and one with a name signs its claims`() async throws {
        let until = self.wallClock.now + .seconds(60)
        try await self.enqueue([1])
        let signed = Mutex<Effect?>(nil)
        try await self.worker(named: "mailer") { effect in
            signed.withLock { $0 = effect }
            return "ok"
        }.drain()
        #expect(signed.withLock { $0?.state } == .claimed(until: until, by: "mailer"))
        try await self.store.transactor.write { unit in
            try unit.putEffect(
                Effect(
                    queue: "email", id: self.id(2), payload: [], state: .claimed(until: until), attempts: 1,
                    createdAt: self.wallClock.now))
        }
        try await self.run(self.worker { _ in "ok" }) { true }
        #expect(try await self.effect(2)?.state == .claimed(until: until))
    }

    @Test func `an answer that comes after its claim was taken over changes nothing`() async throws {
        try await self.enqueue([1])
        let worker = self.worker { effect in
            var other = effect
            other.attempts += 1
            let taken = other
            try await self.store.transactor.write { try $0.putEffect(taken) }
            return "late"
        }
        try await worker.drain()
        #expect(try await self.effect(1)?.state == .claimed(until: self.wallClock.now + .seconds(60)))
    }

    @Test func `a running worker does what is asked of it later`() async throws {
        let (sent, arrival) = AsyncStream<UniqueID>.makeStream(bufferingPolicy: .bufferingNewest(8))
        let worker = self.worker { effect in
            arrival.yield(effect.id)
            return "ok"
        }
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await worker.run() }
            await self.clock.waitForSleepers()
            try await self.enqueue([7])
            self.clock.advance(by: .milliseconds(500))
            var iterator = sent.makeAsyncIterator()
            #expect(await iterator.next() == self.id(7))
            tasks.cancelAll()
        }
    }
}
