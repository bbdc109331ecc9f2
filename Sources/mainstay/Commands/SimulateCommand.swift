import ArgumentParser
import Essentials
import Foundation
import ShopSimulation
import Simulation

/// `mainstay simulate`: runs the whole shop inside the deterministic simulator, seed after seed.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Runs the whole shop in the simulator, with crashes, partitions and failing disks, and checks everything.",
        discussion: """
            Each seed draws its own customers and its own troubles, and gives the same run every time. Exit code 1 when \
            anything is wrong; the seed that shows it is printed.
            """)

    @Option(help: "How many seeds. Default: 100")
    var seeds: Int?
    @Option(help: "The first of them. Default: 1")
    var first: UInt64 = 1
    @Option(help: "Replay this one seed.")
    var seed: UInt64?
    @Option(help: "Go on for so many minutes instead of a number of seeds.")
    var minutes: Double?
    @Option(help: "How many processes at once. Default: one for each processor.")
    var jobs: Int?
    @Flag(help: "With --seed: print every step that means something.")
    var trace = false
    @Flag(help: "With --seed: look for the fewest faults with which it still fails.")
    var shrink = false
    @Option(
        help:
            "With --seed: let only these of its faults happen, as --shrink names them, with commas between; none: 'none'."
    )
    var faults: String?
    @Flag(help: "Run each seed twice, in two processes, and compare.")
    var checkDeterminism = false
    @Flag(help: "Leave all troubles out.")
    var calm = false
    @Flag(help: "Print JSON: one object a seed, one a line.")
    var json = false
    @Option(help: "Check a data directory instead: what a run of the platform, or its death, left there.")
    var check: String?
    @Option(
        help: "Let the simulator's customers loose on the platform that runs at HOST:PORT, until standard input ends.")
    var live: String?
    @Option(help: "With --live: how many customers.")
    var customers = 12
    @Option(help: "With --check and --live: what clients were promised, one JSON object a line.")
    var promises: String?
    @Flag(help: "With --check: everything is expected to have ended.")
    var settled = false
    @Option(help: .hidden)
    var stride: UInt64 = 1
    @Flag(help: .hidden)
    var worker = false
    @Option(help: .hidden)
    var plant: String?
    @Option(help: .hidden)
    var orders: Int?

    func validate() throws {
        guard (self.seeds ?? 1) >= 1 else { throw ValidationError("--seeds takes 1 and more") }
        guard self.minutes.map({ $0 > 0 }) ?? true else { throw ValidationError("--minutes takes more than 0") }
        guard (self.jobs ?? 1) >= 1 else { throw ValidationError("--jobs takes 1 and more") }
        guard self.live == nil || self.promises != nil else { throw ValidationError("--live needs --promises") }
        guard self.customers >= 2 else { throw ValidationError("--customers takes 2 and more") }
        if self.trace || self.shrink || self.faults != nil, self.seed == nil {
            throw ValidationError("--trace, --shrink and --faults need --seed")
        }
        if let unread = self.faultNames.first(where: { FaultID($0) == nil }) {
            throw ValidationError("--faults: '\(unread)' names no fault; one looks like network.loss#12")
        }
    }

    func run() async throws {
        try PlantedChoice.plant(self.plant)
        if let check {
            try await DirectoryCheck(directory: check, promises: self.promises, isSettled: self.settled).run(
                json: self.json)
        } else if let live, let promises {
            try await LiveWorkload(address: live, promises: promises, seed: self.first, customers: self.customers).run()
        } else if let seed {
            try self.replay(seed)
        } else if self.worker {
            self.work()
        } else {
            try await self.swarm()
        }
    }

    private var faultNames: [String] {
        self.faults.map { $0 == "none" ? [] : $0.split(separator: ",").map(String.init) } ?? []
    }

    private var options: ShopRun.Options {
        var options = ShopRun.Options()
        if self.faults != nil { options.faults = .only(Set(self.faultNames.compactMap { FaultID($0) })) }
        options.recordsTrace = self.trace
        options.isCalm = self.calm
        options.orders = self.orders
        return options
    }

    // MARK: One seed

    private func replay(_ seed: UInt64) throws {
        let run = ShopRun(seed: seed, options: self.options)
        var verdict = run.run()
        if self.trace { for line in verdict.report.trace { Terminal.line(line) } }
        if self.shrink, !verdict.isGood {
            verdict = run.shrunk(verdict)
            for fault in verdict.report.faults { Terminal.line("\(fault.at.seconds) s  \(fault.id)  \(fault.detail)") }
            let names = verdict.report.faults.map(\.id.description).joined(separator: ",")
            Terminal.line("mainstay simulate --seed \(seed) --faults \(names.isEmpty ? "none" : names)")
        }
        let report = SeedReport(verdict)
        if self.json {
            Terminal.line(Self.line(report))
        } else {
            Terminal.line(
                "seed \(seed): \(report.steps) steps, \(report.simulatedSeconds.short) simulated seconds, "
                    + "\(report.checkouts) orders, \(report.faults) faults, digest \(String(report.digest, radix: 16))")
        }
        guard report.isGood else { throw Self.failure([report]) }
    }

    // MARK: Many seeds

    /// Runs every `stride`th seed in this process.
    private func work() {
        let time = TimeSource.system
        let end = self.minutes.map { time.now + .seconds($0 * 60) }
        var seed = self.first
        let last = self.first + UInt64(self.seeds ?? Int.max / 2)
        while seed < last, end.map({ time.now < $0 }) ?? true {
            Terminal.line(Self.line(SeedReport(ShopRun(seed: seed, options: self.options).run())))
            seed += self.stride
        }
    }

    private func swarm() async throws {
        let began = TimeSource.system.now
        let swarm = SimulationSwarm(self)
        let report = try await swarm.run(label: "seeds")
        var divergent: [UInt64] = []
        if self.checkDeterminism {
            divergent = report.differences(from: try await swarm.run(label: "once more"))
        }
        let elapsed = (TimeSource.system.now - began).fractionalSeconds
        if !self.json { self.show(report, divergent, elapsed) }
        if !divergent.isEmpty {
            throw CommandFailure.isFalse(
                "seeds \(divergent) ran differently in two processes, of \(Self.version)")
        }
        guard report.failed.isEmpty else { throw Self.failure(report.failed) }
        let missing = report.rarePaths.filter { $0.seeds == 0 }.map(\.name)
        if report.seeds.count >= 1_000, !missing.isEmpty {
            throw CommandFailure.isFalse("no seed walked these paths any more: \(missing.joined(separator: ", "))")
        }
    }

    private func show(_ report: SwarmReport, _ divergent: [UInt64], _ elapsed: Double) {
        Terminal.line(
            "\(report.seeds.count) seeds from \(self.first): \(report.steps) steps, "
                + "\((report.simulatedSeconds / 3_600).short) simulated hours, \(report.checkouts) orders, "
                + "\(report.faults) faults, in \(elapsed.short) s")
        if self.checkDeterminism { Terminal.line("run twice in two processes: \(divergent.count) differ") }
        Terminal.table([["rare path", "seeds"]] + report.rarePaths.map { [$0.name, "\($0.seeds)"] })
        for failed in report.failed.prefix(20) { Terminal.line("seed \(failed.seed): \(failed.anomalies[0])") }
        Terminal.line("\(report.seeds.count - report.failed.count) of \(report.seeds.count) seeds are good")
    }

    private static func failure(_ failed: [SeedReport]) -> CommandFailure {
        let first = failed[0]
        let all = failed.prefix(20).map { "\($0.seed)" }.joined(separator: ", ")
        return .isFalse(
            "seed \(first.seed) of \(Self.version): \(first.anomalies[0])\n"
                + "failed seeds: \(all)\nreplay: mainstay simulate --seed \(first.seed) --trace")
    }

    /// What failed, for whoever plays it again: the version, and the commit of the working tree if this is run in one.
    private static var version: String {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "describe", "--always", "--dirty", "--exclude=*"]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return "version \(Version.current)" }
        let told = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        git.waitUntilExit()
        let commit = told.trimmingCharacters(in: .whitespacesAndNewlines)
        return "version \(Version.current)" + (commit.isEmpty ? "" : ", commit \(commit)")
    }

    static func line(_ report: SeedReport) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(report)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// The mistake that a build with the trait `PlantedFaults` is to make.
enum PlantedChoice {
    static func plant(_ name: String?) throws {
        #if PlantedFaults
            guard let name else { return }
            guard let fault = PlantedFault(rawValue: name) else {
                let names = PlantedFault.allCases.map(\.rawValue).joined(separator: " ")
                throw CommandFailure.usage("no fault is called '\(name)'; there are: \(names)")
            }
            PlantedFault.plant(fault)
        #else
            guard name == nil else {
                throw CommandFailure.environment(
                    "this build makes no mistakes on purpose: swift build -c release --product mainstay --traits PlantedFaults"
                )
            }
        #endif
    }
}

extension Double {
    /// With one decimal.
    fileprivate var short: String { String(format: "%.1f", self) }
}

extension Tick {
    /// Since the origin, as a decimal.
    fileprivate var seconds: String { String(format: "%.6f", Double(self.nanoseconds) / 1e9) }
}
