/// Why a body was refused as a whole.
public struct OTLPIngestError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// No valid protobuf, no valid JSON, or not the message that is due. HTTP 400.
        case malformed
        /// More bytes, values or levels than are taken. HTTP 413.
        case tooLarge
        /// A media type or an encoding that is not understood. HTTP 415.
        case unsupported
    }

    public var code: Code
    public var reason: String

    init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// The status of the answer.
    public var status: Int {
        switch self.code {
        case .malformed: 400
        case .tooLarge: 413
        case .unsupported: 415
        }
    }

    public var description: String { self.reason }
}

/// How much of a received body is read before it is refused.
public struct OTLPLimits: Hashable, Sendable {
    /// Default: 4 MiB, as the Collector's.
    public var maximumBytes = 4 * 1_024 * 1_024
    /// How many values a body may hold, at all levels together. Default: 500,000.
    public var maximumValues = 500_000
    /// How many messages may be open at once. Default: 32.
    public var maximumDepth = 32

    public init() {}
}

/// What is left of the limits.
struct OTLPBudget {
    private var values: Int
    private var depth: Int
    private let limits: OTLPLimits

    init(_ limits: OTLPLimits) {
        self.limits = limits
        self.values = limits.maximumValues
        self.depth = limits.maximumDepth
    }

    mutating func takeValue() throws(OTLPIngestError) {
        self.values -= 1
        if self.values < 0 { throw OTLPIngestError(.tooLarge, "more than \(self.limits.maximumValues) values") }
    }

    mutating func enter() throws(OTLPIngestError) {
        self.depth -= 1
        if self.depth < 0 { throw OTLPIngestError(.tooLarge, "deeper than \(self.limits.maximumDepth) levels") }
    }

    mutating func leave() { self.depth += 1 }
}
