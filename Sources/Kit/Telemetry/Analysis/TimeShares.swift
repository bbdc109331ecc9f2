/// Where the time and the errors of a trace arise: for each service its own work, and each thing outside that it called.
public struct TimeShares: Hashable, Sendable {
    /// Somebody to whom time can be charged.
    public struct Component: Hashable, Comparable, Sendable {
        public var service: String
        /// The database, queue or host that the service called; nil for its own work.
        public var dependency: String?

        public init(service: String, dependency: String? = nil) {
            self.service = service
            self.dependency = dependency
        }

        public static func < (left: Component, right: Component) -> Bool {
            (left.service, left.dependency ?? "") < (right.service, right.dependency ?? "")
        }
    }

    /// One piece of work of a component.
    public struct Share: Hashable, Sendable {
        public var component: Component
        /// Without the time in which it waited for another component.
        public var time: Duration
        /// An error arose here: none of the spans below has one.
        public var isError: Bool

        public init(component: Component, time: Duration, isError: Bool) {
            self.component = component
            self.time = time
            self.isError = isError
        }
    }

    public let shares: [Share]

    /// - Parameter trace: a service's own work is what its entry span took less what its calls to others took; calls at
    ///   the same time are taken away once. A call that no service answers here is work of whatever it names.
    public init(_ trace: Trace) {
        self.shares = trace.spans.compactMap { span in
            switch span.kind {
            case .server, .consumer:
                let calls = Self.calls(below: span, in: trace)
                let waited = Self.length(ofUnion: calls.map { ($0.start, $0.end) }, within: (span.start, span.end))
                let isOrigin = span.isError && !calls.contains { $0.isError }
                return Share(
                    component: Component(service: span.resource.service),
                    time: .nanoseconds(span.end - span.start - waited),
                    isError: isOrigin)
            case .client, .producer:
                guard !Self.isAnswered(span, in: trace), let peer = ServiceMap.peer(of: span) else { return nil }
                return Share(
                    component: Component(service: span.resource.service, dependency: peer.name), time: span.duration,
                    isError: span.isError)
            case .internal, .unspecified: return nil
            }
        }
    }

    static func isAnswered(_ span: SpanRecord, in trace: Trace) -> Bool {
        trace.children(of: span.spanID).contains { $0.kind == .server || $0.kind == .consumer }
    }

    /// The calls to others below a span, through its inner spans.
    private static func calls(below span: SpanRecord, in trace: Trace) -> [SpanRecord] {
        trace.children(of: span.spanID).flatMap { child in
            child.kind == .internal || child.kind == .unspecified ? self.calls(below: child, in: trace) : [child]
        }
    }

    private static func length(ofUnion ranges: [(Int64, Int64)], within bounds: (Int64, Int64)) -> Int64 {
        var (length, reached) = (Int64(0), bounds.0)
        for (start, end) in ranges.sorted(by: { $0.0 < $1.0 }) {
            let (from, to) = (max(start, reached), min(end, bounds.1))
            if to > from {
                length += to - from
                reached = to
            }
        }
        return length
    }
}
