import Essentials

/// Runs the calls of any HTTP client through a pipeline.
///
/// HTTP clients return bad answers where a pipeline expects errors. Inside the pipeline an answer of 408, 429 or 5xx is an
/// error, so that retry and breaker see it; the caller gets the last answer as it came.
///
/// ```swift
/// var settings = Pipeline.Configuration()
/// settings.retry?.classifier = .http
/// settings.circuitBreaker?.classifier = .http
/// let search = HTTPClientAdapter<Response>(
///     .standard(named: "search", settings), status: { $0.status }, retryAfter: { $0.headers["Retry-After"] })
/// let response = try await search.send { try await client.execute(request) }
/// ```
///
/// What is not idempotent is sent through a pipeline without a ``Retry``.
public struct HTTPClientAdapter<Response: Sendable>: Sendable {
    private let pipeline: Pipeline
    private let status: @Sendable (Response) -> Int
    private let retryAfter: @Sendable (Response) -> String?

    /// - Parameters:
    ///   - pipeline: whose retry and breaker classify with ``Classifier/http``.
    ///   - status: the status of an answer.
    ///   - retryAfter: the value of its field `Retry-After`. Whole seconds are heeded, dates are not.
    public init(
        _ pipeline: Pipeline, status: @escaping @Sendable (Response) -> Int,
        retryAfter: @escaping @Sendable (Response) -> String? = { _ in nil }
    ) {
        self.pipeline = pipeline
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Sends a request, perhaps more than once.
    /// - Throws: what `call` throws; ``Refusal`` when a layer does not let it start or go on.
    public func send(_ call: @Sendable () async throws -> Response) async throws -> Response {
        do {
            return try await self.pipeline.run {
                let response = try await call()
                if let failure = self.failure(in: response) { throw failure }
                return response
            }
        } catch let failure as HTTPFailure {
            guard let response = failure.response as? Response else { throw failure }
            return response
        }
    }

    private func failure(in response: Response) -> HTTPFailure? {
        let status = self.status(response)
        guard status >= 500 || status == 429 || status == 408 else { return nil }
        let seconds = self.retryAfter(response).flatMap { Int64($0) }.map { max(0, min($0, 1_000_000_000)) }
        return HTTPFailure(status: status, retryAfter: seconds.map { .seconds($0) }, response: response)
    }
}

/// An answer that tells of a failure, as the layers of a pipeline see it.
public struct HTTPFailure: Error, CustomStringConvertible {
    public var status: Int
    public var retryAfter: Duration?
    let response: any Sendable

    public var description: String { "the answer was \(self.status)" }
}

extension Classifier {
    /// For pipelines of a ``HTTPClientAdapter``: 408, 429, 502, 503 and 504 may pass, the other 5xx may not; all
    /// count against the callee. Every other error is as in ``standard``.
    public static let http = Classifier { error in
        guard let failure = error as? HTTPFailure else { return Classifier.standard.verdict(on: error) }
        switch failure.status {
        case 408, 429, 502, 503, 504: return .transient(retryAfter: failure.retryAfter)
        default: return .permanent
        }
    }
}
