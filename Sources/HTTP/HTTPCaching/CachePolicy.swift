import Essentials

/// How a shared cache uses what RFC 9111 leaves open.
public struct CachePolicy: Sendable {
    /// Fields that aim `Cache-Control` at this cache, in lower case, the most specific first (RFC 9213); the first one that is
    /// valid counts instead of `Cache-Control` and `Expires`. Default: cdn-cache-control.
    public var targets = ["cdn-cache-control"]
    /// Which part of the time since its last change an answer without explicit freshness counts as fresh. From 0 to 1; 0: never
    /// fresh. Default: 0.1.
    public var heuristicFraction = 0.1
    /// The most that a heuristic may give. Not negative. Default: 1 hour.
    public var heuristicLimit = Duration.seconds(3_600)
    /// Freshness of a 200 that says nothing about it. Not negative. Default: none.
    public var defaultLifetime: Duration?
    /// How long after it became stale an answer may be served while the origin cannot be reached, unless the origin forbids
    /// it (RFC 9111 §4.2.4). Not negative. Default: 1 hour.
    public var staleWhenDisconnected = Duration.seconds(3_600)
    /// Whether `Cache-Control` of requests counts; otherwise only their `only-if-cached` does. Default: true.
    public var obeysClients = true

    public init() {}

    /// What is wrong, as sentences.
    public var problems: [String] {
        var found: [String] = []
        if !(0...1).contains(self.heuristicFraction) { found.append("heuristicFraction: from 0 to 1") }
        if self.heuristicLimit < .zero { found.append("heuristicLimit: not negative") }
        if let lifetime = self.defaultLifetime, lifetime < .zero { found.append("defaultLifetime: not negative") }
        if self.staleWhenDisconnected < .zero { found.append("staleWhenDisconnected: not negative") }
        return found
    }
}
