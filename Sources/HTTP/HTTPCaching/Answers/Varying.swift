public import HTTPWire

/// Which fields of a request selected an answer (`Vary`, RFC 9111 §4.1).
public struct Varying: Hashable, Sendable {
    /// In lower case and order.
    public let names: [String]
    /// `*`: no request can be known to select it.
    public let isUnmatchable: Bool

    public init(_ list: String?) {
        let names = Set(CacheFields.elements(list ?? "").map { $0.lowercased() })
        self.isUnmatchable = names.contains("*")
        self.names = names.sorted()
    }

    /// What a request says in these fields, in a form in which requests that mean the same are the same: lines joined, blanks
    /// around commas removed; languages and codings in lower case and order.
    public func key(_ fields: borrowing FieldTable, _ bytes: RawSpan) -> [UInt8] {
        guard !self.names.isEmpty else { return [] }
        var key: [UInt8] = []
        for name in self.names {
            key += Self.value(name, fields, bytes)
            key.append(0x0A)
        }
        return key
    }

    /// Fields whose elements mean the same in any order and case.
    private static let unordered: Set<String> = ["accept-language", "accept-encoding", "accept-charset"]

    private static func value(_ name: String, _ fields: borrowing FieldTable, _ bytes: RawSpan) -> [UInt8] {
        var elements: [String]?
        for entry in fields.entries where bytes.text(entry.name).lowercased() == name {
            elements = (elements ?? []) + CacheFields.elements(bytes.text(entry.value)).map(String.init)
        }
        // A field that is not there differs from an empty one.
        guard var elements else { return [0] }
        if self.unordered.contains(name) {
            elements = elements.map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }.sorted()
        }
        return Array(elements.joined(separator: ",").utf8)
    }
}

extension CachedHead {
    public var varies: Varying { Varying(self.fields.list("vary")) }
}
