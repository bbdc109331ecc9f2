import Essentials

/// Who calls whom, how often, how well and how fast: drawn from spans.
public struct ServiceMap: Hashable, Sendable {
    public struct Node: Hashable, Comparable, Sendable {
        @nonexhaustive
        public enum Kind: Int, Hashable, Sendable {
            case service, database, messaging, external
        }

        public var name: String
        public var kind: Kind

        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }

        public static func < (left: Node, right: Node) -> Bool {
            (left.name, left.kind.rawValue) < (right.name, right.kind.rawValue)
        }
    }

    public struct Call: Hashable, Sendable {
        public var from: Node
        public var to: Node
        public var count = 0
        public var errors = 0
        /// In seconds, as the caller saw it where the caller's span is known.
        public var durations = ExponentialHistogram()

        public var errorRatio: Double { self.count == 0 ? 0 : Double(self.errors) / Double(self.count) }
    }

    /// Everybody who was seen, by name.
    public private(set) var nodes: Set<Node> = []
    private var edges: [[Node]: Call] = [:]
    /// How many nodes are kept; what would be more is left out and counted in ``overflowed``.
    public let maximumNodes: Int
    public private(set) var overflowed = 0

    public init(maximumNodes: Int = 500) {
        self.maximumNodes = maximumNodes
    }

    /// All calls, by caller and callee.
    public var calls: [Call] { self.edges.values.sorted { ($0.from, $0.to) < ($1.from, $1.to) } }

    /// Adds a trace. A client's or producer's span leads to the service whose span is below it; without one there it leads
    /// to the database, the queue or the host that it names. Where the caller's own span is missing, the parent's service
    /// is the caller.
    public mutating func add(_ trace: Trace) {
        let byID = Dictionary(trace.spans.map { ($0.spanID, $0) }) { first, _ in first }
        for span in trace.spans {
            let here = Node(name: span.resource.service, kind: .service)
            self.see(here)
            switch span.kind {
            case .client, .producer:
                if !TimeShares.isAnswered(span, in: trace), let peer = Self.peer(of: span) {
                    self.call(from: here, to: peer, span)
                }
            case .server, .consumer:
                guard let parent = span.parentID.flatMap({ byID[$0] }) else { continue }
                let caller = Node(name: parent.resource.service, kind: .service)
                let seen = parent.kind == .client || parent.kind == .producer ? parent : span
                if caller != here { self.call(from: caller, to: here, seen) }
            case .internal, .unspecified: continue
            }
        }
    }

    private mutating func see(_ node: Node) {
        guard !self.nodes.contains(node) else { return }
        if self.nodes.count < self.maximumNodes { self.nodes.insert(node) } else { self.overflowed += 1 }
    }

    private mutating func call(from: Node, to: Node, _ span: SpanRecord) {
        self.see(from)
        self.see(to)
        guard self.nodes.contains(from), self.nodes.contains(to) else { return }
        self.edges[[from, to], default: Call(from: from, to: to)].count += 1
        if span.isError { self.edges[[from, to]]?.errors += 1 }
        self.edges[[from, to]]?.durations.record(span.duration.fractionalSeconds)
    }

    /// Whom a span says that it called.
    static func peer(of span: SpanRecord) -> Node? {
        let attributes = span.attributes
        if let system = attributes[SemanticConventions.databaseSystem]?.string {
            let name = attributes[SemanticConventions.databaseNamespace]?.string.map { "\(system):\($0)" } ?? system
            return Node(name: name, kind: .database)
        }
        if let system = attributes[SemanticConventions.messagingSystem]?.string {
            return Node(name: system, kind: .messaging)
        }
        if let service = attributes[SemanticConventions.peerService]?.string {
            return Node(name: service, kind: .service)
        }
        return attributes[SemanticConventions.serverAddress]?.string.map { Node(name: $0, kind: .external) }
    }
}
