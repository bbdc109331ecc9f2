/// How often each version of each resource is used, and by whom: who must be told before a version ends.
public struct VersionUsage: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var resource: String
        public var version: Int
        public var consumer: String
        public var requests: Int

        public init(resource: String, version: Int, consumer: String, requests: Int) {
            self.resource = resource
            self.version = version
            self.consumer = consumer
            self.requests = requests
        }
    }

    private struct Key: Hashable {
        var resource: String
        var version: Int
        var consumer: String
    }

    /// Counts together all consumers beyond the maximum.
    public static let others = "(others)"

    private let maximumConsumers: Int
    private var counts: [Key: Int] = [:]

    /// - Parameter maximumConsumers: pairs of version and consumer that are counted apart. Default: 10,000.
    public init(maximumConsumers: Int = 10_000) {
        self.maximumConsumers = maximumConsumers
    }

    public mutating func count(resource: String, version: Int, consumer: String) {
        var key = Key(resource: resource, version: version, consumer: consumer)
        if self.counts[key] == nil, self.counts.count >= self.maximumConsumers { key.consumer = Self.others }
        self.counts[key, default: 0] += 1
    }

    /// Adds what another event loop counted.
    public mutating func merge(_ other: VersionUsage) {
        for entry in other.entries {
            var key = Key(resource: entry.resource, version: entry.version, consumer: entry.consumer)
            if self.counts[key] == nil, self.counts.count >= self.maximumConsumers { key.consumer = Self.others }
            self.counts[key, default: 0] += entry.requests
        }
    }

    /// By resource, version and falling use; what was counted together last.
    public var entries: [Entry] {
        self.counts.map {
            Entry(resource: $0.key.resource, version: $0.key.version, consumer: $0.key.consumer, requests: $0.value)
        }.sorted { left, right in
            let (leftOthers, rightOthers) = (left.consumer == Self.others, right.consumer == Self.others)
            if leftOthers != rightOthers { return rightOthers }
            if left.resource != right.resource { return left.resource < right.resource }
            if left.version != right.version { return left.version < right.version }
            return left.requests != right.requests
                ? left.requests > right.requests : left.consumer < right.consumer
        }
    }
}
