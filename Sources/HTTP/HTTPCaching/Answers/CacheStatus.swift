public import HTTPWire

/// What a cache says about how it handled a request (RFC 9211).
public struct CacheStatus: Hashable, Sendable {
    /// Why a request went on.
    public enum Forward: String, Hashable, Sendable {
        /// The cache was not to be used.
        case bypass
        /// The method is not one that caches answer.
        case method
        /// Nothing is stored for the target.
        case uriMiss = "uri-miss"
        /// Something is, but for requests with other fields.
        case varyMiss = "vary-miss"
        /// A fresh answer was there, but the request asked for more.
        case request
        case stale
    }

    public enum Outcome: Hashable, Sendable {
        case hit
        case forward(Forward)
    }

    public var outcome: Outcome
    /// Seconds for which the answer is fresh; negative when it is stale.
    public var timeToLive: Int64?
    /// What the origin answered, where the client got another status.
    public var forwardStatus: Int?
    public var isStored = false
    /// Whether another request's answer was waited for.
    public var isCollapsed = false
    /// A token.
    public var detail: String?

    public init(_ outcome: Outcome) {
        self.outcome = outcome
    }

    /// Appends the field line, with its end.
    /// - Parameter name: of the cache, a token.
    public func write(_ output: inout WireBuffer, name: [UInt8]) {
        output.append("Cache-Status: ")
        output.append(contentsOf: name)
        switch self.outcome {
        case .hit: output.append("; hit")
        case .forward(let reason):
            output.append("; fwd=")
            output.append(contentsOf: Array(reason.rawValue.utf8))
        }
        if let timeToLive {
            output.append(timeToLive < 0 ? "; ttl=-" : "; ttl=")
            output.append(decimal: Swift.abs(timeToLive))
        }
        if let forwardStatus {
            output.append("; fwd-status=")
            output.append(decimal: Int64(forwardStatus))
        }
        if self.isStored { output.append("; stored") }
        if self.isCollapsed { output.append("; collapsed") }
        if let detail {
            output.append("; detail=")
            output.append(contentsOf: Array(detail.utf8))
        }
        output.append("\r\n")
    }
}
