/// The tags of entries, and which of them were purged since. Purging counts a generation up and touches no entry.
///
/// Loads that are under way are remembered by the number of purges before them: what they bring is refused when one of
/// its tags was purged in between.
struct TagTable {
    /// A tag as an entry knows it: outdated when the tag's generation has moved on.
    private struct Mark {
        var tag: Int
        var generation: UInt32
    }

    private struct Record {
        var name: String
        var generation: UInt32 = 0
        /// The number of the last purge.
        var purge: UInt64 = 0
        var entries = 0
    }

    private static let forgottenLimit = 1_024

    private var numbers: [String: Int] = [:]
    private var records: [Record] = []
    private var free: [Int] = []
    private var marks: [UInt32: [Mark]] = [:]
    /// Tags without entries, kept because a load under way may bring one.
    private var keptForLoads: [Int] = []
    private(set) var purges: UInt64 = 0
    private var loads = 0
    /// Purges up to here are not known one by one any more; they count for every tag.
    private var floor: UInt64 = 0

    var isEmpty: Bool { self.marks.isEmpty }
    var tagCount: Int { self.numbers.count }

    mutating func set(_ slot: UInt32, _ tags: [String]) {
        self.clear(slot)
        guard !tags.isEmpty else { return }
        self.marks[slot] = Set(tags).map { name in
            let tag = self.number(of: name)
            self.records[tag].entries += 1
            return Mark(tag: tag, generation: self.records[tag].generation)
        }
    }

    mutating func clear(_ slot: UInt32) {
        guard let marks = self.marks.removeValue(forKey: slot) else { return }
        for mark in marks {
            self.records[mark.tag].entries -= 1
            if self.records[mark.tag].entries == 0 { self.release(mark.tag) }
        }
    }

    func isPurged(_ slot: UInt32) -> Bool {
        guard let marks = self.marks[slot] else { return false }
        return marks.contains { self.records[$0.tag].generation != $0.generation }
    }

    mutating func purge(_ name: String) {
        self.purges += 1
        guard self.numbers[name] != nil || self.loads > 0 else { return }
        let tag = self.number(of: name)
        self.records[tag].generation &+= 1
        self.records[tag].purge = self.purges
        if self.records[tag].entries == 0 { self.release(tag) }
    }

    // MARK: Loads under way

    /// A load begins. What it brings is checked against the number of purges now.
    mutating func loadBegins() -> UInt64 {
        self.loads += 1
        return self.purges
    }

    mutating func loadEnds() {
        self.loads -= 1
        if self.loads == 0 { self.forgetKept() }
    }

    /// Whether something with these tags, read when there had been `purges` purges, is outdated.
    func refuses(_ tags: [String], since purges: UInt64) -> Bool {
        tags.contains { name in
            guard let tag = self.numbers[name] else { return purges < self.floor }
            return max(self.records[tag].purge, self.floor) > purges
        }
    }

    // MARK: Records

    private mutating func number(of name: String) -> Int {
        if let number = self.numbers[name] { return number }
        let number = self.free.popLast() ?? self.records.count
        // A number that is used again goes on with its generations, so that no old mark fits.
        let generation = number < self.records.count ? self.records[number].generation &+ 1 : 0
        let record = Record(name: name, generation: generation)
        if number < self.records.count { self.records[number] = record } else { self.records.append(record) }
        self.numbers[name] = number
        return number
    }

    private mutating func release(_ tag: Int) {
        guard self.loads > 0, self.records[tag].purge > 0 else { return self.forget(tag) }
        self.keptForLoads.append(tag)
        guard self.keptForLoads.count > Self.forgottenLimit else { return }
        self.floor = self.purges
        self.forgetKept()
    }

    private mutating func forgetKept() {
        for tag in self.keptForLoads where self.records[tag].entries == 0 { self.forget(tag) }
        self.keptForLoads = []
    }

    private mutating func forget(_ tag: Int) {
        guard self.numbers.removeValue(forKey: self.records[tag].name) != nil else { return }
        self.free.append(tag)
    }
}
