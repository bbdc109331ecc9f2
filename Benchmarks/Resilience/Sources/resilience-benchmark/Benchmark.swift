import Essentials
import Glibc
import Resilience

/// `time`: the table and the line for machines. `run CASE TIMES`: one case, to be counted from outside.
/// `storm COUNT`: so many timeouts at one time.
@main
struct Benchmark {
    static func main() async throws {
        switch CommandLine.arguments.dropFirst().first {
        case "run": try await self.run(CommandLine.arguments)
        case "storm": try await Storm.run(count: Int(CommandLine.arguments.last ?? "") ?? 100_000)
        default: try await self.time()
        }
    }

    private static func run(_ arguments: [String]) async throws {
        guard arguments.count == 4, let times = Int(arguments[3]), let measured = Cases.named(arguments[2]) else {
            print("usage: resilience-benchmark run CASE TIMES; cases: \(Cases.all.map(\.name).joined(separator: " "))")
            exit(2)
        }
        try await self.onThePool { try await measured.run(times) }
    }

    /// Medians of interleaved rounds: what else the machine does then hits all cases alike.
    private static func time() async throws {
        let rounds = 9
        var single: [String: [Double]] = [:]
        var double: [String: [Double]] = [:]
        for _ in 0..<rounds {
            for measured in Cases.all {
                single[measured.name, default: []].append(try await self.nanoseconds(of: measured, threads: 1))
                double[measured.name, default: []].append(try await self.nanoseconds(of: measured, threads: 2))
            }
        }
        print("| case | ns, 1 thread | ns, 2 threads | best of \(rounds) |\n| --- | --- | --- | --- |")
        for measured in Cases.all {
            let (one, two) = (single[measured.name] ?? [], double[measured.name] ?? [])
            print("| \(measured.title) | \(median(one)) | \(median(two)) | \(Int((one.min() ?? 0).rounded())) |")
        }
        func ns(_ name: String) -> Int { median(single[name] ?? []) }
        print(
            "resilience breaker_ns=\(ns("breaker")) rejection_ns=\(ns("rejection")) bucket_ns=\(ns("bucket"))",
            "pipeline_ns=\(ns("pipeline")) pipeline_timeout_ns=\(ns("timed"))",
            "telemetry_ns=\(max(0, ns("observed") - ns("pipeline")))")
    }

    /// CPU time of the process for one operation.
    private static func nanoseconds(of measured: Case, threads: Int) async throws -> Double {
        let times = 100_000
        try await self.onThePool { try await measured.run(times / 20) }
        let start = processTime()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<threads { group.addTask { try await measured.run(times) } }
            try await group.waitForAll()
        }
        return Double(processTime() - start) / Double(times * threads)
    }

    /// Off the main actor, where every suspension costs a hop.
    @concurrent
    private static func onThePool(_ body: @Sendable () async throws -> Void) async throws { try await body() }
}

private func median(_ values: [Double]) -> Int { Int(values.sorted()[values.count / 2].rounded()) }

/// User and system time of all threads, in nanoseconds.
func processTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
