import Essentials
import Resilience
import Simulation
import Synchronization
import Testing

/// One overload, played with and without protection. Everything is simulated but the strategies.
struct Scenario: Sendable {
    /// What stands between the callers and the service.
    enum Protection: String, Sendable, CaseIterable {
        /// Three tries of three seconds each, one after the other, as they are written by hand.
        case none
        /// `Pipeline.standard` at the callers, as it comes.
        case pipeline
        /// The same, with a breaker that asks again after a minute: `CircuitBreaker.Configuration()`.
        case patient
        /// Callers as with none, whom nobody controls; the service protects itself with `Shedding` and `AdaptiveLimit`.
        case edge
    }

    var name: String
    /// How long people come, in seconds.
    var length: Double
    /// When the overload begins and when its cause is gone, in seconds.
    var trouble: Range<Double>
    /// Visits per second.
    var rate: @Sendable (Tick) -> Double
    /// The state of the service.
    var condition: @Sendable (Tick) -> SimulatedService.Condition
    /// Who waits longer has left.
    var patience: Duration = .seconds(5)
    /// How often somebody who was told no tries again on their own, a second later.
    var reloads = 0

    /// What the service can do, in requests per second, at a tick.
    func capacity(at tick: Tick) -> Double {
        let condition = self.condition(tick)
        return condition.isDown ? 0 : Double(condition.places) / condition.meanTime.fractionalSeconds
    }

    /// Plays it. Everything runs in the order in which it became ready, and computing takes no time.
    func play(_ protection: Protection, seed: UInt64 = 1) -> Outcome {
        var configuration = Simulator.Configuration()
        configuration.scheduling = .firstInFirstOut
        configuration.stepDuration = .zero
        let simulator = Simulator(seed: seed, configuration: configuration)
        let chance = Chance(seed: seed)
        let service = self.service(protection, in: simulator, chance: chance)
        let callers = (1...3).map { Self.caller($0, protection, in: simulator, chance: chance) }
        let traffic = Traffic(in: simulator, chance: chance)
        let backlog = Mutex(0)
        let report = simulator.run { simulator in
            self.send(traffic, to: service, through: callers, in: simulator)
            self.wakeService(service, in: simulator)
            try await simulator.time.sleep(for: .seconds(self.length + 30))
            backlog.withLock { $0 = service.waiting }
            service.close()
            // Nobody waits longer than their three tries take.
            try await simulator.time.sleep(for: .seconds(30))
        }
        if let failure = report.failure { Issue.record("the run of '\(self.name)' failed: \(failure)") }
        return Outcome(
            scenario: self, protection: protection, traffic: traffic, backlog: backlog.withLock { $0 })
    }

    private func service(_ protection: Protection, in simulator: Simulator, chance: Chance) -> SimulatedService {
        let limit = AdaptiveLimit(named: "service")
        let edge = Pipeline(named: "edge", time: simulator.time, chance: chance) {
            Shedding(named: "service", before: limit)
            limit
        }
        return SimulatedService(
            in: simulator, chance: chance, edge: protection == .edge ? edge : nil, self.condition)
    }

    private func send(
        _ traffic: Traffic, to service: SimulatedService, through callers: [Caller], in simulator: Simulator
    ) {
        let reloads = self.reloads
        traffic.run(until: .seconds(self.length), rate: self.rate) { number in
            let call = callers[number % 3]
            for reload in 0... {
                do {
                    return try await call { try await service.call() }
                } catch {
                    guard reload < reloads else { throw error }
                    try await simulator.time.sleep(for: .seconds(1))
                }
            }
        }
    }

    /// A service whose condition improves lets in those who wait.
    private func wakeService(_ service: SimulatedService, in simulator: Simulator) {
        let length = self.length
        simulator.spawn("improvements") {
            while simulator.now < .seconds(length + 30) {
                guard (try? await simulator.time.sleep(for: .milliseconds(100))) != nil else { return }
                service.callNext()
            }
        }
    }

    typealias Caller = @Sendable (@Sendable () async throws -> Void) async throws -> Void

    /// How a caller calls.
    static func caller(_ number: Int, _ protection: Protection, in simulator: Simulator, chance: Chance) -> Caller {
        switch protection {
        case .pipeline, .patient:
            var configuration = Pipeline.Configuration()
            if protection == .patient { configuration.circuitBreaker = CircuitBreaker.Configuration() }
            let pipeline = Pipeline.standard(
                named: "caller \(number)", configuration, time: simulator.time, chance: chance)
            return { try await pipeline.run($0) }
        case .none, .edge:
            let attempt = Pipeline(time: simulator.time, chance: chance) { Timeout(.seconds(3)) }
            return { body in
                for tries in 1... {
                    do {
                        return try await attempt.run(body)
                    } catch {
                        guard tries < 3 else { throw error }
                    }
                }
            }
        }
    }

    /// What came of it.
    struct Outcome: Sendable {
        var scenario: Scenario
        var protection: Protection
        var traffic: Traffic
        /// Requests in the service's line half a minute after the last visitor.
        var backlog: Int

        func summary(_ range: Range<Double>) -> Traffic.Summary {
            self.traffic.summary(range, patience: self.scenario.patience)
        }

        /// What was served within its time in these seconds, as a share of what the service could do or was asked for,
        /// whichever is less.
        func useOfCapacity(_ range: Range<Double>) -> Double {
            let steps = stride(from: range.lowerBound, to: range.upperBound, by: 0.1)
            let possible = steps.reduce(0) { sum, second in
                sum + min(self.scenario.capacity(at: .seconds(second)), self.scenario.rate(.seconds(second))) * 0.1
            }
            return Double(self.summary(range).completed) / possible
        }

        /// Seconds from the end of the trouble until the first whole second from which on, to the end, at least 95 of
        /// 100 are served; nil when that never comes.
        var recovery: Double? {
            var start: Double?
            for second in stride(from: self.scenario.trouble.upperBound, to: self.scenario.length, by: 1) {
                let isGood = self.summary(second..<(second + 1)).share >= 0.95
                if !isGood { start = nil } else if start == nil { start = second }
            }
            return start.map { $0 - self.scenario.trouble.upperBound }
        }
    }
}
