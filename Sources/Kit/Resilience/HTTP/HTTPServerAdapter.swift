/// A server's middleware: requests go through a pipeline, and whoever is refused gets an answer that says why and when to
/// come back.
///
/// ```swift
/// let orders = HTTPServerAdapter<Request, Response>(pipeline) { refusal in
///     Response(status: refusal.httpStatus, fields: refusal.httpFields, body: refusal.message)
/// }
/// let response = try await orders.handle(request, at: .critical, for: customer) { try await next($0) }
/// ```
public struct HTTPServerAdapter<Request: Sendable, Response: Sendable>: Sendable {
    private let pipeline: Pipeline
    private let refusing: @Sendable (Refusal) -> Response

    /// - Parameters:
    ///   - pipeline: what requests go through: usually ``Shedding``, ``AdaptiveLimit`` or a ``Bulkhead``, and no retry.
    ///   - refusing: the answer to a refusal: see ``Refusal/httpStatus`` and ``Refusal/httpFields``.
    public init(_ pipeline: Pipeline, refusing: @escaping @Sendable (Refusal) -> Response) {
        self.pipeline = pipeline
        self.refusing = refusing
    }

    /// Answers a request.
    /// - Parameters:
    ///   - priority: how much it is needed.
    ///   - group: whose it is: all requests of one group are dropped or served together.
    ///   - next: what answers it. A refusal that it throws, of something it needs, is answered alike.
    /// - Throws: what `next` throws else.
    public func handle(
        _ request: Request, at priority: CallPriority = .standard, for group: String? = nil,
        _ next: @Sendable (Request) async throws -> Response
    ) async throws -> Response {
        do {
            return try await self.pipeline.run(priority, CallTraits(group: group)) { try await next(request) }
        } catch let refusal as Refusal {
            return self.refusing(refusal)
        }
    }
}
