/// Finds the few faults that make a run fail.
public enum Shrinking {
    /// The smallest set of faults, as far as leaving some out shows it, with which the run still fails. None of those that
    /// remain can be left out alone.
    ///
    /// Delta debugging (Zeller and Hildebrandt 2002): halves, quarters, … are left out as long as the rest still fails.
    /// - Parameters:
    ///   - faults: those of a run that fails.
    ///   - maximumRuns: ends the search early, with what has been found. At least 1. Default: 2,000.
    ///   - stillFails: runs the seed with these faults alone and says whether it fails in the same way.
    public static func smallest(
        _ faults: [FaultID], maximumRuns: Int = 2_000, stillFails: (Set<FaultID>) throws -> Bool,
    ) rethrows -> [FaultID] {
        var runs = 0
        func fails(_ candidate: [FaultID]) throws -> Bool {
            runs += 1
            return try stillFails(Set(candidate))
        }
        if faults.isEmpty { return [] }
        if try fails([]) { return [] }
        var left = faults
        var parts = 2
        while left.count > 1, runs < maximumRuns {
            var isSmaller = false
            let size = (left.count + parts - 1) / parts
            for start in stride(from: 0, to: left.count, by: size) where runs < maximumRuns {
                let rest = Array(left[..<start] + left[min(start + size, left.count)...])
                if try fails(rest) {
                    left = rest
                    parts = max(2, parts - 1)
                    isSmaller = true
                    break
                }
            }
            if !isSmaller {
                if parts >= left.count { break }
                parts = min(left.count, 2 * parts)
            }
        }
        return left
    }
}
