/// A span that has ended, in OpenTelemetry's data model.
public struct SpanRecord: Hashable, Sendable {
    /// As OTLP numbers them.
    public enum Kind: Int, Hashable, Sendable, CaseIterable {
        case unspecified = 0
        case `internal` = 1
        case server, client, producer, consumer
    }

    public enum Status: Hashable, Sendable {
        case unset, ok
        case error(String)
    }

    public struct Event: Hashable, Sendable {
        public var name: String
        /// Nanoseconds since 1970.
        public var time: Int64
        public var attributes: [Attribute]

        public init(name: String, time: Int64, attributes: [Attribute] = []) {
            self.name = name
            self.time = time
            self.attributes = attributes
        }
    }

    public struct Link: Hashable, Sendable {
        public var traceID: TraceID
        public var spanID: SpanID
        public var attributes: [Attribute]

        public init(traceID: TraceID, spanID: SpanID, attributes: [Attribute] = []) {
            self.traceID = traceID
            self.spanID = spanID
            self.attributes = attributes
        }
    }

    public var traceID: TraceID
    public var spanID: SpanID
    public var parentID: SpanID?
    /// The parent is in another process.
    public var parentIsRemote = false
    public var isSampled = true
    public var state = TraceState.empty
    public var name: String
    public var kind = Kind.internal
    /// Nanoseconds since 1970.
    public var start: Int64
    /// Nanoseconds since 1970, never before ``start``.
    public var end: Int64
    public var status = Status.unset
    /// Sorted by key when the span is our own.
    public var attributes: [Attribute] = []
    public var events: [Event] = []
    public var links: [Link] = []
    /// What found no place within the limits.
    public var droppedAttributes = 0
    public var droppedEvents = 0
    public var droppedLinks = 0
    public var resource: Resource
    public var scope: Scope

    public init(
        traceID: TraceID, spanID: SpanID, parentID: SpanID? = nil, name: String, kind: Kind = .internal, start: Int64,
        end: Int64, resource: Resource, scope: Scope = Scope(name: "")
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
        self.resource = resource
        self.scope = scope
    }

    public var duration: Duration { .nanoseconds(self.end - self.start) }

    public var isError: Bool {
        if case .error = self.status { return true }
        return false
    }

    /// Whether it stands at the entry of its service: it has no parent, or one in another process.
    public var isEntry: Bool { self.parentID == nil || self.parentIsRemote }
}

extension SpanRecord {
    /// The record without secrets.
    public func redacted(by redactor: Redactor) -> SpanRecord {
        var span = self
        span.name = redactor.text(self.name)
        if case .error(let message) = self.status { span.status = .error(redactor.text(message)) }
        span.attributes = self.attributes.map(redactor.attribute)
        span.events = self.events.map {
            Event(name: redactor.text($0.name), time: $0.time, attributes: $0.attributes.map(redactor.attribute))
        }
        span.links = self.links.map {
            Link(traceID: $0.traceID, spanID: $0.spanID, attributes: $0.attributes.map(redactor.attribute))
        }
        span.resource = Resource(attributes: self.resource.attributes.map(redactor.attribute))
        return span
    }
}

/// Where finished spans go. It must be quick and not block: it is called where the span ends.
public protocol SpanSink: Sendable {
    /// A span that is recorded has begun.
    func began(_ trace: TraceID)
    /// It has ended. Once for each that began.
    func ended(_ span: SpanRecord)
}

extension SpanSink {
    public func began(_ trace: TraceID) {}
}
