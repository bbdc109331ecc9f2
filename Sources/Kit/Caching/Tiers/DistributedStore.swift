/// Bytes by key that several processes share and that expire, such as Redis.
///
/// Who finds nothing gets a lease, and what it writes under the lease is refused when the key was invalidated or written
/// meanwhile: so nobody brings an outdated value back.
/// Source: Nishtala and others, "Scaling Memcache at Facebook", NSDI 2013.
public protocol DistributedStore: Sendable {
    func read(_ key: String) async throws -> DistributedRead

    /// Keeps `bytes` for `timeToLive`.
    /// - Parameter lease: of an earlier read; nil to write in any case, which makes all leases of the key void.
    /// - Returns: whether it was kept; false when the lease is void.
    func write(
        _ bytes: [UInt8], for key: String, timeToLive: Duration, under lease: DistributedLease?
    ) async throws -> Bool

    /// Forgets the keys, and makes all leases of them void.
    func invalidate(_ keys: [String]) async throws
}

/// What a store knows about a key.
public enum DistributedRead: Hashable, Sendable {
    case hit([UInt8])
    case miss(DistributedLease)
}

/// The right to fill a key that was missing, until somebody invalidates or writes it.
public struct DistributedLease: Hashable, Sendable {
    /// Counts the invalidations of the key, or of a group of keys that it belongs to.
    public var generation: UInt64

    public init(generation: UInt64) {
        self.generation = generation
    }
}
