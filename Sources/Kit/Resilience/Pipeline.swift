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
    private let environment: Call.Environment
    private let strategies: [any Strategy]

    /// - Parameters:
    ///   - name: what telemetry and the console call it. Default: `pipeline`.
    ///   - time: the clock of all its layers.
    ///   - chance: the source of its jitter.
    ///   - strategies: the layers, outermost first.
    public init(
        named name: String = "pipeline", time: TimeSource = .system, chance: Chance = .system,
        @PipelineBuilder _ strategies: () -> [any Strategy]
    ) {
        self.environment = Call.Environment(pipeline: name, time: time, chance: chance)
        self.strategies = strategies()
    }

    public var name: String { self.environment.pipeline }

    /// Runs `body` inside all layers.
    ///
    /// `body` may run more than once (``Retry``), in another task (``Timeout``), or not at all. Cancelling the caller
    /// cancels it.
    /// - Throws: what `body` throws, unchanged; ``Refusal`` when a layer does not let it start or go on.
    public func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await self.descend(to: 0, Call(environment: self.environment), body)
    }

    private func descend<Value: Sendable>(
        to layer: Int, _ call: Call, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard layer < self.strategies.count else { return try await body() }
        return try await self.strategies[layer].execute(call) { call in
            try await self.descend(to: layer + 1, call, body)
        }
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
