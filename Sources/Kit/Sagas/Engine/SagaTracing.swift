import Synchronization

/// Goes around what an engine does, so that it can be seen: spans, measurements.
///
/// Each function must run `body` once and let its error through.
public protocol SagaTracing: Sendable {
    /// A saga is worked on until it waits, is parked, or has ended.
    func working(on saga: SagaInstance, _ body: @Sendable () async throws -> Void) async throws
    /// A step's call, or the question whether an earlier one happened.
    func calling(_ step: StepContext, _ body: @Sendable () async throws -> Void) async throws
}

extension SagaTracing {
    func calling<Value: Sendable>(
        _ step: StepContext, returning body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let result = Mutex<Value?>(nil)
        try await self.calling(step) {
            let value = try await body()
            result.withLock { $0 = value }
        }
        guard let value = result.withLock({ $0 }) else { preconditionFailure("a tracer must run the body") }
        return value
    }
}
