/// What a JSON text is refused for.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where reading stopped, in bytes from the start.
    public var offset: Int
    /// What was found or is missing there.
    public var reason: String

    public var description: String { "\(self.reason) (at byte \(self.offset))" }
}

/// Reads one JSON value and accepts exactly RFC 8259 in UTF-8, without what parsers disagree about: duplicate member
/// names at any depth, bytes after the value, lone surrogates, a byte order mark, unbounded depth or size.
///
/// Two parsers that disagree about one text are how it means one thing to its checker and another to its user.
public struct JSONReader {
    /// How much is read before a text is refused.
    public struct Limits: Hashable, Sendable {
        /// How many arrays and objects may be open at once. Default: 32.
        public var depth = 32
        /// How many members one object, and elements one array, may have. Default: 10,000.
        public var count = 10_000

        public init(depth: Int = 32, count: Int = 10_000) {
            self.depth = depth
            self.count = count
        }
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var position = 0
    private var depth = 0

    private init(_ bytes: [UInt8], _ limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The value that `bytes` hold, surrounded by nothing but white space.
    public static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes, limits)
        do throws(Fault) {
            reader.skipSpace()
            let value = try reader.value()
            reader.skipSpace()
            guard reader.position == bytes.count else { throw Fault(reason: "something follows the value") }
            return value
        } catch {
            throw JSONError(offset: reader.position, reason: error.reason)
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
        guard self.depth <= self.limits.depth else { throw Fault(reason: "deeper than \(self.limits.depth) levels") }
        self.skipSpace()
    }

    private mutating func object() throws(Fault) -> JSONObject {
        try self.enter()
        defer { self.depth -= 1 }
        var object = JSONObject()
        var names = JSONNames()
        if self.take(UInt8(ascii: "}")) { return object }
        repeat {
            self.skipSpace()
            guard self.next == UInt8(ascii: "\"") else { throw Fault(reason: "a member name is due") }
            let name = try self.string()
            guard names.insert(name, after: object.members) else { throw Fault(reason: "a member name is repeated") }
            guard object.members.count < self.limits.count else { throw Fault(reason: "too many members") }
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
            guard values.count <= self.limits.count else { throw Fault(reason: "too many elements") }
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
        let start = self.position
        var isASCII = true
        var byte = try self.plain(&isASCII)
        var text = self.bytes[start..<self.position - 1]
        while byte == UInt8(ascii: "\\") {
            text += try self.escape()
            let start = self.position
            byte = try self.plain(&isASCII)
            text += self.bytes[start..<self.position - 1]
        }
        // What was escaped is valid. Checking costs as much as all the rest.
        if isASCII { return String(decoding: text, as: UTF8.self) }
        guard let string = String(validating: text, as: UTF8.self) else {
            throw Fault(reason: "a string is not valid UTF-8")
        }
        return string
    }

    /// Goes behind the next quotation mark or backslash, and answers which it was.
    private mutating func plain(_ isASCII: inout Bool) throws(Fault) -> UInt8 {
        while let byte = self.next {
            self.position += 1
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return byte }
            guard byte >= 0x20 else { throw Fault(reason: "a control character stands in a string") }
            if byte >= 0x80 { isASCII = false }
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

/// Tells whether a member's name is there already. A few are compared one by one, which is faster than hashing them.
private struct JSONNames {
    private var seen: Set<[UInt8]> = []
    private static let few = 16

    /// False when one of `members` has the name, byte for byte. To be asked for each name in turn.
    mutating func insert(_ name: String, after members: [JSONObject.Member]) -> Bool {
        guard members.count >= Self.few else {
            return !members.contains { $0.name.utf8.elementsEqual(name.utf8) }
        }
        if self.seen.isEmpty { self.seen = Set(members.map { Array($0.name.utf8) }) }
        return self.seen.insert(Array(name.utf8)).inserted
    }
}
