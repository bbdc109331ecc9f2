public import Chassis
import Essentials
import GatewayCore
import HTTPTransport
public import Telemetry

/// Decides which requests are traced, where they come in, and records the gateway's own spans. It makes no objects for a
/// request that is not traced.
public final class EdgeTracing: Sendable {
    private let sink: any SpanSink
    private let budget: SamplingBudget
    private let resource: Resource
    /// In nanoseconds.
    private let slow: Int64
    private let ignored: Set<ServiceName>

    /// - Parameters:
    ///   - slow: a request that took this long is recorded even when its trace is not. Default: 1 second.
    ///   - ignored: services whose requests are not recorded, such as the one that shows what is.
    ///   - budget: how many traces a second are sampled, also of those that a client asks for.
    public init(
        sink: any SpanSink, budget: SamplingBudget, version: String, slow: Duration = .seconds(1),
        ignoring ignored: Set<ServiceName> = [],
    ) {
        self.sink = sink
        self.budget = budget
        self.resource = Resource(service: "gateway", version: version)
        self.slow = slow.nanoseconds
        self.ignored = ignored
    }

    /// Whether a request's trace is sampled, is decided here for all services behind.
    func decide(_ trace: inout TraceContext) {
        trace.isSampled = trace.isSampled && self.budget.take()
    }

    /// A request has ended: its span, when it is sampled, failed, or took long.
    func record(_ state: borrowing ExchangeState, _ report: ProxyReport, service: ServiceName?) {
        let took = (report.ended - report.began).nanoseconds
        let isError = report.status >= 500 || report.ending == .upstreamBroke
        guard state.trace.isSampled || isError || took >= self.slow, !self.isIncidental(state, report),
            !(service.map(self.ignored.contains) ?? false)
        else { return }
        guard let trace = TraceID(high: state.trace.trace.high, low: state.trace.trace.low),
            let id = SpanID(state.trace.span)
        else { return }
        let start = state.moment.microseconds * 1_000
        var span = SpanRecord(
            traceID: trace, spanID: id, parentID: SpanID(state.parent), name: state.route ?? "no route", kind: .server,
            start: start, end: start + took, resource: self.resource, scope: Scope(name: "mainstay"))
        span.parentIsRemote = state.parent != 0
        span.isSampled = state.trace.isSampled
        span.attributes = [
            Attribute(SemanticConventions.httpStatus, .int(Int64(report.status))),
            Attribute("mainstay.request.id", .string(state.id.description)),
        ]
        if let route = state.route {
            span.attributes.append(Attribute(SemanticConventions.httpRoute, .string(route)))
        }
        if let service {
            span.attributes.append(Attribute(SemanticConventions.peerService, .string(service.rawValue)))
        }
        if isError { span.status = .error("status \(report.status)") }
        self.sink.began(trace)
        self.sink.ended(span)
    }

    /// Pages that the gateway has of its own: health, documents.
    private func isIncidental(_ state: borrowing ExchangeState, _ report: ProxyReport) -> Bool {
        state.isHandled && state.route == nil && report.status < 500
    }
}
