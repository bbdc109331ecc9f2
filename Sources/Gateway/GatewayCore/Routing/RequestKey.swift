public import HTTPWire
import LoadBalancing

/// Reads what of a request decides where it goes, in a split as among the hosts of a service.
public struct RequestKey: Hashable, Sendable {
    private let key: Split.Key
    /// In lower case where case does not matter.
    private let name: [UInt8]
    /// Of a header; most others are told apart by it without their names.
    private let field: FieldID

    public init(_ key: Split.Key) {
        self.key = key
        switch key {
        case .none, .client: self.name = []
        case .header(let name): self.name = Array(name.lowercased().utf8)
        case .cookie(let name), .query(let name): self.name = Array(name.utf8)
        }
        if case .header(let name) = key { self.field = FieldID(named: name) } else { self.field = .other }
    }

    /// Allocates nothing.
    /// - Parameters:
    ///   - peer: a key of the client's address, for requests that do not have what is looked for.
    ///   - draw: a random number.
    public func value(_ head: borrowing RequestHead, _ bytes: RawSpan, peer: UInt64, draw: UInt64) -> UInt64 {
        let name = self.name.span.bytes
        switch self.key {
        case .none: return draw
        case .client: return peer
        case .query:
            let query = bytes.extracting(head.query.bounds)
            guard let range = QueryReading.value(of: name, in: query) else { return peer }
            return BalancingKey.of(query.extracting(range))
        case .header:
            for index in head.fields.entries.indices {
                let entry = head.fields.entries[index]
                guard entry.id == self.field, bytes.extracting(entry.name.bounds).equalsFolded(name) else { continue }
                return BalancingKey.of(bytes.extracting(entry.value.bounds))
            }
            return peer
        case .cookie:
            for index in head.fields.entries.indices where head.fields.entries[index].id == .cookie {
                let field = bytes.extracting(head.fields.entries[index].value.bounds)
                guard let range = CookieReading.value(of: name, in: field) else { continue }
                return BalancingKey.of(field.extracting(range))
            }
            return peer
        }
    }
}
