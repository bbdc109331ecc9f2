import Essentials

/// Reads the JSON objects of tokens and keys with ``JSONReader``, under limits that are close to what they need.
enum StrictJSON {
    private static let limits = JSONReader.Limits(depth: 8, count: 256)

    /// The object that `bytes` hold.
    /// - Parameters:
    ///   - what: how errors name the text, such as `header`.
    ///   - limit: the most bytes that are read.
    /// - Throws: `oversize`, `malformedJSON`.
    static func object(in bytes: [UInt8], what: String, limit: Int) throws(JOSEError) -> JSONObject {
        guard bytes.count <= limit else {
            throw JOSEError(.oversize, "the \(what) has \(bytes.count) bytes, at most \(limit) are read")
        }
        do throws(JSONError) {
            if let object = try JSONReader.parse(bytes, limits: Self.limits).object { return object }
        } catch {
            throw JOSEError(.malformedJSON, "the \(what) is refused: \(error)")
        }
        throw JOSEError(.malformedJSON, "the \(what) is not a JSON object")
    }
}

extension JSONObject {
    init(_ members: KeyValuePairs<String, JSONValue>) {
        self.init()
        for (name, value) in members { self[name] = value }
    }

    /// The object as JSON without spaces, its members sorted by name.
    var serialized: [UInt8] { JSONValue.object(self).serialized }
}

extension JSONValue {
    /// The strings of an array that holds nothing else.
    var strings: [String]? {
        guard let values = self.array else { return nil }
        let strings = values.compactMap(\.string)
        return strings.count == values.count ? strings : nil
    }
}

extension String {
    /// Whether both are the same UTF-8, which is stricter than `==`.
    func hasSameBytes(as other: String) -> Bool { self.utf8.elementsEqual(other.utf8) }

    /// This text as messages may show it, though a stranger wrote it: in quotes, 64 characters at most, nothing that
    /// could begin a line of a log.
    var quoted: String {
        let shown = self.utf8.prefix(64).map { (0x20...0x7E).contains($0) && $0 != 0x27 ? $0 : UInt8(ascii: "?") }
        return "'\(String(decoding: shown, as: UTF8.self))'"
    }
}
