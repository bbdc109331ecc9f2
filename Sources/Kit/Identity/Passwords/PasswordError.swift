/// Why a password was not hashed or checked. It never says anything about the password itself.
public struct PasswordError: Error, Hashable, Sendable {
    @nonexhaustive public enum Code: String, Hashable, Sendable, CaseIterable {
        /// All permits are taken and the queue is full. Try again after ``PasswordError/retryAfter``.
        case busy
        /// The caller's deadline passed before its turn came.
        case deadlinePassed
        /// The stored text is no hash that is known here, or its parameters are beyond the limits.
        case malformedHash
        /// The library underneath failed, for want of memory most likely.
        case hashingFailed
    }

    public var code: Code
    public var message: String
    /// How long until the same call may be admitted, if known.
    public var retryAfter: Duration?

    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension PasswordError: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
