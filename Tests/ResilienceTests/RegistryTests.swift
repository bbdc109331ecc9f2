import Essentials
import EssentialsTesting
import Resilience
import Testing

@Suite("Named pipelines", .timeLimit(.minutes(10)))
struct RegistryTests {
    let clock = TestClock()
    let registry = PipelineRegistry()

    @Test func `are found by name, and an unknown name is told the known ones`() throws {
        self.registry.register(.standard(named: "payments"))
        self.registry.register(.standard(named: "catalog"))
        #expect(try self.registry.pipeline("payments").name == "payments")
        #expect(self.registry.snapshot().map(\.name) == ["catalog", "payments"])
        let error = #expect(throws: PipelineRegistry.UnknownPipeline.self) { try self.registry.pipeline("payment") }
        #expect("\(error!)" == "there is no pipeline 'payment'; there are: catalog, payments")
    }

    @Test func `take other limits while they run, and lose nothing`() async throws {
        var configuration = Pipeline.Configuration()
        configuration.rateLimit = RateLimiter.Configuration(capacity: 10, refill: Rate(1, per: .seconds(60)))
        configuration.retry?.maximumAttempts = 1
        let pipeline = self.registry.register(.standard(named: "payments", configuration, time: .test(self.clock)))
        for _ in 0..<4 { await #expect(throws: Failure()) { try await pipeline.run { throw Failure() } } }
        try self.registry.update("payments") { settings in
            settings.totalTimeout = .seconds(20)
            settings.rateLimit?.capacity = 20
            settings.bulkhead?.maximumConcurrency = 40
            settings.retry?.maximumAttempts = 2
            settings.circuitBreaker?.failureThreshold = 6
            settings.attemptTimeout = .seconds(1)
        }
        let text = pipeline.descriptor.description
        for setting in [
            "duration 20 s", "capacity 20", "maximumConcurrency 40", "maximumAttempts 2", "failureThreshold 6",
            "duration 1 s",
        ] { #expect(text.contains(setting)) }
        let now = TimeSource.test(self.clock).now
        #expect(pipeline.layers(RateLimiter.self)[0].status(at: now).available == 6)
        #expect(pipeline.layers(CircuitBreaker.self)[0].status(at: now).status == .closed(recentFailures: 4))
        #expect(pipeline.layers(Retry.self)[0].snapshot().calls == 4)
    }

    @Test func `with an adaptive limit take other bounds, and who runs and waits stays`() async throws {
        var configuration = Pipeline.Configuration()
        configuration.bulkhead = nil
        configuration.shedding = Shedding.Configuration()
        configuration.adaptiveLimit = AdaptiveLimit.Configuration()
        configuration.adaptiveLimit?.initialLimit = 4
        configuration.adaptiveLimit?.maximumLimit = 4
        let pipeline = self.registry.register(.standard(named: "edge", configuration, time: .test(self.clock)))
        let limit = pipeline.layers(AdaptiveLimit.self)[0]
        let gate = Gate()
        let calls = (0..<6).map { _ in Task { try await pipeline.run { await gate.pass() } } }
        await gate.waitForArrivals(4)
        while limit.snapshot().queued < 2 { await Task.yield() }
        try self.registry.update("edge") { settings in
            settings.adaptiveLimit?.maximumLimit = 8
            settings.adaptiveLimit?.minimumLimit = 6
            settings.adaptiveLimit?.initialLimit = 6
            settings.shedding?.target = .milliseconds(5)
        }
        await gate.waitForArrivals(6)
        #expect(limit.snapshot().limit == 6 && limit.snapshot().running == 6)
        #expect(pipeline.descriptor.description.contains("target 5 ms"))
        try self.registry.update("edge") { settings in
            settings.adaptiveLimit?.minimumLimit = 2
            settings.adaptiveLimit?.initialLimit = 2
            settings.adaptiveLimit?.maximumLimit = 2
        }
        #expect(limit.snapshot().limit == 2 && limit.snapshot().running == 6)
        gate.open()
        for call in calls { try await call.value }
        #expect(limit.snapshot().running == 0)
        #expect(throws: InvalidConfiguration.self) {
            try self.registry.update("edge") { $0.adaptiveLimit?.minimumLimit = 0 }
        }
    }

    @Test func `refuse settings that are out of range or for layers they do not have, all at once, and keep the old`() {
        var configuration = Pipeline.Configuration()
        configuration.attemptTimeout = nil
        let pipeline = self.registry.register(.standard(named: "payments", configuration))
        let before = pipeline.descriptor
        let error = #expect(throws: InvalidConfiguration.self) {
            try self.registry.update("payments") { settings in
                settings.totalTimeout = .zero
                settings.bulkhead?.maximumConcurrency = 0
                settings.retry = nil
                settings.attemptTimeout = .seconds(1)
                settings.circuitBreaker?.failureThreshold = 7
            }
        }
        #expect(error?.problems.map(\.strategy) == ["payments.total", "payments", "payments", "payments.attempt"])
        #expect(pipeline.descriptor == before)
    }
}

