/// In how many runs each rare path was taken. A harness that no longer reaches a path must fail.
public struct Sightings: Hashable, Sendable {
    public struct Count: Hashable, Sendable {
        /// In how many runs it was taken at least once.
        public var runs = 0
        /// How often it was taken.
        public var times = 0
        /// The first run in which it was taken.
        public var firstSeed: UInt64?
    }

    public private(set) var runs = 0
    public private(set) var counts: [String: Count] = [:]

    public init() {}

    /// Counts a run.
    public mutating func add(_ report: SimulationReport) {
        self.runs += 1
        for (name, times) in report.sightings {
            var count = self.counts[name, default: Count()]
            count.times += times
            if times > 0 {
                count.runs += 1
                count.firstSeed = min(count.firstSeed ?? report.seed, report.seed)
            }
            self.counts[name] = count
        }
    }

    /// Counts the runs that somebody else has counted.
    public mutating func add(_ other: Sightings) {
        self.runs += other.runs
        for (name, theirs) in other.counts {
            var count = self.counts[name, default: Count()]
            count.runs += theirs.runs
            count.times += theirs.times
            count.firstSeed = [count.firstSeed, theirs.firstSeed].compactMap { $0 }.min()
            self.counts[name] = count
        }
    }

    /// Declared, and taken in no run; in alphabetical order.
    public var missing: [String] { self.counts.filter { $0.value.runs == 0 }.map(\.key).sorted() }
}
