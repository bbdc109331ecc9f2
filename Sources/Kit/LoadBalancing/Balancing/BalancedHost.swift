/// One of several hosts that do the same, as a list names it.
public struct BalancedHost: Hashable, Sendable {
    /// What it is known by, such as `10.0.0.7:8080`. Unique in a list; a host that keeps its name keeps its place.
    public var name: String
    /// Its share compared with the others'. In 1...1,000. Default: 1.
    public var weight: Int

    public init(_ name: String, weight: Int = 1) {
        self.name = name
        self.weight = weight
    }
}

/// What is known about a host, and so whether it is chosen.
public enum HostState: String, Hashable, Sendable, CaseIterable {
    /// Chosen. May become any other.
    case healthy
    /// The active check fails: left out, unless there is panic. Becomes healthy with a check that passes.
    case unhealthy
    /// Calls to it failed while others' did not: left out for a while, unless there is panic. Becomes healthy.
    case ejected
    /// Told to take nothing new, also in a panic; what is under way ends. Becomes healthy when told so.
    case draining
}

/// How a call to a host ended.
public enum CallOutcome: Hashable, Sendable {
    /// It answered, and not with a failure of its own.
    case success
    /// It did not answer, or with a failure of its own.
    case failure
    /// The caller gave up, which says nothing about the host.
    case cancelled
}
