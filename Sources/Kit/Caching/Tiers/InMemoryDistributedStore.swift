public import Essentials
import Synchronization

/// The distributed store of a single process: bounded memory under the same rules as any other.
public final class InMemoryDistributedStore: DistributedStore {
    private static let generationCount = 1_024

    private let entries: Cache<String, [UInt8]>
    /// By hash: keys that share one make each other's leases void, which costs a fill and nothing else.
    private let generations = Mutex([UInt64](repeating: 0, count: InMemoryDistributedStore.generationCount))

    /// - Parameter maximumCount: entries. At least 1. Default: 100,000.
    public init(maximumCount: Int = 100_000, time: TimeSource = .system) {
        self.entries = Cache(.init(maximumCount: maximumCount), time: time)
    }

    public func read(_ key: String) async throws -> DistributedRead {
        // The generation first: an invalidation after it makes the lease void.
        let lease = DistributedLease(generation: self.generations.withLock { $0[self.place(of: key)] })
        return self.entries.value(for: key).map { .hit($0) } ?? .miss(lease)
    }

    public func write(
        _ bytes: [UInt8], for key: String, timeToLive: Duration, under lease: DistributedLease?
    ) async throws -> Bool {
        let options = CacheEntryOptions(expiry: .afterWrite(timeToLive))
        return self.generations.withLock { generations in
            let place = self.place(of: key)
            if let lease, lease.generation != generations[place] { return false }
            if lease == nil { generations[place] += 1 }
            self.entries.put(bytes, for: key, options)
            return true
        }
    }

    public func invalidate(_ keys: [String]) async throws {
        self.generations.withLock { generations in
            for key in keys {
                generations[self.place(of: key)] += 1
                self.entries.invalidate(key)
            }
        }
    }

    private func place(of key: String) -> Int {
        Int(KeyHash.of(key, seed: self.entries.seed) % UInt64(Self.generationCount))
    }
}
