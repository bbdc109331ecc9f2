/// Draws hosts by weight in constant time: Walker's alias method (1977), filled as Vose (1991) does it.
struct AliasTable: Sendable {
    private var slots: [Int32] = []
    private var aliases: [Int32] = []
    /// Of 2^64: how often a place keeps its own slot.
    private var thresholds: [UInt64] = []
    private var scaled: [Double] = []
    private var small: [Int32] = []
    private var large: [Int32] = []

    /// The slot for a random number; the table must not be empty.
    func draw(_ number: UInt64) -> Int {
        let (place, fraction) = number.multipliedFullWidth(by: UInt64(self.slots.count))
        let index = Int(place)
        return Int(fraction < self.thresholds[index] ? self.slots[index] : self.aliases[index])
    }

    /// - Parameters:
    ///   - slots: what is drawn.
    ///   - weights: by slot, more than zero.
    /// - Complexity: O(n), in the memory of the table before.
    mutating func fill(_ slots: [Int32], weights: [Double]) {
        self.slots.removeAll(keepingCapacity: true)
        self.slots.append(contentsOf: slots)
        self.restart(weights)
        while let low = self.small.last, let high = self.large.last {
            self.small.removeLast()
            self.thresholds[Int(low)] = Self.threshold(self.scaled[Int(low)])
            self.aliases[Int(low)] = self.slots[Int(high)]
            self.scaled[Int(high)] -= 1 - self.scaled[Int(low)]
            if self.scaled[Int(high)] < 1 { self.small.append(self.large.removeLast()) }
        }
    }

    private mutating func restart(_ weights: [Double]) {
        var total = 0.0
        for slot in self.slots { total += weights[Int(slot)] }
        self.aliases.removeAll(keepingCapacity: true)
        self.thresholds.removeAll(keepingCapacity: true)
        self.scaled.removeAll(keepingCapacity: true)
        self.small.removeAll(keepingCapacity: true)
        self.large.removeAll(keepingCapacity: true)
        for (index, slot) in self.slots.enumerated() {
            let scaled = weights[Int(slot)] * Double(self.slots.count) / total
            self.scaled.append(scaled)
            self.aliases.append(slot)
            self.thresholds.append(.max)
            if scaled < 1 { self.small.append(Int32(index)) } else { self.large.append(Int32(index)) }
        }
    }

    private static func threshold(_ probability: Double) -> UInt64 {
        probability >= 1 ? .max : UInt64(max(0, probability) * 0x1p64)
    }
}
