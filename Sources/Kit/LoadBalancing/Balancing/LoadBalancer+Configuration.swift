extension LoadBalancer {
    /// How a host is chosen.
    public enum Algorithm: String, Hashable, Sendable, CaseIterable {
        /// In turn, without regard to weights.
        case roundRobin
        /// In turn by weight, a heavy host's turns spread evenly: stride scheduling (Waldspurger and Weihl 1995), as
        /// Envoy's earliest-deadline-first scheduler does it. O(log n).
        case weightedRoundRobin
        /// The host with the fewest calls under way for its weight; among equals the one chosen longest ago. O(log n).
        case leastConnections
        /// The better of two hosts drawn by weight (Mitzenmacher 2001, "The power of two choices"): the one with fewer
        /// calls under way for its weight. As good as knowing all, without a herd behind the one that is best. O(1).
        case leastRequest
        /// The better of two hosts drawn by weight, by expected waiting: calls under way times a moving average of
        /// latency that jumps up at once and comes down slowly (Finagle's peak EWMA). O(1).
        case peakEWMA
        /// By the key, mostly the client's address: equal keys stay with a host as long as it is there. O(log n).
        case ipHash
        /// Consistent hashing (Karger and others 1997) on a ring, with bounded loads (Mirrokni, Thorup, Zadimoghaddam
        /// 2016): a host takes no more than ``Configuration/loadBound`` times its share, the next on the ring takes
        /// the rest. O(log n).
        case ringHash
        /// By the key in a table filled by Google's Maglev (Eisenbud and others 2016): shares are more even than on a
        /// ring, and a few more keys move when a host joins or leaves. O(1).
        case maglev

        /// Whether calls with one key go to one host.
        public var usesKey: Bool {
            switch self {
            case .ipHash, .ringHash, .maglev: true
            case .roundRobin, .weightedRoundRobin, .leastConnections, .leastRequest, .peakEWMA: false
            }
        }
    }

    /// How hosts are chosen, left out and brought in.
    public struct Configuration: Hashable, Sendable {
        /// Default: `leastRequest`.
        public var algorithm = Algorithm.leastRequest
        /// When fewer than this share of the hosts are healthy all are used that do not drain: it is then likelier that
        /// the cause lies elsewhere, and the few left would be crushed. In percent, 0...100; 0 for never. Default: 50.
        public var panicThreshold = 50
        /// How a host that joined or came back gets its full share. Default: at once.
        public var slowStart = SlowStart()
        /// When failing calls leave a host out. Nil: never. Default: as Envoy. Its own panic threshold is not used.
        public var outliers: OutlierEjection.Configuration? = OutlierEjection.Configuration()

        /// Points on the ring of a host of weight 1. In 1...4,096. Default: 256, for shares within about a fifth.
        public var ringPoints = 256
        /// How far above its share `ringHash` loads a host. More than 1; infinite for no bound. Default: 1.25.
        public var loadBound = 1.25
        /// Places of the Maglev table; a prime, at least 100 times the number of hosts. Default: 65,537.
        public var maglevPlaces = 65_537
        /// How fast peak EWMA forgets. More than zero. Default: 10 s.
        public var decay: Duration = .seconds(10)
        /// A failed call counts as having taken at least this long, so that a host which fails fast does not look fast.
        /// Default: 1 s.
        public var failurePenalty: Duration = .seconds(1)

        public init(_ algorithm: Algorithm = .leastRequest) {
            self.algorithm = algorithm
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems = self.outliers?.problems() ?? []
            if !(0...100).contains(self.panicThreshold) { problems.append("panicThreshold must lie in 0...100") }
            if !(1...4_096).contains(self.ringPoints) { problems.append("ringPoints must lie in 1...4,096") }
            if !(self.loadBound > 1) { problems.append("loadBound must be more than 1") }
            if !Self.isPrime(self.maglevPlaces) { problems.append("maglevPlaces must be a prime from 2 to 16,777,213") }
            if self.decay <= .zero { problems.append("decay must be more than zero") }
            if self.failurePenalty < .zero { problems.append("failurePenalty must not be below zero") }
            return problems + self.slowStart.problems()
        }

        private static func isPrime(_ number: Int) -> Bool {
            guard (2...16_777_213).contains(number) else { return false }
            var divisor = 2
            while divisor * divisor <= number {
                if number % divisor == 0 { return false }
                divisor += 1
            }
            return true
        }
    }
}
