public import Essentials
public import Resilience

/// A layer of a pipeline that lets calls through while a flag is on: a switch for what the pipeline protects.
public struct FlagGate: Strategy {
    /// The flag, and the name that refusals carry.
    public let name: String
    private let flags: FlagClient
    private let context: @Sendable () -> FlagContext

    /// - Parameters:
    ///   - flag: a boolean flag. One that is unknown is off.
    ///   - provider: where flags come from.
    ///   - context: for whom; asked on each call. Default: nobody in particular.
    public init(
        _ flag: String, _ provider: any FlagProvider,
        context: @escaping @Sendable () -> FlagContext = { FlagContext() }
    ) {
        self.name = flag
        self.flags = FlagClient(provider)
        self.context = context
    }

    public var descriptor: StrategyDescriptor { StrategyDescriptor(kind: "FlagGate", name: self.name) }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let isOn = self.flags.value(self.name, default: false, in: self.context())
        return StrategySnapshot(kind: "FlagGate", name: self.name, state: isOn ? "ON" : "OFF")
    }

    /// - Throws: ``Resilience/Refusal`` with `other`; what `next` throws.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let evaluation = self.flags.evaluate(self.name, default: false, in: self.context())
        guard evaluation.value else {
            let reason = (evaluation.error?.rawValue ?? evaluation.reason.rawValue)
            throw Refusal(.other, by: self.name, .because("The flag '\(self.name)' is off (\(reason))"))
        }
        return try await next(call)
    }
}
