import Caching
import Essentials
import Foundation

@main
enum Benchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "keys": try Workload().write(to: arguments.dropFirst().joined())
        case "serve": await serve()
        case "memory": memory()
        case "ratio": ratio()
        case "traces": try playTraces(in: arguments.dropFirst().joined())
        default:
            print("usage: caching-benchmark keys FILE | serve | memory | ratio | traces DIRECTORY")
            exit(2)
        }
    }
}

/// Reads `CASE THREADS` lines, and answers each with nanoseconds of CPU time for an operation.
private func serve() async {
    let workload = Workload()
    say("ready")
    while let line = readLine() {
        let words = line.split(separator: " ")
        guard let subject = words.first.flatMap({ Case(rawValue: String($0)) }) else {
            say("unknown")
            continue
        }
        say(String(format: "%.1f", await measure(subject, workload, threads: words.last.flatMap { Int($0) } ?? 1)))
    }
}

/// A line that is seen at once.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Bytes for each entry above key and value, by how much memory the process has more when a full cache was made.
private func memory() {
    let workload = Workload()
    withExtendedLifetime(workload) {
        let before = residentBytes()
        let cache = Cache<Int, Int>(.init(maximumCount: Workload.capacity))
        for key in workload.keys where cache.value(for: Int(key)) == nil { cache.put(0, for: Int(key)) }
        let perEntry = Double(residentBytes() - before) / Double(cache.count) - 16
        print("memory: \(cache.count) entries, \(String(format: "%.1f", perEntry)) bytes each above key and value")
    }
}

/// Without the pages that other processes share.
private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").compactMap { Int($0) }
    return pages.count > 2 ? (pages[1] - pages[2]) * 4_096 : 0
}

/// Zipf(0.99), 2^20 keys, 100,000 entries: hit ratio from an empty cache on, and over as many requests again.
private func ratio() {
    let cache = Cache<Int, Bool>(.init(maximumCount: Workload.capacity), chance: Chance(seed: 1))
    let ratios = [UInt64(7), 8].map { seed in
        let keys = Workload(seed: seed).keys
        var hits = 0
        for key in keys.map({ Int($0) }) {
            if cache.value(for: key) == nil { cache.put(true, for: key) } else { hits += 1 }
        }
        return 100 * Double(hits) / Double(keys.count)
    }
    print(String(format: "zipf(0.99): %.2f %% of the first requests hit, %.2f %% of the next", ratios[0], ratios[1]))
}
