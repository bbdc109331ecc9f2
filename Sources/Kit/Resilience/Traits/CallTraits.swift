/// What the layers of a pipeline may know about a call besides its body and its ``CallPriority``.
public struct CallTraits: Hashable, Sendable {
    /// Whether running the body twice does no more than running it once. Only such calls are hedged. Default: false.
    public var isIdempotent: Bool
    /// Who it is for: all calls of one group are dropped or served together. Nil for none.
    public var group: String?

    /// - Parameters:
    ///   - isIdempotent: whether its body may run twice.
    ///   - group: who it is for, such as a customer's id.
    public init(isIdempotent: Bool = false, group: String? = nil) {
        self.isIdempotent = isIdempotent
        self.group = group
    }

    /// The traits of the call that this task works for.
    @TaskLocal public static var current = CallTraits()
}

extension Pipeline {
    /// Runs `body` inside all layers, which see `traits`.
    ///
    /// The group holds for everything that `body` calls in turn. That `body` may be repeated says nothing about what it
    /// calls, so idempotency is not passed on.
    /// - Throws: as ``run(_:)``.
    public func run<Value: Sendable>(
        _ traits: CallTraits, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        var inner = traits
        inner.isIdempotent = false
        let passedOn = inner
        return try await CallTraits.$current.withValue(traits) {
            try await self.run {
                try await CallTraits.$current.withValue(passedOn) { try await body() }
            }
        }
    }

    /// Runs `body` inside all layers, at a priority that also holds for everything it calls in turn.
    /// - Throws: as ``run(_:)``.
    public func run<Value: Sendable>(
        _ priority: CallPriority, _ traits: CallTraits = CallTraits(), _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await CallPriority.$current.withValue(priority) { try await self.run(traits, body) }
    }
}
