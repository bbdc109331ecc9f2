/// Why a store refused or could not do something.
public struct EventStoreError: Error, Hashable, Sendable {
    @nonexhaustive public enum Code: String, Hashable, Sendable {
        /// The stream is not at the version that the writer expected. Load again and decide again.
        case staleVersion
        /// The store was opened for reading only, or the transaction is a reading one.
        case readOnly
        /// No room is left on the disk. Nothing of the transaction was kept.
        case diskFull
        /// The engine cannot be reached or answered with an error. Nothing of the transaction was kept, or its outcome
        /// is unknown where the message says so.
        case unavailable
        /// What is stored cannot be read back.
        case corrupt
        /// The database was written by a newer version of this program.
        case newerSchema
        /// Another process holds the database.
        case locked
        /// An event type or schema version that no catalogue knows.
        case unknownEvent
        /// A position of another epoch of the log.
        case wrongEpoch
    }

    public var code: Code
    /// One sentence that names what was refused and why.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public static func stale(_ stream: StreamID, expected: StreamVersion, actual: StreamVersion) -> EventStoreError {
        EventStoreError(.staleVersion, "stream \(stream) is at version \(actual), not at \(expected)")
    }
}

extension EventStoreError: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
