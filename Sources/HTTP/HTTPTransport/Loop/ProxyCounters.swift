/// What a proxy has done since it started.
public struct ProxyCounters: Hashable, Sendable {
    /// Client connections accepted.
    public var connections = 0
    /// Client connections that are open now.
    public var openConnections = 0
    /// Client connections closed at once because there were too many.
    public var rejectedConnections = 0
    /// Requests that were read completely.
    public var requests = 0
    /// Answers of upstreams that were passed on completely.
    public var answers = 0
    /// Answers of the proxy's own, by malformed requests and by everything else.
    public var malformed = 0
    public var problems = 0
    /// Requests sent again on another connection.
    public var retries = 0
    /// Connections made to upstreams.
    public var upstreamConnections = 0
    /// Exchanges that broke off after the answer had begun, or because the client left.
    public var aborted = 0
    /// Requests that wait now for a decision or a handler off the loop.
    public var suspendedRequests = 0
    /// Bytes of bodies that are held now for handlers.
    public var collectedBytes = 0
    /// Rounds of the loops: how often one of them looked for something to do.
    public var rounds = 0
    /// Connections that speak HTTP/2.
    public var sessions = 0
    /// Connections that became tunnels.
    public var upgrades = 0

    public init() {}

    static func + (left: ProxyCounters, right: ProxyCounters) -> ProxyCounters {
        var sum = left
        sum.connections += right.connections
        sum.openConnections += right.openConnections
        sum.rejectedConnections += right.rejectedConnections
        sum.requests += right.requests
        sum.answers += right.answers
        sum.malformed += right.malformed
        sum.problems += right.problems
        sum.retries += right.retries
        sum.upstreamConnections += right.upstreamConnections
        sum.aborted += right.aborted
        sum.suspendedRequests += right.suspendedRequests
        sum.collectedBytes += right.collectedBytes
        sum.rounds += right.rounds
        sum.sessions += right.sessions
        sum.upgrades += right.upgrades
        return sum
    }
}
