/// Where flags come from: memory, a file, a service.
///
/// It answers at once, from what it holds; whoever fetches from elsewhere does that in the background.
public protocol FlagProvider: Sendable {
    /// What the flag is in this context.
    /// - Throws: ``FlagError`` when it cannot say; the caller's default holds then.
    func resolve(_ flag: String, in context: FlagContext) throws(FlagError) -> FlagResolution
}

/// Evaluates flags. It never throws: whatever goes wrong, the caller's default holds, and the evaluation says why.
public struct FlagClient: Sendable {
    private let provider: any FlagProvider

    /// - Parameter provider: where flags come from.
    public init(_ provider: any FlagProvider) {
        self.provider = provider
    }

    /// The value of a flag.
    public func value<Value: FlagType>(
        _ flag: String, default fallback: Value, in context: FlagContext = FlagContext()
    ) -> Value {
        self.evaluate(flag, default: fallback, in: context).value
    }

    /// The value of a flag and how it came about.
    /// - Parameters:
    ///   - flag: its key.
    ///   - fallback: the value when the flag is unknown, of another type, or switched off.
    ///   - context: for whom.
    public func evaluate<Value: FlagType>(
        _ flag: String, default fallback: Value, in context: FlagContext = FlagContext()
    ) -> FlagEvaluation<Value> {
        func failed(_ error: FlagError) -> FlagEvaluation<Value> {
            FlagEvaluation(flag: flag, value: fallback, variant: nil, reason: .error, error: error)
        }
        do {
            let resolution = try self.provider.resolve(flag, in: context)
            if resolution.reason == .disabled {
                return FlagEvaluation(flag: flag, value: fallback, variant: nil, reason: .disabled, error: nil)
            }
            guard let value = Value(resolution.value) else { return failed(.typeMismatch) }
            return FlagEvaluation(
                flag: flag, value: value, variant: resolution.variant, reason: resolution.reason, error: nil)
        } catch {
            return failed(error)
        }
    }
}
