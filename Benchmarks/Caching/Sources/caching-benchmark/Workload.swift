import Caching
import Essentials
import Foundation

/// What a cached value is in these measurements: an object, as in most caches.
final class Payload: Sendable {
    let number: Int

    init(_ number: Int) {
        self.number = number
    }
}

/// The requests: 2^22 draws from 2^20 keys, of which key k has the weight 1/(k+1)^0.99.
struct Workload: Sendable {
    static let keyCount = 1 << 20
    static let length = 1 << 22
    static let capacity = 100_000
    /// So few keys that all of them stay.
    static let resident = 50_000

    let keys: [Int32]

    init(seed: UInt64 = 7) {
        var sums: [Double] = []
        sums.reserveCapacity(Self.keyCount)
        var sum = 0.0
        for key in 0..<Self.keyCount {
            sum += 1 / pow(Double(key + 1), 0.99)
            sums.append(sum)
        }
        var generator = SeededGenerator(seed: seed)
        self.keys = (0..<Self.length).map { _ in
            let point = Double(generator.next() >> 11) * 0x1p-53 * sum
            var (low, high) = (0, sums.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < point { low = middle + 1 } else { high = middle }
            }
            return Int32(low)
        }
    }

    /// For the peer: the same keys, as 32-bit numbers.
    func write(to path: String) throws {
        try self.keys.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
    }
}
