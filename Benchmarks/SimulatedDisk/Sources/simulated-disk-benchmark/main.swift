// Run by Benchmarks/simulated-disk.sh.

import Essentials
import EventSourcing
import EventSourcingTesting
import Foundation
import StorageSQLite
import StorageSQLiteTesting

let appends = 10_000
let folder = FileManager.default.temporaryDirectory.appending(path: "simulated-disk-\(IDSource.system.next())")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

func open(_ path: String, _ configuration: SQLiteStore.Configuration = .init()) throws -> SQLiteStore {
    try SQLiteStore(
        path: path, service: "benchmark", configuration: configuration, writeExecutor: InlineExecutor(),
        readExecutor: InlineExecutor())
}

/// Microseconds of CPU time that one append takes.
func cost(_ store: SQLiteStore) async throws -> Double {
    let sample = SampleEvents(seed: 1)
    let streams = (0..<50).map { _ in sample.stream() }
    let events = (0..<appends).map { sample.event($0) }
    let start = clock()
    for (number, event) in events.enumerated() {
        let stream = streams[number % streams.count]
        _ = try await store.transactor.write { try $0.append([event], to: stream, expecting: .any) }
    }
    return Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1e6 / Double(appends)
}

var costs: [String: [Double]] = [:]
for round in 0..<5 {
    costs["memory", default: []].append(try await cost(open(":memory:")))
    let disk = SimulatedDisk(.init(seed: UInt64(round)))
    costs["simulated", default: []].append(try await cost(open("log.sqlite", .init(on: disk))))
    var faults = SimulatedDisk.Configuration(seed: UInt64(round))
    faults.faults = .honest(1e-9)
    let faulty = SimulatedDisk(faults)
    costs["faulty", default: []].append(try await cost(open("log.sqlite", .init(on: faulty))))
    costs["file", default: []].append(try await cost(open(folder.appending(path: "\(round).sqlite").path)))
}
let median = costs.mapValues { $0.sorted()[$0.count / 2] }
for (kind, costs) in costs.sorted(by: { $0.key < $1.key }) {
    print(kind, costs.map { String(format: "%.1f", $0) }.joined(separator: " "), "µs CPU an append")
}
if let memory = median["memory"], let simulated = median["simulated"], let faulty = median["faulty"],
    let file = median["file"]
{
    print(
        String(
            format: "simulated_disk appends_per_cpu_s=%.0f vs_memory=%.2f faulty_vs_memory=%.2f vs_file=%.2f",
            1e6 / simulated, memory / simulated, memory / faulty, file / simulated))
}
