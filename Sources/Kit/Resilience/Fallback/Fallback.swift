extension Pipeline {
    /// Runs `body` inside all layers, and `fallback` in its place when that fails for any reason but cancellation.
    ///
    /// `fallback` runs outside all layers. It may look at the error and throw it on.
    /// - Throws: `CancellationError` and whatever else `body` throws once the task is cancelled; what `fallback`
    /// throws.
    public func run<Value: Sendable>(
        _ body: @Sendable () async throws -> Value, orElse fallback: (any Error) async throws -> Value
    ) async throws -> Value {
        do {
            return try await self.run(body)
        } catch {
            if error is CancellationError || Task.isCancelled { throw error }
            return try await fallback(error)
        }
    }
}
