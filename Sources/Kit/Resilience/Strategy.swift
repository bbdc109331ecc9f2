public import Essentials

/// One layer of a ``Pipeline``: something that decides about a call before, after or around it.
///
/// Conform to it to add a layer of your own that goes around a call; to ``Gate`` when it only decides before and after.
/// State goes into a final class behind a `Mutex`, or a value that never changes.
public protocol Strategy: Sendable {
    /// What this layer is and how it is set, for assertions and the console.
    var descriptor: StrategyDescriptor { get }

    /// What this layer counts and holds at `now`.
    func snapshot(at now: Tick) -> StrategySnapshot

    /// Runs `next`, the rest of the pipeline, zero or more times, and returns or throws the outcome.
    ///
    /// An error of `next` is thrown on unchanged, unless this layer replaces it on purpose.
    func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value
}

extension Strategy {
    public func snapshot(at now: Tick) -> StrategySnapshot {
        StrategySnapshot(kind: self.descriptor.kind, name: self.descriptor.name)
    }
}

/// What a layer is and how it is set.
public struct StrategyDescriptor: Hashable, Sendable {
    /// One setting, by the name of its configuration field.
    public struct Setting: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    /// The type of the layer: `Retry`.
    public var kind: String
    /// The name that refusals and telemetry carry.
    public var name: String
    /// In the order in which they read best.
    public var settings: [Setting]

    public init(kind: String, name: String, settings: KeyValuePairs<String, String> = [:]) {
        self.kind = kind
        self.name = name
        self.settings = settings.map { Setting(name: $0.key, value: $0.value) }
    }
}

extension StrategyDescriptor: CustomStringConvertible {
    /// `CircuitBreaker payments (failureThreshold 5, monitoringPeriod 10 s)`.
    public var description: String {
        let settings = self.settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        return settings.isEmpty ? "\(self.kind) \(self.name)" : "\(self.kind) \(self.name) (\(settings))"
    }
}

/// What a layer counts and holds at one moment, in a form that any layer can give.
public struct StrategySnapshot: Hashable, Sendable {
    /// One number, by name.
    public struct Figure: Hashable, Sendable {
        public var name: String
        public var value: Int
    }

    public var kind: String
    public var name: String
    /// The state, if the layer has named ones: `OPEN`.
    public var state: String?
    public var figures: [Figure]

    public init(kind: String, name: String, state: String? = nil, figures: KeyValuePairs<String, Int> = [:]) {
        self.kind = kind
        self.name = name
        self.state = state
        self.figures = figures.map { Figure(name: $0.key, value: $0.value) }
    }

    /// The figure of that name, if there is one.
    public subscript(figure name: String) -> Int? { self.figures.first { $0.name == name }?.value }
}
