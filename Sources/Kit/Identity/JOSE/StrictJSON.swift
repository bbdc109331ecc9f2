/// Reads one JSON object and accepts exactly RFC 8259 in UTF-8, without what parsers disagree about: duplicate member
/// names at any depth, bytes after the value, lone surrogates, a byte order mark, unbounded depth or size.
///
/// Two parsers that disagree about one token are how a token means one thing to its checker and another to its user.
struct StrictJSON {
    /// How many arrays and objects may be open at once.
    static let maximumDepth = 8
    /// How many members one object, and elements one array, may have.
    static let maximumCount = 256

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The object that `bytes` hold.
    /// - Parameters:
    ///   - what: how errors name the text, such as `header`.
    ///   - limit: the most bytes that are read.
    /// - Throws: `oversize`, `malformedJSON`.
    static func object(in bytes: [UInt8], what: String, limit: Int) throws(JOSEError) -> JSONObject {
        guard bytes.count <= limit else {
            throw JOSEError(.oversize, "the \(what) has \(bytes.count) bytes, at most \(limit) are read")
        }
        var reader = StrictJSON(bytes)
        do throws(Fault) {
            reader.skipSpace()
            guard case .object(let object) = try reader.value() else { throw Fault(reason: "it is not an object") }
            reader.skipSpace()
            guard reader.position == bytes.count else { throw Fault(reason: "something follows the object") }
            return object
        } catch {
            throw JOSEError(.malformedJSON, "the \(what) is refused at byte \(reader.position): \(error.reason)")
        }
    }

    private struct Fault: Error {
        var reason: String
    }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func value() throws(Fault) -> JSONValue {
        guard let first = self.next else { throw Fault(reason: "it ends too early") }
        switch first {
        case UInt8(ascii: "{"): return .object(try self.object())
        case UInt8(ascii: "["): return .array(try self.array())
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.literal("true", .bool(true))
        case UInt8(ascii: "f"): return try self.literal("false", .bool(false))
        case UInt8(ascii: "n"): return try self.literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try self.number())
        default: throw Fault(reason: "no value begins so")
        }
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(Fault) -> JSONValue {
        for byte in text.utf8 {
            guard self.take(byte) else { throw Fault(reason: "no value begins so") }
        }
        return value
    }

    private mutating func enter() throws(Fault) {
        self.position += 1
        self.depth += 1
        guard self.depth <= Self.maximumDepth else { throw Fault(reason: "deeper than \(Self.maximumDepth) levels") }
        self.skipSpace()
    }

    private mutating func object() throws(Fault) -> JSONObject {
        try self.enter()
        defer { self.depth -= 1 }
        var object = JSONObject()
        var names: Set<[UInt8]> = []
        if self.take(UInt8(ascii: "}")) { return object }
        repeat {
            self.skipSpace()
            guard self.next == UInt8(ascii: "\"") else { throw Fault(reason: "a member name is due") }
            let name = try self.string()
            guard names.insert(Array(name.utf8)).inserted else { throw Fault(reason: "a member name is repeated") }
            guard names.count <= Self.maximumCount else { throw Fault(reason: "too many members") }
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")) else { throw Fault(reason: "a colon is due") }
            self.skipSpace()
            object.members.append(JSONObject.Member(name: name, value: try self.value()))
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "}")) else { throw Fault(reason: "a comma or the object's end is due") }
        return object
    }

    private mutating func array() throws(Fault) -> [JSONValue] {
        try self.enter()
        defer { self.depth -= 1 }
        var values: [JSONValue] = []
        if self.take(UInt8(ascii: "]")) { return values }
        repeat {
            self.skipSpace()
            values.append(try self.value())
            guard values.count <= Self.maximumCount else { throw Fault(reason: "too many elements") }
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "]")) else { throw Fault(reason: "a comma or the array's end is due") }
        return values
    }

    private mutating func number() throws(Fault) -> String {
        let start = self.position
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.digits() }
        if self.take(UInt8(ascii: ".")) { try self.digits() }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.digits()
        }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private mutating func digits() throws(Fault) {
        let start = self.position
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.position += 1 }
        guard self.position > start else { throw Fault(reason: "a digit is due") }
    }

    private mutating func string() throws(Fault) -> String {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.next {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw Fault(reason: "a string is not valid UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try self.escape()
            case 0..<0x20: throw Fault(reason: "a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw Fault(reason: "a string has no end")
    }

    private mutating func escape() throws(Fault) -> [UInt8] {
        guard let byte = self.next else { throw Fault(reason: "a string has no end") }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try self.scalar())).utf8)
        default: throw Fault(reason: "no such escape")
        }
    }

    private mutating func scalar() throws(Fault) -> Unicode.Scalar {
        let first = try self.codeUnit()
        if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
        guard UTF16.isLeadSurrogate(first), self.take(UInt8(ascii: "\\")), self.take(UInt8(ascii: "u")) else {
            throw Fault(reason: "half of a surrogate pair")
        }
        let second = try self.codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw Fault(reason: "half of a surrogate pair") }
        let offset = UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00)
        guard let scalar = Unicode.Scalar(0x10000 + offset) else { throw Fault(reason: "no such character") }
        return scalar
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = self.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw Fault(reason: "four hexadecimal digits are due")
            }
            self.position += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
