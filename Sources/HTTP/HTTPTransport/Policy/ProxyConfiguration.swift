public import HTTP2
public import HTTPWire
public import TLS

/// What a ``ProxyServer`` is told.
public struct ProxyConfiguration: Sendable {
    /// Where it listens. Port 0: the system chooses. Default: 127.0.0.1, port 0.
    public var listen = Endpoint("127.0.0.1", 0)
    /// Event loops, each on a thread of its own with its own upstream connections. At least 1. Default: 1.
    public var loops = 1
    /// The groups of upstreams that a router names by index. Their endpoints may change (``ProxyServer/setEndpoints(_:of:)``);
    /// a group without any answers with 503.
    public var upstreams: [[Endpoint]] = []
    /// What clients must speak TLS with. Default: none, clients speak in the clear.
    public var tls: TLSServer?
    /// What HTTP/2 is measured against; nil: it is not spoken. Over TLS it is agreed on by ALPN, in the clear a client begins
    /// with it because it knows. Default: spoken.
    public var http2: HTTP2Limits? = HTTP2Limits()
    /// What messages are measured against.
    public var limits = WireLimits()

    /// Client connections of one loop; more are closed at once. Loops share new ones unevenly. At least 1. Default: 20,000.
    public var connections = 20_000
    /// Connections of one loop to one endpoint. At least 1. Default: 512.
    public var upstreamConnections = 512
    /// Requests of one loop that may wait for a connection to one endpoint; more are answered with 503. Default: 1,024.
    public var waitingRequests = 1_024
    /// Requests of one loop that may wait for a decision or a handler; more are answered with 503. Default: 4,096.
    public var suspendedRequests = 4_096
    /// Bytes of bodies that one loop holds for handlers; requests beyond are answered with 503. At least 1. Default: 268,435,456.
    public var collectedBytes = 268_435_456
    /// Bytes that may wait for a slow reader before its writer is no longer read. At least 1,024. Default: 65,536.
    public var buffer = 65_536

    /// From the first byte of a head (or the connection) to its last. Default: 10 seconds.
    public var headerTimeout = Duration.seconds(10)
    /// Between two requests of a connection. Default: 60 seconds.
    public var idleTimeout = Duration.seconds(60)
    /// Without a byte moved between client and upstream while a request is under way. Default: 30 seconds.
    public var upstreamTimeout = Duration.seconds(30)
    /// From the begin of a request to a connection for it. Default: 5 seconds.
    public var connectTimeout = Duration.seconds(5)
    /// From the head of a request to the end of its body, not counting a second for each ``minimumRate`` bytes that have come:
    /// who sends a little from time to time does not hold a connection for ever (as Apache's `RequestReadTimeout`).
    /// Default: 20 seconds.
    public var bodyTimeout = Duration.seconds(20)
    /// Bytes of a body per second, at least. At least 1. Default: 500.
    public var minimumRate = 500
    /// Without a byte in either direction of an upgraded connection. Default: 300 seconds.
    public var tunnelTimeout = Duration.seconds(300)
    /// How long an upstream connection is kept for later. Default: 50 seconds.
    public var upstreamIdleTimeout = Duration.seconds(50)

    /// Connections tried for one request before it is answered with 502. At least 1. Default: 3.
    public var attempts = 3
    /// Protocols that a client may upgrade to, in lower case. Default: websocket.
    public var upgrades = ["websocket"]
    /// The name in `Via`. Default: mainstay.
    public var name = "mainstay"

    public init() {}

    /// Every key whose value cannot be used, with what would be.
    public var problems: [String] {
        var found: [String] = []
        if self.loops < 1 || self.loops > 256 { found.append("loops: 1 to 256") }
        if self.upstreams.isEmpty { found.append("upstreams: at least one group") }
        if self.connections < 1 { found.append("connections: at least 1") }
        if self.upstreamConnections < 1 { found.append("upstreamConnections: at least 1") }
        if self.waitingRequests < 0 { found.append("waitingRequests: at least 0") }
        if self.suspendedRequests < 0 { found.append("suspendedRequests: at least 0") }
        if self.collectedBytes < 1 { found.append("collectedBytes: at least 1") }
        if self.minimumRate < 1 { found.append("minimumRate: at least 1") }
        if self.buffer < 1_024 { found.append("buffer: at least 1,024") }
        if self.attempts < 1 { found.append("attempts: at least 1") }
        let timeouts: KeyValuePairs = [
            "headerTimeout": self.headerTimeout, "idleTimeout": self.idleTimeout,
            "upstreamTimeout": self.upstreamTimeout, "connectTimeout": self.connectTimeout,
            "bodyTimeout": self.bodyTimeout,
            "tunnelTimeout": self.tunnelTimeout, "upstreamIdleTimeout": self.upstreamIdleTimeout,
        ]
        for (name, value) in timeouts where value < .milliseconds(1) { found.append("\(name): at least 1 ms") }
        return found
    }
}

/// A configuration that cannot be used.
public struct ProxyConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [String]
    public var description: String { self.problems.joined(separator: "; ") }

    public init(problems: [String]) {
        self.problems = problems
    }
}
