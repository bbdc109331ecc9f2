import Essentials
import HTTPTypes
import Telemetry
import Tracing

/// The span of one request that a service answers, of the kind `SERVER`.
struct ServedRequest {
    private let span: TelemetrySpan
    private let parent: SpanContext?
    private let route: Route
    private let began: Tick
    private let telemetry: ServiceTelemetry
    private let tracer: TelemetryTracer

    /// Nil for routes that are asked all the time, and wait or answer at once: polls, health, metrics.
    init?(_ request: ServiceRequest, by route: Route, _ telemetry: ServiceTelemetry, at now: Tick) {
        guard let tracer = telemetry.tracer, route.operationClass != nil else { return nil }
        let context = ServiceTelemetry.context(of: request.head.headerFields[.traceparent]) ?? .topLevel
        self.span = tracer.startSpan("\(route.method.rawValue) \(route.path)", context: context, ofKind: .server)
        self.parent = context.span
        self.route = route
        self.began = now
        self.telemetry = telemetry
        self.tracer = tracer
    }

    /// Runs `body` as a part of the span.
    func run<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        try await InstrumentationContext.$current.withValue(self.span.context, operation: body)
    }

    /// The request is answered. One that is not sampled is recorded all the same when it failed or took long.
    /// - Parameter failure: what a 5xx is about.
    func end(_ request: ServiceRequest, id: UniqueID, status: Int, failure: String?, at now: Tick) {
        let isError = status >= 500
        guard self.span.isRecording || isError || now - self.began >= self.telemetry.slow else { return }
        let path = (request.head.path ?? "/").prefix { $0 != "?" }
        let facts: [(String, AttributeValue)] = [
            (SemanticConventions.httpMethod, .string(request.head.method.rawValue)),
            (SemanticConventions.httpRoute, .string(self.route.path.description)),
            (SemanticConventions.httpStatus, .int(Int64(status))),
            (SemanticConventions.urlPath, .string(String(path))),
            (Self.requestID, .string(id.description)),
        ]
        let message = failure ?? "status \(status)"
        guard self.span.isRecording else {
            return self.tracer.recordAfterwards(
                self.span, ofKind: .server, parent: self.parent, began: self.began,
                status: isError ? .error(message) : .unset, attributes: facts.map { Attribute($0.0, $0.1) })
        }
        var attributes = self.span.attributes
        for (key, value) in facts {
            if let number = value.int { attributes[key] = number } else { attributes[key] = value.description }
        }
        self.span.attributes = attributes
        if isError { self.span.setStatus(SpanStatus(code: .error, message: message)) }
        self.span.end()
    }

    /// The id that a request has through all services, and that is the correlation of what follows from it.
    static let requestID = "mainstay.request.id"
}
