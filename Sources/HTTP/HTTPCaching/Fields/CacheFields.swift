public import HTTPWire

/// One field line of an answer. Values stay bytes, because they may be no UTF-8.
public struct CacheField: Hashable, Sendable {
    /// As it was sent.
    public let name: String
    /// In lower case.
    public let key: String
    public var value: [UInt8]

    public init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.key = name.lowercased()
        self.value = value
    }

    public init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }
}

/// The field lines of an answer in their order.
public struct CacheFields: Hashable, Sendable {
    public var lines: [CacheField]

    public init(_ lines: [CacheField] = []) {
        self.lines = lines
    }

    public init(_ lines: KeyValuePairs<String, String>) {
        self.lines = lines.map { CacheField($0.key, $0.value) }
    }

    /// The lines of a head but those of its connection, of framing, and those that were dropped.
    public init(_ head: borrowing ResponseHead, _ bytes: RawSpan) {
        self.lines = []
        for entry in head.fields.entries
        where !entry.isDropped && !FieldSet.connectionOnly.contains(entry.id) {
            let value = bytes.withUnsafeBytes { Array($0[entry.value.start..<entry.value.end]) }
            self.lines.append(CacheField(bytes.text(entry.name), value))
        }
    }

    public func contains(_ key: String) -> Bool { self.lines.contains { $0.key == key } }

    /// The value of the first line of that name.
    public func first(_ key: String) -> [UInt8]? { self.lines.first { $0.key == key }?.value }

    /// The same as text.
    public func text(_ key: String) -> String? { self.first(key).map { String(decoding: $0, as: UTF8.self) } }

    /// All lines of a name as one list (RFC 9110 §5.3); nil when there is none.
    public func list(_ key: String) -> String? {
        var found: String?
        for line in self.lines where line.key == key {
            let text = String(decoding: line.value, as: UTF8.self)
            found = found.map { "\($0), \(text)" } ?? text
        }
        return found
    }

    public mutating func remove(_ keys: Set<String>) { self.lines.removeAll { keys.contains($0.key) } }

    /// The elements of a comma separated list without quoted commas, blanks around them removed, empty ones left out.
    static func elements(_ list: String) -> [Substring] {
        list.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
    }
}

extension Substring {
    /// Without blanks at either end.
    var trimmed: Substring {
        var rest = self
        while let first = rest.utf8.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.utf8.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return rest
    }
}
