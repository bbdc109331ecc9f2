/// What a consumer group has to tell whoever logs and counts.
public enum ConsumerReport: Sendable {
    /// Events had their effect.
    case handled(consumer: String, service: String, count: Int)
    /// An event failed. It and later events of its key wait; other keys go on.
    case parked(ParkedEvent)
    /// A parked event had its effect and left.
    case released(ParkedEvent)
    /// A feed cannot be read or the store cannot be written. The consumer comes back after the pause.
    case stalled(consumer: String, service: String, error: any Error, retryIn: Duration)
}

/// Why a consumer group did not do what it was asked.
public struct MessagingRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// No consumer of the group has the name.
        case unknownConsumer
        /// Nothing with this id or key is parked.
        case notParked
        /// The feed of one service gave events of another, or not in their order.
        case brokenFeed
    }

    public var code: Code
    /// One sentence that names what was refused and why.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
