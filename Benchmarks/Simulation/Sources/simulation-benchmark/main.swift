import Essentials
import Foundation
import Simulation

/// What the bare executor costs, in CPU time of this process: the machine may do other things meanwhile.
enum Work: String, CaseIterable {
    /// Ten processes with ten tasks each that only give way to each other.
    case steps
    /// The same tasks, sleeping for drawn times: each sleep is a timer, a jump of the clock and a step.
    case sleeps
    /// Five clients calling five servers over a network with delays: each call is two messages and four tasks' steps.
    case calls

    func run(seed: UInt64, count: Int) -> SimulationReport {
        Simulator(seed: seed).run { simulator in
            switch self {
            case .steps: try await Self.tasks(simulator, count) { _, _ in await Task.yield() }
            case .sleeps:
                try await Self.tasks(simulator, count) { process, chance in
                    try await process.time.sleep(for: .microseconds(chance.below(10_000)))
                }
            case .calls: try await Self.calls(simulator, count)
            }
        }
    }

    private static func tasks(
        _ simulator: Simulator, _ count: Int,
        _ body: @escaping @Sendable (SimulatedProcess, Chance) async throws -> Void,
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<100 {
                let chance = simulator.chance("task \(number)")
                group.addTask {
                    for _ in 0..<count / 100 { try await body(simulator.driver, chance) }
                }
            }
        }
    }

    private static func calls(_ simulator: Simulator, _ count: Int) async throws {
        let network = SimulatedNetwork<Int, Int>(simulator)
        for server in 0..<5 {
            simulator.node("server \(server)").start { process in
                network.serve("\(server)", on: process) { $0 + 1 }
                try await process.idle()
            }
        }
        try await simulator.time.sleep(for: .milliseconds(1))
        try await withThrowingDiscardingTaskGroup { group in
            for client in 0..<5 {
                group.addTask {
                    for number in 0..<count / 5 {
                        let deadline = simulator.now + .seconds(10)
                        let answer = try await network.call(
                            from: simulator.driver, to: "\((client + number) % 5)", number, deadline: deadline)
                        simulator.always(answer == number + 1, "answered")
                    }
                }
            }
        }
    }
}

func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 5 : 5
let counts: [Work: Int] = [.steps: 1_000_000, .sleeps: 300_000, .calls: 50_000]
var rates: [Work: [Double]] = [:]
var perCall = 0.0

for round in 0..<rounds {
    for work in Work.allCases {
        let count = counts[work]!
        let began = cpuSeconds()
        let report = work.run(seed: UInt64(round), count: count)
        let seconds = cpuSeconds() - began
        guard report.failure == nil else {
            print("failed: \(report.failure!)")
            exit(1)
        }
        let done = work == .steps ? report.steps : count
        rates[work, default: []].append(Double(done) / seconds)
        if work == .calls { perCall = Double(report.steps) / Double(count) }
        print("round \(round + 1): \(work.rawValue) \(Int(Double(done) / seconds))/s, virtual time \(report.simulated)")
    }
}

let medians = rates.mapValues { $0.sorted()[$0.count / 2] }
print(
    "simulator steps_per_s=\(Int(medians[.steps]!)) sleeps_per_s=\(Int(medians[.sleeps]!)) "
        + "calls_per_s=\(Int(medians[.calls]!)) steps_per_call=\(perCall)")
