public import Essentials

/// A request and its answer, as routers see them. Belongs to one loop; one object serves a connection's requests in turn.
public final class ProxyExchange {
    /// Small, and unique among the exchanges that are under way on the loop: the index of what a router keeps of each.
    public internal(set) var id = -1
    /// The client's address as text.
    public let peer: [UInt8]
    /// Whether the client came through TLS.
    public let isSecure: Bool
    /// When the head was complete. Clocks are read once per round of the loop.
    public internal(set) var began = Tick(nanoseconds: 0)
    /// What a ``ProxyDecision/wait(_:)`` returned.
    public internal(set) var finding: (any Sendable)?
    /// The most bytes of content that the request may have, beyond which it is refused with 413. A router may lower it
    /// when it is asked where the request goes. Begins as `limits.body` of the configuration.
    public var bodyLimit = Int64.max
    /// Whether the content of the answer is passed on as gzip. A router that says so, when it is shown the head of the
    /// answer, also writes `Content-Encoding` and drops what belongs to the bytes as they were.
    public var encodesAnswer = false
    /// Whether the router is shown all content: ``ProxyRouter/watched(_:request:)``, ``ProxyRouter/watched(_:answer:)``.
    public var isWatched = false
    /// Whether the proxy made the request by itself: see ``background``.
    public internal(set) var isInternal = false
    /// A whole request without a body that the router wants made besides this one, with `Connection: close`. It is routed like
    /// any other once this one has been decided about; its answer goes to nobody.
    public var background: [UInt8]?

    init(peer: [UInt8], isSecure: Bool) {
        self.peer = peer
        self.isSecure = isSecure
    }
}

/// How an exchange ended, and what it took.
public struct ProxyReport: Hashable, Sendable {
    public enum Ending: Hashable, Sendable {
        /// The upstream's answer was passed on whole.
        case forwarded
        /// The router's own answer was given, or that of a handler.
        case answered
        /// The proxy could not go on, and said so.
        case problem(EdgeProblem)
        /// The upstream broke off in the middle of its answer.
        case upstreamBroke
        /// The client left, or was too slow to take its answer.
        case clientLeft
        /// The connection became a tunnel, which is over now.
        case tunnel
    }

    public var ending: Ending
    /// Of the answer; 0 when none was begun.
    public var status: Int
    /// Bytes of content of the request and of the answer.
    public var received: Int64
    public var sent: Int64
    /// Where the request was sent last, if anywhere.
    public var group: Int?
    public var endpoint: Endpoint?
    /// Connections that were tried.
    public var attempts: Int
    /// When the head was complete, when the head of the upstream's answer was there, and when all was over.
    public var began: Tick
    public var answered: Tick?
    public var ended: Tick
}

/// A whole request, for a handler off the loop.
public struct ProxyRequest: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    public var method: String
    /// In origin form, or `*`.
    public var target: String
    /// In the order in which they came, but for those that were dropped and those of the framing.
    public var fields: [Field]
    public var body: [UInt8]
    /// The client's address.
    public var peer: String
    /// Whether the client came through TLS.
    public var isSecure = false
}
