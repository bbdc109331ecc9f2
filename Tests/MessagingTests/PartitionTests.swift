import Essentials
import Messaging
import Testing

struct PartitionTests {
    /// Stored progress depends on these: they may never change.
    @Test func `a key falls into the same share for ever`() {
        let keys = ["", "a", "order-01936000-0000-7000-8000-00000000000d", "ü"]
        #expect(keys.map { Partition.index(of: $0, count: 1_000) } == Self.golden)
    }

    private static let golden = [203, 736, 76, 258]

    @Test func `keys spread evenly`() {
        var counts = [Int](repeating: 0, count: 7)
        for number in 0..<7_000 {
            counts[Partition.index(of: "order-\(UniqueID(high: 0, low: UInt64(number)))", count: 7)] += 1
        }
        #expect(counts.allSatisfy { (850...1_150).contains($0) })
    }

    @Test func `every key is in exactly one share`() {
        for number in 0..<100 {
            let owners = (0..<5).filter { Partition($0, of: 5).contains("key \(number)") }
            #expect(owners.count == 1)
        }
        #expect(Partition.whole.contains("anything"))
    }

    @Test func `pauses double up to the longest`() {
        let policy = RetryPolicy(maximumAttempts: .max, firstDelay: .milliseconds(100), maximumDelay: .seconds(1))
        let delays = (1...6).map { policy.delay(afterFailures: $0) }
        #expect(delays == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
        #expect(policy.delay(afterFailures: .max) == .seconds(1))
    }
}
