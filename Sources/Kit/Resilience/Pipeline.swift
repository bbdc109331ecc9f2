public import Essentials

/// Strategies around a call, outermost first.
///
/// ```swift
/// let payments = Pipeline(named: "payments") {
///     Timeout(.seconds(2))
///     Retry(maximumAttempts: 3)
///     CircuitBreaker(named: "payments")
/// }
/// let receipt = try await payments.run { try await client.charge(order) }
/// ```
///
/// A pipeline is shared: its breakers, limits and budgets belong to everyone who runs calls through it.
public struct Pipeline: Sendable {
    /// The same several times: each call holds one, and threads that count references to the same object wait for each other.
    private let environments: [Call.Environment]
    let strategies: [any Strategy]
    let sections: [Section]
    /// The first of the sections.
    private let outermost: Section

    /// - Parameters:
    ///   - name: what telemetry and the console call it. Default: `pipeline`.
    ///   - time: the clock of all its layers.
    ///   - chance: the source of its jitter.
    ///   - observer: hears what happens in it. Default: nobody.
    ///   - strategies: the layers, outermost first.
    public init(
        named name: String = "pipeline", time: TimeSource = .system, chance: Chance = .system,
        observer: (any PipelineObserver)? = nil, @PipelineBuilder _ strategies: () -> [any Strategy]
    ) {
        self.environments = (0..<Stripe.count).map { _ in
            Call.Environment(pipeline: name, time: time, chance: chance, observer: observer)
        }
        self.strategies = strategies()
        self.sections = Section.sections(of: self.strategies)
        self.outermost = self.sections[0]
    }

    public var name: String { self.environment.pipeline }

    /// What a call of this thread holds.
    var environment: Call.Environment { self.environments[Stripe.own] }

    /// Runs `body` inside all layers.
    ///
    /// `body` may run more than once (``Retry``), in another task (``Timeout``), or not at all. Cancelling the caller
    /// cancels it.
    /// - Throws: what `body` throws, unchanged; ``Refusal`` when a layer does not let it start or go on.
    @inlinable
    public func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        var journey = Journey(self)
        try self.depart(&journey)
        guard journey.callsBody else { return try await self.travel(&journey, body) }
        let value: Value
        do {
            value = try await body()
        } catch {
            return try await self.travel(&journey, after: error, body)
        }
        self.arrive(&journey)
        return value
    }

    /// Passes as many gates as can be passed without waiting: usually all.
    @usableFromInline
    func depart(_ journey: inout Journey) throws {
        do {
            try self.outermost.enter(&journey)
        } catch {
            journey.report(error)
            throw error
        }
    }

    /// The caller's closure has returned, without a layer around it.
    @usableFromInline
    func arrive(_ journey: inout Journey) {
        self.outermost.leave(&journey)
        journey.reportSuccess()
    }

    /// What is not over at once: queues, layers around the call, and retries.
    @usableFromInline
    func travel<Value: Sendable>(
        _ journey: inout Journey, after failure: (any Error)? = nil, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            if let failure { try self.outermost.fail(failure, &journey) }
            let value = try await self.pass(0, &journey, body)
            journey.reportSuccess()
            return value
        } catch {
            journey.report(error)
            throw error
        }
    }

    /// Goes on with a journey through a section, and through everything inside it.
    private func pass<Value: Sendable>(
        _ index: Int, _ journey: inout Journey, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let section = self.sections[index]
        while true {
            switch journey.next {
            case .sleep(let delay):
                do {
                    try await journey.call.time.sleep(for: delay)
                } catch {
                    section.giveUp(error, &journey)
                    throw error
                }
                try section.enterAgain(&journey)
            case .wait(let gate, let permit):
                do {
                    journey.admit(try await gate.wait(permit, journey.call))
                } catch {
                    try section.fail(error, &journey)
                    continue
                }
                try section.enter(&journey)
            case .goInside:
                let value: Value
                do {
                    if let strategy = section.strategy {
                        value = try await strategy.execute(journey.call) { call in
                            try await self.descend(to: index + 1, call, body)
                        }
                    } else {
                        value = try await body()
                    }
                } catch {
                    try section.fail(error, &journey)
                    continue
                }
                section.leave(&journey)
                return value
            }
        }
    }

    /// From a layer around a section into the section.
    private func descend<Value: Sendable>(
        to index: Int, _ call: Call, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard index < self.sections.count else { return try await body() }
        var journey = Journey(call)
        try self.sections[index].enter(&journey)
        return try await self.pass(index, &journey, body)
    }

    /// The composition, outermost first: assert it in a test.
    public var descriptor: PipelineDescriptor {
        PipelineDescriptor(name: self.name, strategies: self.strategies.map(\.descriptor))
    }

    /// What every layer counts and holds now.
    public func snapshot() -> PipelineSnapshot {
        let now = self.environment.time.now
        return PipelineSnapshot(name: self.name, strategies: self.strategies.map { $0.snapshot(at: now) })
    }
}

/// What a pipeline is made of.
public struct PipelineDescriptor: Hashable, Sendable {
    public var name: String
    /// Outermost first.
    public var strategies: [StrategyDescriptor]
}

extension PipelineDescriptor: CustomStringConvertible {
    /// The name and one indented line for each layer.
    public var description: String {
        ([self.name] + self.strategies.map { "  \($0)" }).joined(separator: "\n")
    }
}

/// What the layers of a pipeline hold at one moment.
public struct PipelineSnapshot: Hashable, Sendable {
    public var name: String
    /// Outermost first.
    public var strategies: [StrategySnapshot]
}

/// Lists the layers of a ``Pipeline``, outermost first.
@resultBuilder
public enum PipelineBuilder {
    public static func buildExpression(_ strategy: any Strategy) -> [any Strategy] { [strategy] }
    public static func buildBlock(_ strategies: [any Strategy]...) -> [any Strategy] { strategies.flatMap { $0 } }
    public static func buildOptional(_ strategies: [any Strategy]?) -> [any Strategy] { strategies ?? [] }
    public static func buildEither(first strategies: [any Strategy]) -> [any Strategy] { strategies }
    public static func buildEither(second strategies: [any Strategy]) -> [any Strategy] { strategies }
    public static func buildArray(_ strategies: [[any Strategy]]) -> [any Strategy] { strategies.flatMap { $0 } }
}
