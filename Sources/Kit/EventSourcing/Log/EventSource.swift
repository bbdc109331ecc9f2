public import Essentials

/// Whose log an event stands in: a service, and the epoch of its database.
///
/// The epoch is drawn when a database is created. A restored or rebuilt database gets a new one, so that a consumer's
/// position in the old log cannot be taken for a position in the new.
public struct EventSource: Hashable, Sendable {
    public let service: String
    public let epoch: UniqueID

    public init(service: String, epoch: UniqueID) {
        self.service = service
        self.epoch = epoch
    }

    /// Reads `service/epoch`.
    public init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex,
            let epoch = UniqueID(text[text.index(after: slash)...])
        else { return nil }
        self.init(service: String(text[..<slash]), epoch: epoch)
    }
}

extension EventSource: CustomStringConvertible {
    public var description: String { "\(self.service)/\(self.epoch)" }
}

/// Where a reader of a log stands, as an opaque text that carries the epoch of the log.
public struct Cursor: Hashable, Sendable {
    public let epoch: UniqueID
    public let position: Position

    public init(epoch: UniqueID, position: Position) {
        self.epoch = epoch
        self.position = position
    }

    /// Reads what ``description`` wrote.
    public init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let epoch = UniqueID(text[..<dot]),
            let value = Int64(text[text.index(after: dot)...]), value >= 0
        else { return nil }
        self.init(epoch: epoch, position: Position(value))
    }
}

extension Cursor: CustomStringConvertible {
    public var description: String { "\(self.epoch).\(self.position)" }
}