@Suite("The standard order", .timeLimit(.minutes(10)))
struct StandardOrderTests {
    /// Every layer is made to refuse; then, from the outside in, each is opened: what refuses next is what is next.
    @Test func `is total timeout, rate limit, bulkhead, retry, breaker, attempt timeout`() async throws {
        let (clock, gate) = (TestClock(), Gate())
        var configuration = Pipeline.Configuration()
        configuration.totalTimeout = .seconds(100)
        configuration.rateLimit = RateLimiter.Configuration(capacity: 2, refill: Rate(1, per: .seconds(10)))
        configuration.bulkhead = Bulkhead.Configuration(maximumConcurrency: 1, queueLimit: 0)
        configuration.attemptTimeout = .seconds(50)
        let pipeline = Pipeline.standard(named: "p", configuration, time: .test(clock), chance: Chance { 0 })
        let holder = Task { try await pipeline.run { await gate.pass() } }
        await gate.waitForArrivals(1)
        pipeline.layers(CircuitBreaker.self)[0].isolate()
        _ = await Task { try await pipeline.run {} }.result
        var trace: [String] = []
        func ask(_ deadline: Deadline? = nil) async {
            do {
                trace.append(try await Deadline.$current.withValue(deadline) { try await pipeline.run { "body" } })
            } catch { trace.append((error as? Refusal).map { "\($0.strategy) \($0.rule)" } ?? "\(error)") }
        }
        await ask(Deadline(at: TimeSource.test(clock).now))
        await ask()
        clock.advance(by: .seconds(10))
        await ask()
        gate.open()
        try await holder.value
        clock.advance(by: .seconds(10))
        await ask()
        // The retry is between bulkhead and breaker: one call, no second attempt for a breaker that is shut.
        #expect(pipeline.layers(Retry.self)[0].snapshot().calls == 2)
        pipeline.layers(CircuitBreaker.self)[0].reset()
        clock.advance(by: .seconds(10))
        await ask()
        #expect(
            trace == [
                "p.total deadlinePassed", "p rateLimited", "p bulkheadFull", "p circuitIsolated", "body",
            ])
        #expect(pipeline.descriptor.strategies.last?.name == "p.attempt")
    }

    @Test func `a dependency that hangs beyond the caller's own deadline still counts against it`() async throws {
        let clock = TestClock()
        var configuration = Pipeline.Configuration()
        configuration.retry = nil
        let pipeline = Pipeline.standard(named: "p", configuration, time: .test(clock))
        for number in 1...5 {
            let deadline = Deadline(at: Tick.seconds(Double(number)))
            let call = Deadline.$current.withValue(deadline) {
                Task { try await pipeline.run { try await TimeSource.test(clock).sleep(for: .seconds(1_000)) } }
            }
            await clock.waitForSleepers(3)
            clock.advance(by: .seconds(1))
            let refusal = await #expect(throws: Refusal.self) { try await call.value }
            #expect(refusal?.code == .deadlineExceeded)
        }
        #expect(pipeline.layers(CircuitBreaker.self)[0].status(at: .seconds(5)).status.name == "OPEN")
    }
}

@Suite("What a pipeline tells", .timeLimit(.minutes(10)))
struct TelemetryTests {
    @Test func `a meter counts every call once, by how it ended and how long it took`() async throws {
        let (clock, meter) = (TestClock(), CallMeter())
        let breaker = CircuitBreaker(named: "b")
        let pipeline = Pipeline(time: .test(clock), observer: meter) { breaker }
        for _ in 0..<3 { try await pipeline.run { clock.advance(by: .nanoseconds(1_000)) } }
        await #expect(throws: Failure()) { try await pipeline.run { throw Failure() } }
        await #expect(throws: CancellationError.self) { try await pipeline.run { throw CancellationError() } }
        breaker.isolate()
        await #expect(throws: Refusal.self) { try await pipeline.run {} }
        let snapshot = meter.snapshot()
        #expect(snapshot.calls == 6)
        #expect([snapshot.successes, snapshot.failures, snapshot.cancellations, snapshot.refusals] == [3, 1, 1, 1])
        #expect(snapshot.totalTime == .nanoseconds(3_000))
        #expect(snapshot.time(atQuantile: 0.99) == .nanoseconds(1_024))
        #expect(snapshot.events == ["call.refused": 1])
    }

    @Test func `a breaker tells of its changes, a retry of its attempts and of those it did not make`() async throws {
        let (clock, listener) = (TestClock(), Listener())
        var retry = Retry.Configuration()
        retry.backoff = .constant(.nanoseconds(1))
        retry.backoff.jitter = .full
        retry.budget?.floor = 1
        let pipeline = Pipeline(time: .test(clock), chance: Chance { 0 }, observer: listener) {
            Retry(named: "r", retry)
            CircuitBreaker(named: "b")
        }
        for _ in 0..<4 { await #expect(throws: Failure()) { try await pipeline.run { throw Failure() } } }
        let names = listener.events.map(\.name)
        #expect(names.first == "retry.scheduled")
        #expect(names.filter { $0 == "retry.suppressed" }.count == 4)
        guard
            case .breakerChanged("b", "CLOSED", "OPEN") = listener.events.first(where: { $0.name == "breaker.changed" })
        else {
            Issue.record("the breaker's change was not told")
            return
        }
    }
}
