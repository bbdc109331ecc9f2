public import Essentials

/// One request of OTLP/HTTP, ready to be posted.
public struct OTLPRequest: Hashable, Sendable {
    public var signal: OTLPSignal
    /// Protobuf, `application/x-protobuf`.
    public var body: [UInt8]

    public init(signal: OTLPSignal, body: [UInt8]) {
        self.signal = signal
        self.body = body
    }

    public var path: String { self.signal.path }
    public var contentType: String { OTLPFormat.protobuf.rawValue }
}

/// What the receiver answered.
public struct OTLPAnswer: Hashable, Sendable {
    public var status: Int
    /// The header, as it was sent: seconds, or a date, which is not understood.
    public var retryAfter: String?
    public var body: [UInt8]

    public init(status: Int, retryAfter: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// Posts requests to a collector. The seam to an HTTP client.
public protocol OTLPSender: Sendable {
    /// Posts one request before `deadline`.
    /// - Throws: whatever kept it from being answered; it is then tried again.
    func send(_ request: OTLPRequest, deadline: Deadline) async throws -> OTLPAnswer
}
