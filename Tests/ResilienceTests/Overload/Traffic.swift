import Essentials
import Foundation
import Resilience
import Simulation
import Synchronization

/// People who come when they come, whether or not they are served (an open loop), and what becomes of them.
final class Traffic: Sendable {
    enum Fate: Hashable, Sendable {
        /// Served, in this time.
        case served(Duration)
        /// Told no.
        case failed
    }

    struct Visit: Hashable, Sendable {
        var arrived: Tick
        var priority: CallPriority
        var fate: Fate
    }

    private let simulator: Simulator
    private let chance: Chance
    private let visits = Mutex<[Visit]>([])

    init(in simulator: Simulator, chance: Chance) {
        self.simulator = simulator
        self.chance = chance
    }

    /// Lets people come until `end`, at a rate per second that may change with time (Poisson arrivals).
    /// - Parameter body: one visit, numbered.
    func run(
        until end: Tick, rate: @escaping @Sendable (Tick) -> Double,
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) {
        self.simulator.spawn("visitors") {
            await withDiscardingTaskGroup { group in
                var number = 0
                while true {
                    let gap = -log(1 - self.chance.fraction()) / rate(self.simulator.now)
                    guard (try? await self.simulator.time.sleep(for: .seconds(gap))) != nil, self.simulator.now < end
                    else {
                        return
                    }
                    number += 1
                    let visitor = number
                    group.addTask { await self.visit(visitor, body) }
                }
            }
        }
    }

    /// In the order in which they left.
    var all: [Visit] { self.visits.withLock { $0 } }

    private func visit(_ number: Int, _ body: @Sendable (Int) async throws -> Void) async {
        let arrived = self.simulator.now
        // One in five pays, three browse, one makes a report.
        let priority: CallPriority = number % 5 == 0 ? .critical : number % 5 == 1 ? .background : .standard
        let fate: Fate
        do {
            try await CallPriority.$current.withValue(priority) { try await body(number) }
            fate = .served(self.simulator.now - arrived)
        } catch {
            fate = .failed
        }
        self.visits.withLock { $0.append(Visit(arrived: arrived, priority: priority, fate: fate)) }
    }

    /// Sums up the seconds `range`.
    /// - Parameter patience: who is served later has left.
    func summary(_ range: Range<Double>, patience: Duration) -> Summary {
        let ticks = Tick.seconds(range.lowerBound)..<Tick.seconds(range.upperBound)
        var summary = Summary(seconds: range.upperBound - range.lowerBound)
        var times: [Duration] = []
        for visit in self.all {
            if ticks.contains(visit.arrived) { summary.offered += 1 }
            guard case .served(let took) = visit.fate else { continue }
            if ticks.contains(visit.arrived) {
                times.append(took)
                if took <= patience { summary.good += 1 }
            }
            if ticks.contains(visit.arrived + took), took <= patience { summary.completed += 1 }
        }
        times.sort()
        summary.p99 = times.isEmpty ? nil : times[min(times.count - 1, times.count * 99 / 100)]
        return summary
    }

    /// The share of those of one priority who came in the seconds `range` and were served in time.
    func share(of priority: CallPriority, in range: Range<Double>, patience: Duration) -> Double {
        let ticks = Tick.seconds(range.lowerBound)..<Tick.seconds(range.upperBound)
        let visits = self.all.filter { $0.priority == priority && ticks.contains($0.arrived) }
        let good = visits.count { if case .served(let took) = $0.fate { took <= patience } else { false } }
        return Double(good) / Double(max(1, visits.count))
    }

    struct Summary: Hashable, Sendable {
        var seconds: Double
        /// Those who came.
        var offered = 0
        /// Those of them who were served within their patience.
        var good = 0
        /// Those who were served within their patience in these seconds, whenever they came.
        var completed = 0
        /// The time of those who came and were served at all.
        var p99: Duration?

        var goodput: Double { Double(self.completed) / self.seconds }
        var share: Double { self.offered == 0 ? 1 : Double(self.good) / Double(self.offered) }
    }
}
