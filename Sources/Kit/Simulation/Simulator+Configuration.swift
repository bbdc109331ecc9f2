public import Essentials

extension Simulator {
    /// The limits of a run, and how it is played.
    public struct Configuration: Hashable, Sendable {
        /// After so many steps the run fails with `.stepBudget`. At least 1. Default: 50 million.
        public var maximumSteps = 50_000_000
        /// After so much virtual time the run fails with `.timeBudget`. Default: 24 hours.
        public var maximumDuration: Duration = .seconds(24 * 3_600)
        /// Which of the ready jobs runs next. Default: any, with the same chance.
        public var scheduling: Scheduling = .random
        /// The virtual time that one step takes. Zero or more; with zero, code that spins until a moment comes never sees
        /// it. Default: 1 microsecond.
        public var stepDuration: Duration = .microseconds(1)
        /// Which faults may strike. Default: all that the seed draws.
        public var faults: FaultSelection = .all
        /// Whether lines of text are kept. Costs time and memory. Default: no.
        public var recordsTrace = false
        /// The true date at the start. Default: 2026-01-01T00:00:00Z.
        public var startsAt = Timestamp(microseconds: 1_767_225_600_000_000)
        /// How many rounds of jobs run after the end so that tasks can finish and give their memory back. Default: 10,000.
        public var unwindingRounds = 10_000

        public init() {}
    }
}
