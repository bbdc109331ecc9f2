import FoundationEssentials

/// The one way in which event data, snapshots and the bodies of calls become bytes: JSON with sorted keys.
///
/// What is common is read and written in one pass over the bytes. The rest is Foundation's: whatever the one pass does not
/// take (a repeated or odd member name, a fraction where a whole number is due, `Data`, `URL`, `Decimal`, a broken
/// text) goes to `JSONDecoder` and `JSONEncoder`, so that values, bytes and errors are theirs.
public enum EventCoding {
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()
    private static let decoder = JSONDecoder()

    /// - Throws: what the value throws, or `EncodingError` for one that JSON cannot hold.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        if let bytes = JSONSink.bytes(of: value) { return bytes }
        return [UInt8](try Self.encoder.encode(value))
    }

    /// - Throws: `DecodingError` with the place in the text, or what the value throws.
    public static func decode<Value: Decodable>(_ type: Value.Type, from data: [UInt8]) throws -> Value {
        if let value = JSONSource.value(type, from: data) { return value }
        return try Self.decoder.decode(type, from: Data(data))
    }

    /// Whether Foundation's coders treat the type in their own way instead of asking it.
    static func isSpecial<Value>(_ type: Value.Type) -> Bool {
        type == Data.self || type == URL.self || type == Decimal.self
    }
}
