public import Essentials

/// Why a run failed.
public struct SimulationFailure: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// Something that must always hold did not.
        case invariant
        /// The driver, or a process that may not, ended with an error.
        case error
        /// The driver has not finished and nothing can happen any more.
        case deadlock
        /// The driver had not finished when the steps were used up.
        case stepBudget
        /// The driver had not finished when the virtual time was used up.
        case timeBudget
        /// A job left the simulator: an unstructured task, a real clock, the main actor, another thread.
        case escape
    }

    public var code: Code
    /// The same for every failure of this kind: the invariant's name, for instance.
    public var name: String
    /// What was found, for people.
    public var detail: String
    /// True time since the start of the run.
    public var at: Tick
    public var step: Int

    public init(code: Code, name: String, detail: String, at: Tick, step: Int) {
        self.code = code
        self.name = name
        self.detail = detail
        self.at = at
        self.step = step
    }

    public var description: String {
        let seconds = Duration.nanoseconds(self.at.nanoseconds)
        return "\(self.code.rawValue): \(self.name) at \(seconds), step \(self.step): \(self.detail)"
    }
}
