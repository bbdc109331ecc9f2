public import Essentials
public import HTTPCaching
public import HTTPTransport

/// What an ``EdgeCache`` is told.
public struct EdgeConfiguration: Sendable {
    /// Which tier a cache is.
    public enum Role: String, Sendable, CaseIterable {
        /// What clients talk to.
        case edge
        /// What edges ask, so that the origin hears once of what many edges miss.
        case shield
    }

    /// Default: edge.
    public var role = Role.edge
    /// Where it listens. Port 0: the system chooses. Default: 127.0.0.1, port 0.
    public var listen = Endpoint("127.0.0.1", 0)
    /// Event loops, each on a thread of its own; they share one store. Default: 1.
    public var loops = 1
    /// What misses go to: servers that answer alike.
    public var origins: [Endpoint] = []
    /// The name in `Cache-Status`, a token. Default: mainstay-edge or mainstay-shield.
    public var name: String?
    /// What RFC 9111 leaves open. Default: that of ``CachePolicy``, with the heuristic's limit of the role: 1 hour for an edge, 24
    /// hours for a shield.
    public var policy: CachePolicy
    /// Memory for stored answers. At least 1 MiB. Default: 256 MiB.
    public var memory = ByteCount.mebibytes(256)
    /// Content of a stored answer, at most; larger ones pass through. Default: 16 MiB.
    public var largestAnswer = ByteCount.mebibytes(16)
    /// Variants of one target (`Vary`); the oldest goes. At least 1. Default: 32.
    public var variants = 32
    /// How long a target whose answer could not be shared is asked for without waiting for others. Default: 120 seconds.
    public var unsharedMemory = Duration.seconds(120)
    /// What who purges must present as a bearer token. Default: none, purging is switched off.
    public var token: Redacted<String>?
    /// Tells the tier behind this one what is purged, before this one forgets it; returns when that is done. Default: none.
    public var purgeBehind: (@Sendable (PurgeOrder) async throws -> Void)?
    /// Tells the tiers in front of this one, after it has forgotten. Default: none.
    public var purgeInFront: (@Sendable (PurgeOrder) async throws -> Void)?

    public init(role: Role = .edge) {
        self.role = role
        self.policy = CachePolicy()
        self.policy.heuristicLimit = role == .edge ? .seconds(3_600) : .seconds(86_400)
    }

    /// What is wrong, as sentences.
    public var problems: [String] {
        var found = self.policy.problems
        if self.origins.isEmpty { found.append("origins: at least one") }
        if self.memory < .mebibytes(1) { found.append("memory: at least 1 MiB") }
        if self.variants < 1 { found.append("variants: at least 1") }
        if let token, token.exposed.utf8.count < 16 { found.append("token: at least 16 bytes") }
        return found
    }

    var cacheName: String { self.name ?? "mainstay-\(self.role.rawValue)" }
}
