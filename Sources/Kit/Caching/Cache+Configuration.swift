import Essentials

extension Cache {
    /// How much a cache holds, for how long, and what it does when loading is slow or fails.
    public struct Configuration: Sendable {
        /// What a cache may hold.
        public enum Bound: Sendable {
            /// So many entries. At least 1.
            case count(Int)
            /// Entries of so much weight together, each weighed when it is written; a weight is at least 0 and below 2^32.
            /// An entry that is heavier than a shard's part of the bound is not kept.
            case weight(Int, by: @Sendable (Key, Value?) -> Int)
        }

        /// What may be served when the source fails or is slow. Names are FusionCache's.
        public struct FailSafe: Hashable, Sendable {
            /// How long after its expiry a value may be served. Above 0.
            public var maximumDuration: Duration
            /// How long a value that was served stale counts as fresh, so that a failing source is left alone. Above 0.
            public var throttleDuration: Duration

            public init(maximumDuration: Duration = .seconds(86_400), throttleDuration: Duration = .seconds(30)) {
                self.maximumDuration = maximumDuration
                self.throttleDuration = throttleDuration
            }
        }

        /// Default: 10,000 entries.
        public var bound = Bound.count(10_000)
        /// Default: never.
        public var expiry = CacheExpiry.never
        /// A chance part of this is added to each entry's time, so that what was written together does not expire
        /// together. Not negative. Default: none.
        public var jitter = Duration.zero
        /// How long "there is none" is remembered; zero: not at all. Default: 30 s.
        public var negativeDuration = Duration.seconds(30)
        /// The part of an entry's lifetime after which a loading read refreshes it in the background; above 0, below 1.
        /// Default: nil, no refreshing ahead.
        public var refreshAhead: Double?
        /// Default: nil, an expired value is never served.
        public var failSafe: FailSafe?
        /// How long a loading read waits while it has an expired value to fall back to. Above 0. Default: nil, to the end.
        public var softTimeout: Duration?
        /// How long a load may take; it is cancelled then. Above 0. Default: 60 s.
        public var hardTimeout: Duration? = .seconds(60)
        /// Parts with a lock and a policy each, a power of two from 1 to 16. Default: nil, which means 1 below 32,768
        /// entries and for a bound by weight, and 8 otherwise.
        public var shards: Int?
        /// Is told of each entry that left, outside of locks, by the task that caused it. It must be quick.
        public var onRemoval: (@Sendable (CacheRemoval<Key, Value>) -> Void)?

        public init() {}

        /// So many entries, and everything else by default.
        public init(maximumCount: Int, expiry: CacheExpiry = .never) {
            self.bound = .count(maximumCount)
            self.expiry = expiry
        }

        var maximum: Int {
            switch self.bound {
            case .count(let count): count
            case .weight(let weight, _): weight
            }
        }

        var isWeighted: Bool {
            switch self.bound {
            case .count: false
            case .weight: true
            }
        }

        var shardCount: Int { self.shards ?? (self.isWeighted || self.maximum < 32_768 ? 1 : 8) }

        /// What is wrong with the settings, as sentences.
        var problems: [String] {
            var problems: [String] = []
            if self.maximum < 1 { problems.append("bound: at least 1") }
            if self.jitter < .zero { problems.append("jitter: not negative") }
            if self.negativeDuration < .zero { problems.append("negativeDuration: not negative") }
            if let refreshAhead, !(refreshAhead > 0 && refreshAhead < 1) {
                problems.append("refreshAhead: above 0, below 1")
            }
            if let failSafe, failSafe.maximumDuration <= .zero || failSafe.throttleDuration <= .zero {
                problems.append("failSafe: durations above 0")
            }
            if let softTimeout, softTimeout <= .zero { problems.append("softTimeout: above 0") }
            if let hardTimeout, hardTimeout <= .zero { problems.append("hardTimeout: above 0") }
            if ![1, 2, 4, 8, 16].contains(self.shardCount) || self.shardCount > self.maximum {
                problems.append("shards: a power of two from 1 to 16, and no more than the bound")
            }
            return problems
        }
    }
}

extension Cache.Configuration {
    /// The times of an entry that is written at `now`.
    func timing(
        _ options: CacheEntryOptions?, isNegative: Bool, at now: Int64, wallClock: WallClock, chance: Chance
    ) -> SlotTiming {
        var timing = SlotTiming()
        let expiry = options?.expiry ?? (isNegative ? .afterWrite(self.negativeDuration) : self.expiry)
        let lifetime: Int64
        switch expiry {
        case .never: return timing
        case .afterWrite(let duration): lifetime = max(0, duration.nanoseconds)
        case .afterAccess(let duration, let maximum):
            lifetime = max(0, duration.nanoseconds)
            timing.slide = max(1, lifetime)
            if let maximum { timing.latest = now.addingSaturated(max(0, maximum.nanoseconds)) }
        case .at(let date): lifetime = max(0, (date - wallClock.now).nanoseconds)
        }
        let extra = self.jitter == .zero ? 0 : Int64(chance.fraction() * Double(self.jitter.nanoseconds))
        timing.expiresAt = min(now.addingSaturated(lifetime.addingSaturated(extra)), timing.latest)
        if let refreshAhead, timing.slide == 0 {
            timing.refreshAt = now.addingSaturated(Int64(Double(lifetime) * refreshAhead))
        }
        if let failSafe, !isNegative { timing.grace = failSafe.maximumDuration.nanoseconds }
        return timing
    }
}
