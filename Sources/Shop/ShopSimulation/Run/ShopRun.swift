import Chassis
import Essentials
import EventSourcing
import ShopContracts
public import Simulation

/// One seed: the whole shop, its customers, its troubles, and the verdict.
public struct ShopRun: Sendable {
    /// How a seed is run.
    public struct Options: Sendable {
        /// Which of the faults that the seed draws may happen. Default: all.
        public var faults = FaultSelection.all
        /// Whether the steps are kept as text. Default: false.
        public var recordsTrace = false
        /// Whether the seed's troubles are left out. Default: false.
        public var isCalm = false
        /// For measurements: so many orders of each of four customers, and nothing else. Default: nil.
        public var orders: Int?

        public init() {}
    }

    /// What came of a seed.
    public struct Verdict: Sendable {
        public var seed: UInt64
        public var report: SimulationReport
        /// How often rare paths were walked.
        public var sightings: [String: Int]
        /// What is wrong; empty when nothing is.
        public var anomalies: [Anomaly]
        /// Orders that were placed.
        public var checkouts: Int
        /// How many requests of clients had which answer.
        public var answers: [String: Int]

        public var isGood: Bool { self.anomalies.isEmpty }
    }

    public let seed: UInt64
    public let options: Options

    public init(seed: UInt64, options: Options = Options()) {
        self.seed = seed
        self.options = options
    }

    /// Runs the seed on this thread.
    public func run() -> Verdict {
        let drawn = Mix(seed: self.seed)
        var mix = self.options.isCalm ? drawn.calm : drawn
        if let orders = self.options.orders { mix.orderOnly(orders) }
        var configuration = Simulator.Configuration()
        configuration.faults = self.options.faults
        configuration.recordsTrace = self.options.recordsTrace
        configuration.scheduling = mix.scheduling
        let simulation = Simulator(seed: self.seed, configuration: configuration)
        let course = ShopCourse(SimulatedShop(simulation, mix))
        let report = simulation.run { _ in try await course.run() }
        defer { course.shop.close() }
        var sightings = report.sightings
        RarePaths.take(report.faults, into: &sightings)
        var anomalies = course.anomalies
        if anomalies.isEmpty, let failure = report.failure { anomalies = [Anomaly(failure)] }
        return Verdict(
            seed: self.seed, report: report, sightings: sightings, anomalies: anomalies,
            checkouts: course.checkouts, answers: course.shop.history.counts)
    }
}

extension Anomaly {
    /// What ended a run before its end.
    init(_ failure: SimulationFailure) {
        let kind = AnomalyKind(rawValue: failure.name)
        let what = kind == nil ? "\(failure.name): \(failure.detail)" : failure.detail
        let lines = what.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
        self.init(
            kind ?? .stuckWork, lines.first.map(String.init) ?? "?",
            excerpt: lines.dropFirst().map(String.init) + ["at \(failure.at.line), step \(failure.step)"])
    }
}
