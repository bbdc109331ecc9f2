import Essentials
import Foundation
import ShopSimulation
import Synchronization

/// Runs seeds in processes of their own, so that one that dies takes no other with it.
struct SimulationSwarm: Sendable {
    private let first: UInt64
    private let count: Int?
    private let minutes: Double?
    private let jobs: Int
    private let passed: [String]
    private let isQuiet: Bool

    init(_ command: SimulateCommand) {
        self.first = command.first
        self.count = command.minutes == nil ? command.seeds ?? 100 : command.seeds
        self.minutes = command.minutes
        self.jobs = min(command.jobs ?? ProcessInfo.processInfo.activeProcessorCount, self.count ?? .max)
        self.passed = (command.calm ? ["--calm"] : []) + (command.plant.map { ["--plant", $0] } ?? [])
        self.isQuiet = command.json
    }

    func run(label: String) async throws -> SwarmReport {
        let gathered = Gathered()
        let began = TimeSource.system.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for job in 0..<self.jobs {
                group.addTask {
                    try await self.work(job) { report in
                        self.show(report, gathered.add(report), since: began, label)
                    }
                }
            }
            try await group.waitForAll()
        }
        return gathered.report.withLock { $0 }
    }

    /// What all jobs have told so far.
    private final class Gathered: Sendable {
        let report = Mutex(SwarmReport())

        /// - Returns: how many seeds there are now.
        func add(_ seed: SeedReport) -> Int {
            self.report.withLock { report in
                report.add(seed)
                return report.seeds.count
            }
        }
    }

    private func show(_ report: SeedReport, _ count: Int, since began: Tick, _ label: String) {
        if self.isQuiet { return Terminal.line(SimulateCommand.line(report)) }
        let elapsed = (TimeSource.system.now - began).fractionalSeconds
        let fraction =
            self.count.map { Double(count) / Double($0) } ?? min(1, elapsed / ((self.minutes ?? 1) * 60))
        Terminal.progress(fraction, "\(count) \(label)")
    }

    /// Runs one share of the seeds, in as many processes as it takes.
    private func work(_ job: Int, heard: @escaping @Sendable (SeedReport) -> Void) async throws {
        let thread = DedicatedThread(name: "simulate-\(job)")
        var next = self.first + UInt64(job)
        let end = self.count.map { self.first + UInt64($0) }
        while end.map({ next < $0 }) ?? true {
            let from = next
            let (last, isDone) = try await thread.run { try self.process(from: from, until: end, heard) }
            if isDone { return }
            // The process died on the seed behind the last one that it told of.
            next = last.map { $0 + UInt64(self.jobs) } ?? from
            heard(SeedReport(died: next, "its process ended before its end"))
            next += UInt64(self.jobs)
        }
    }

    /// - Returns: the last seed that the process told of, and whether it ended well.
    private func process(
        from seed: UInt64, until end: UInt64?, _ heard: (SeedReport) -> Void,
    ) throws -> (UInt64?, isDone: Bool) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["simulate", "--worker", "--json", "--first", "\(seed)", "--stride", "\(self.jobs)"] + self.passed
            + (end.map { ["--seeds", "\($0 - seed)"] } ?? []) + (self.minutes.map { ["--minutes", "\($0)"] } ?? [])
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var last: UInt64?
        var rest = Data()
        while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = rest[rest.startIndex..<end]
                rest = Data(rest[rest.index(after: end)...])
                let report = try JSONDecoder().decode(SeedReport.self, from: Data(line))
                last = report.seed
                heard(report)
            }
        }
        process.waitUntilExit()
        return (last, process.terminationStatus == 0 && process.terminationReason == .exit)
    }
}
