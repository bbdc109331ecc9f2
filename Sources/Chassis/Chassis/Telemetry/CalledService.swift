import HTTPTypes
import Telemetry
import Tracing

extension ServiceTelemetry {
    /// Sends a request to another service within a span of the kind `CLIENT`, whose context goes with it.
    func calling(
        _ service: ServiceName, _ request: ServiceRequest,
        _ send: (ServiceRequest) async throws -> ServiceResponse,
    ) async throws -> ServiceResponse {
        let current = InstrumentationContext.current.flatMap { $0.span == nil ? nil : $0 }
        guard let tracer, let context = current ?? Self.context(of: request.head.headerFields[.traceparent]) else {
            return try await send(request)
        }
        let path = String((request.head.path ?? "/").prefix { $0 != "?" })
        let span = tracer.begin("\(request.head.method.rawValue) \(service)", .client, context) {
            [
                SemanticConventions.httpMethod: .string(request.head.method.rawValue),
                SemanticConventions.urlPath: .string(path),
                SemanticConventions.peerService: .string(service.rawValue),
            ]
        }
        defer { span.end() }
        var request = request
        request.head.headerFields[.traceparent] = span.spanContext.parent.header
        do {
            let response = try await send(request)
            let status = response.head.status.code
            if span.isRecording { span.attributes[SemanticConventions.httpStatus] = status }
            if status >= 500 { span.setStatus(SpanStatus(code: .error, message: "status \(status)")) }
            return response
        } catch {
            span.failed(error)
            throw error
        }
    }
}
