/// What one direction of a connection between two nodes does to what travels over it.
public struct LinkSettings: Hashable, Sendable {
    /// How long a message travels. Each draws its own, so that messages overtake each other. Default: 1 ms on average, at
    /// most 1 s.
    public var delay: Latency = .exponential(mean: .milliseconds(1), maximum: .seconds(1))
    /// How likely a message is lost without a trace. 0…1. Default: 0.
    public var loss = 0.0
    /// How likely a request arrives twice. 0…1. Default: 0.
    public var duplication = 0.0
    /// How likely the connection breaks before the request arrives. 0…1. Default: 0.
    public var resetBefore = 0.0
    /// How likely the connection breaks after the request was carried out, so that its answer is lost. Counts in the
    /// direction of the answer. 0…1. Default: 0.
    public var resetAfter = 0.0

    /// How likely a request is held up on its way, in a buffer that nobody reads: it is carried out long after its sender has
    /// stopped waiting, and behind what was sent after it. 0…1. Default: 0.
    public var straggling = 0.0
    /// How much longer such a request takes. Default: 1 to 60 s.
    public var straggle: Latency = .uniform(.seconds(1), .seconds(60))

    public init() {}
}

/// What happens to messages between nodes that are cut off from each other.
public enum Cut: String, Hashable, Sendable {
    /// They vanish: the caller learns nothing until its deadline.
    case drop
    /// Connections are refused at once.
    case refuse
}

/// A direction between two nodes.
struct Link: Hashable, Sendable {
    var from: String
    var to: String
}
