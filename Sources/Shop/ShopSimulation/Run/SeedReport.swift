import Essentials
import Simulation

/// What one seed gave, as one line of JSON: what worker processes tell the one that started them.
public struct SeedReport: Codable, Hashable, Sendable {
    public var seed: UInt64
    /// Of every step, message, draw of a fault and answer: equal runs have equal digests.
    public var digest: UInt64
    public var steps: Int
    /// Virtual seconds.
    public var simulatedSeconds: Double
    public var checkouts: Int
    public var faults: Int
    public var anomalies: [Anomaly]
    /// Rare paths, and how often this seed walked them.
    public var sightings: [String: Int]

    public init(_ verdict: ShopRun.Verdict) {
        self.seed = verdict.seed
        self.digest = verdict.report.digest
        self.steps = verdict.report.steps
        self.simulatedSeconds = verdict.report.simulated.fractionalSeconds
        self.checkouts = verdict.checkouts
        self.faults = verdict.report.faults.count
        self.anomalies = verdict.anomalies
        self.sightings = verdict.sightings
    }

    /// A seed whose process died.
    public init(died seed: UInt64, _ how: String) {
        self.seed = seed
        self.digest = 0
        self.steps = 0
        self.simulatedSeconds = 0
        self.checkouts = 0
        self.faults = 0
        self.anomalies = [Anomaly(.deadService, "the simulation itself died: \(how)")]
        self.sightings = [:]
    }

    public var isGood: Bool { self.anomalies.isEmpty }
}

/// What many seeds gave.
public struct SwarmReport: Sendable {
    public private(set) var seeds: [UInt64: SeedReport] = [:]

    public init() {}

    public mutating func add(_ report: SeedReport) { self.seeds[report.seed] = report }

    public var failed: [SeedReport] { self.seeds.values.filter { !$0.isGood }.sorted { $0.seed < $1.seed } }
    public var steps: Int { self.seeds.values.reduce(0) { $0 + $1.steps } }
    public var checkouts: Int { self.seeds.values.reduce(0) { $0 + $1.checkouts } }
    public var faults: Int { self.seeds.values.reduce(0) { $0 + $1.faults } }
    public var simulatedSeconds: Double { self.seeds.values.reduce(0) { $0 + $1.simulatedSeconds } }

    /// Rare paths and how many seeds walked them, by name.
    public var rarePaths: [(name: String, seeds: Int)] {
        var counts: [String: Int] = [:]
        for name in RarePaths.names { counts[name] = 0 }
        for report in self.seeds.values {
            for (name, count) in report.sightings where count > 0 { counts[name, default: 0] += 1 }
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Seeds that another run of the same seeds told otherwise.
    public func differences(from other: SwarmReport) -> [UInt64] {
        self.seeds.keys.filter { self.seeds[$0]?.digest != other.seeds[$0]?.digest }.sorted()
    }
}

extension ShopRun {
    /// The fewest of the faults of a failed run with which it still fails in the same way.
    ///
    /// - Parameter runs: the most runs to spend.
    public func shrunk(_ verdict: Verdict, runs: Int = 300) -> Verdict {
        let kinds = Set(verdict.anomalies.map(\.kind))
        var best = verdict
        _ = Shrinking.smallest(verdict.report.faults.map(\.id), maximumRuns: runs) { chosen in
            var options = self.options
            options.faults = .only(chosen)
            let tried = ShopRun(seed: self.seed, options: options).run()
            guard !kinds.isDisjoint(with: tried.anomalies.map(\.kind)) else { return false }
            if tried.report.faults.count < best.report.faults.count { best = tried }
            return true
        }
        return best
    }
}
