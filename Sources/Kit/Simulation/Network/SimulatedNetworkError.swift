/// Why no answer came back.
public struct SimulatedNetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// Nobody ever served this address.
        case unknownAddress
        /// Nothing listens there, or the network refuses: the request did not arrive.
        case refused
        /// The connection broke: whether the request was carried out is unknown.
        case connectionLost
        /// The deadline passed: whether the request was carried out is unknown.
        case deadlineExceeded
    }

    public var code: Code
    public var address: String

    public init(_ code: Code, address: String) {
        self.code = code
        self.address = address
    }

    /// Whether the request may have been carried out.
    public var mayHaveHappened: Bool {
        switch self.code {
        case .unknownAddress, .refused: false
        case .connectionLost, .deadlineExceeded: true
        }
    }

    public var description: String { "\(self.code.rawValue): \(self.address)" }
}
