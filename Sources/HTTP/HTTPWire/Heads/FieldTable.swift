/// The field lines of one head or trailer section, in order, as offsets.
public struct FieldTable: Sendable {
    /// One field line.
    public struct Entry: Hashable, Sendable {
        var nameStart: UInt32
        var valueStart: UInt32
        var valueCount: UInt32
        var nameCount: UInt16
        /// The name, if it is one that servers act upon.
        public var id: FieldID
        /// Whether it stays behind: because `Connection` names it, or because whoever forwards said so.
        public internal(set) var isDropped = false

        /// The name, as it was sent.
        public var name: WireRange { WireRange(start: Int(self.nameStart), count: Int(self.nameCount)) }
        /// The value, without the blanks around it.
        public var value: WireRange { WireRange(start: Int(self.valueStart), count: Int(self.valueCount)) }
    }

    /// In the order in which they were sent. The storage is kept from head to head.
    public internal(set) var entries: [Entry] = []

    public init() {}

    public var count: Int { self.entries.count }

    /// The value of the first field of that name.
    public func first(_ id: FieldID) -> WireRange? {
        for index in self.entries.indices where self.entries[index].id == id { return self.entries[index].value }
        return nil
    }

    /// The value of the first field called `name`, which must be in lower case.
    public func first(_ name: StaticString, in bytes: RawSpan) -> WireRange? {
        for index in self.entries.indices where bytes.equals(self.entries[index].name, name) {
            return self.entries[index].value
        }
        return nil
    }
}
