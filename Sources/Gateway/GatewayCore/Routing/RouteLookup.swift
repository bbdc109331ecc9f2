import LoadBalancing

/// Finds the routes that may fit by host and first segments of the path, in open addressing.
///
/// A route stands in one list for each of its whole hosts, or in that of no host; under its first two segments if both are
/// literal, under the first if that is, else under none. A request looks into at most six lists.
struct RouteLookup: Sendable {
    private var keys: [UInt64] = []
    private var lists: [Piece] = []
    private var ranks: [Int32] = []
    /// Whether any route names a whole host.
    private(set) var usesHosts = false

    init(_ routes: [Route]) {
        var found: [UInt64: [Int32]] = [:]
        for (rank, route) in routes.enumerated() {
            let literals = Self.literals(route.match.path)
            let whole = route.match.hosts.filter { !$0.hasPrefix("*.") }
            self.usesHosts = self.usesHosts || !whole.isEmpty
            var hosts = Set(whole.map { Self.hash($0, Self.hostSeed, isFolded: true) })
            // Routes of wildcards are compared one by one.
            if whole.count < route.match.hosts.count || whole.isEmpty { hosts.insert(0) }
            for host in hosts {
                let key = literals.reduce(Self.start(host)) { Self.hash($1, $0, isFolded: false) }
                found[key, default: []].append(Int32(rank))
            }
        }
        var size = 8
        while size < found.count * 3 { size *= 2 }
        self.keys = [UInt64](repeating: 0, count: size)
        self.lists = [Piece](repeating: Piece(), count: size)
        for (key, ranks) in found.sorted(by: { $0.key < $1.key }) {
            let place = self.place(of: key)
            self.keys[place] = key
            self.lists[place] = Piece(start: Int32(self.ranks.count), count: Int32(ranks.count))
            self.ranks += ranks
        }
    }

    /// Up to two literal segments that every path of the pattern begins with.
    private static func literals(_ path: PathPattern) -> [String] {
        path.segments.prefix(2).prefix { segment in
            if case .literal = segment { true } else { false }
        }.compactMap { segment in
            if case .literal(let text) = segment { text } else { nil }
        }
    }

    /// The list of a key; empty when there is none.
    @inline(__always)
    func list(_ key: UInt64) -> Piece { self.lists[self.place(of: key)] }

    @inline(__always)
    func rank(_ position: Int) -> Int { Int(self.ranks[position]) }

    /// Where the key is, or may be put.
    @inline(__always)
    private func place(of key: UInt64) -> Int {
        let mask = self.keys.count - 1
        var place = Int(truncatingIfNeeded: key) & mask
        while self.keys[place] != key, !self.lists[place].isEmpty { place = (place + 1) & mask }
        return place
    }

    // MARK: Keys

    static let hostSeed: UInt64 = 0x2545_F491_4F6C_DD1D

    /// The key of no segments.
    @inline(__always)
    static func start(_ host: UInt64) -> UInt64 { host ^ 0x9E37_79B9_7F4A_7C15 }

    private static func hash(_ text: String, _ seed: UInt64, isFolded: Bool) -> UInt64 {
        let bytes = Array(text.utf8)
        return self.hash(bytes.span.bytes, seed, isFolded: isFolded)
    }

    /// Eight bytes a step. A collision costs a comparison and nothing else.
    @inline(__always)
    static func hash(_ bytes: RawSpan, _ seed: UInt64, isFolded: Bool) -> UInt64 {
        var hash = seed ^ UInt64(bytes.byteCount)
        var index = 0
        let fold: UInt64 = isFolded ? 0x2020_2020_2020_2020 : 0
        while index + 8 <= bytes.byteCount {
            hash = self.step(hash, self.folded(bytes.word(at: index), fold))
            index += 8
        }
        if index < bytes.byteCount {
            var word: UInt64 = 0
            for offset in index..<bytes.byteCount { word = word << 8 | UInt64(bytes.at(offset)) }
            hash = self.step(hash, self.folded(word, fold))
        }
        return hash
    }

    @inline(__always)
    private static func step(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let (high, low) = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }

    /// Letters of a host in lower case. Only letters, digits, dots and hyphens matter: what else changes meets nothing.
    @inline(__always)
    private static func folded(_ word: UInt64, _ fold: UInt64) -> UInt64 {
        guard fold != 0 else { return word }
        // Bit 6 set: a letter (or one of few bytes that no name has).
        return word | ((word & 0x4040_4040_4040_4040) >> 1)
    }
}
