import Essentials

/// What one run did.
public struct SimulationReport: Sendable {
    public var seed: UInt64
    /// The same for two runs that took the same steps.
    public var digest: UInt64
    public var steps: Int
    /// How much virtual time passed.
    public var simulated: Duration
    /// Nil when the driver finished and nothing was wrong.
    public var failure: SimulationFailure?
    /// How often each rare path was taken; 0 for those that were declared and not taken.
    public var sightings: [String: Int]
    /// The faults that struck, in order.
    public var faults: [FaultRecord]
    /// What happened, in order, if the configuration asks for it.
    public var trace: [String]
    /// Tasks that did not end when the run was unwound: their memory is lost.
    public var leakedTasks: Int
}
