import Caching
import Essentials
import Foundation

/// A trace, decoded to one decimal key a line as `NAME.txt`, and the sizes it is played at.
private let cells: [(name: String, sizes: [Int])] = [
    ("oltp", [250, 500, 1000, 2000, 5000]), ("glimpse", [250, 500, 1000, 1500, 2000]), ("loop", [256, 512, 1024]),
    ("orm-busy", [1250, 2500, 5000, 10000]), ("web07", [75, 300, 1200, 3000]),
]

/// Plays all cells, and prints each hit ratio and the mean in percent.
func playTraces(in directory: String) throws {
    var sum = 0.0
    var count = 0.0
    for (name, sizes) in cells {
        let text = try String(contentsOfFile: "\(directory)/\(name).txt", encoding: .utf8)
        let keys = text.split(separator: "\n").compactMap { Int($0) }
        for size in sizes {
            let ratio = 100 * hitRatio(keys, size)
            print(String(format: "%@ %d %.2f", name, size, ratio))
            sum += ratio
            count += 1
        }
    }
    print(String(format: "mean %.2f", sum / count))
}

private func hitRatio(_ keys: [Int], _ size: Int) -> Double {
    let cache = Cache<Int, Bool>(.init(maximumCount: size), chance: Chance(seed: 1))
    for key in keys where cache.value(for: key) == nil { cache.put(true, for: key) }
    return cache.statistics.hitRatio
}
