public import Essentials

/// Names one stream of events: the history of one aggregate.
public struct StreamID: Hashable, Comparable, Sendable {
    /// What kind of aggregate the stream tells of, such as `order`. Letters, digits and dots.
    public let category: String
    /// Which aggregate of that kind.
    public let aggregateID: UniqueID

    public init(category: String, aggregateID: UniqueID) {
        precondition(
            !category.isEmpty && !category.contains("-"), "'\(category)' cannot be a category: it is empty or has a '-'"
        )
        self.category = category
        self.aggregateID = aggregateID
    }

    /// Reads `category-uuid`.
    public init?(_ text: String) {
        guard let dash = text.firstIndex(of: "-"), dash != text.startIndex,
            let id = UniqueID(text[text.index(after: dash)...])
        else { return nil }
        self.category = String(text[..<dash])
        self.aggregateID = id
    }

    public static func < (left: StreamID, right: StreamID) -> Bool {
        (left.category, left.aggregateID) < (right.category, right.aggregateID)
    }
}

extension StreamID: CustomStringConvertible {
    public var description: String { "\(self.category)-\(self.aggregateID)" }
}

/// How many events a stream holds, which is also the version of its last event; 0 for a stream that does not exist.
public struct StreamVersion: Hashable, Comparable, Sendable {
    public var value: Int64

    public init(_ value: Int64) {
        self.value = value
    }

    public static let zero = StreamVersion(0)
    public static func < (left: StreamVersion, right: StreamVersion) -> Bool { left.value < right.value }
}

extension StreamVersion: CustomStringConvertible {
    public var description: String { String(self.value) }
}

/// What a writer believes about a stream when it appends to it.
public enum ExpectedVersion: Hashable, Sendable {
    /// Append whatever is there. For logs without decisions only.
    case any
    /// The stream has exactly this many events; `.exactly(.zero)` means that it must not exist.
    case exactly(StreamVersion)
}

/// The place of an event in the global order of one log. The first event has 1; there are no gaps.
public struct Position: Hashable, Comparable, Sendable {
    public var value: Int64

    public init(_ value: Int64) {
        self.value = value
    }

    /// Before the first event.
    public static let start = Position(0)
    public static func < (left: Position, right: Position) -> Bool { left.value < right.value }
}

extension Position: CustomStringConvertible {
    public var description: String { String(self.value) }
}
