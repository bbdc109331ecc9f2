import HTTPWire

/// What a request says that several routes ask for, read once.
struct RequestFacts {
    /// Without port.
    var host: WireRange
    var tenant = WireRange.empty
    /// Zero: none; negative: not a version; nil: not yet read.
    private(set) var version: Int?

    init(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        self.host = Self.withoutPort(head.host, bytes)
    }

    private static func withoutPort(_ host: WireRange, _ bytes: RawSpan) -> WireRange {
        var end = host.end
        while end > host.start, bytes.at(end - 1) &- 0x30 < 10 { end -= 1 }
        guard end > host.start, bytes.at(end - 1) == UInt8(ascii: ":") else { return host }
        return WireRange(from: host.start, to: end - 1)
    }

    /// The version that the request asks for by parameter or, without one, by `Accept`.
    mutating func version(_ head: borrowing RequestHead, _ bytes: RawSpan, _ parts: borrowing RoutingParts) -> Int {
        if let version = self.version { return version }
        let texts = parts.bytes.span.bytes
        var version = 0
        let query = bytes.extracting(head.query.bounds)
        if let value = QueryReading.value(of: texts.extracting(parts.versionParameter.bounds), in: query) {
            version = Self.number(query, value) ?? -1
        } else {
            for index in head.fields.entries.indices where version == 0 {
                let entry = head.fields.entries[index]
                guard entry.id == .other else { continue }
                let name = bytes.extracting(entry.name.bounds)
                guard name.byteCount == 6, Self.isAccept(name) else { continue }
                version = Self.mediaVersion(
                    bytes.extracting(entry.value.bounds), texts.extracting(parts.versionMediaParameter.bounds))
            }
        }
        self.version = version
        return version
    }

    private static func isAccept(_ name: RawSpan) -> Bool {
        let text: StaticString = "accept"
        return text.withUTF8Buffer { wanted in
            for index in 0..<6 where name.at(index).lowercase != wanted[index] { return false }
            return true
        }
    }

    /// The number of the first parameter of that name in a list of media types; zero when there is none.
    private static func mediaVersion(_ accept: RawSpan, _ name: RawSpan) -> Int {
        var index = accept.first(UInt8(ascii: ";"), from: 0)
        while index < accept.byteCount {
            index += 1
            while index < accept.byteCount, accept.at(index) == 0x20 || accept.at(index) == 0x09 { index += 1 }
            let end = index + name.byteCount
            if end < accept.byteCount, accept.at(end) == UInt8(ascii: "="),
                accept.extracting(index..<end).equalsFolded(name)
            {
                var stop = end + 1
                while stop < accept.byteCount, !Self.endsParameter(accept.at(stop)) { stop += 1 }
                var value = (end + 1)..<stop
                if value.count >= 2, accept.at(value.lowerBound) == UInt8(ascii: "\""),
                    accept.at(value.upperBound - 1) == UInt8(ascii: "\"")
                {
                    value = (value.lowerBound + 1)..<(value.upperBound - 1)
                }
                return Self.number(accept, value) ?? -1
            }
            index = accept.first(UInt8(ascii: ";"), from: index)
        }
        return 0
    }

    private static func endsParameter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09
    }

    /// One to six digits that are not zero.
    private static func number(_ bytes: RawSpan, _ range: Range<Int>) -> Int? {
        guard (1...6).contains(range.count) else { return nil }
        var number = 0
        for index in range {
            let digit = bytes.at(index) &- 0x30
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
        }
        return number > 0 ? number : nil
    }
}

/// Reading parameters where they lie. Names and values are compared with their escapes read, `+` as a blank.
enum QueryReading {
    /// Where the value of the first parameter of that name lies; nil when there is none.
    /// - Parameter query: with its question mark, or empty.
    static func value(of name: RawSpan, in query: RawSpan) -> Range<Int>? {
        var index = 1
        while index < query.byteCount {
            let end = query.first(UInt8(ascii: "&"), from: index)
            let split = min(query.first(UInt8(ascii: "="), from: index), end)
            if self.equals(query.extracting(index..<split), name) { return min(split + 1, end)..<end }
            index = end + 1
        }
        return nil
    }

    static func equals(_ encoded: RawSpan, _ literal: RawSpan) -> Bool {
        self.length(of: literal, in: encoded) == encoded.byteCount
    }

    static func begins(_ encoded: RawSpan, with literal: RawSpan) -> Bool {
        self.length(of: literal, in: encoded) != nil
    }

    /// How many bytes of `encoded` stand for `literal`; nil when it does not begin with it.
    private static func length(of literal: RawSpan, in encoded: RawSpan) -> Int? {
        var position = 0
        for index in 0..<literal.byteCount {
            guard position < encoded.byteCount else { return nil }
            var byte = encoded.at(position)
            position += 1
            if byte == .percent, let value = encoded.escape(at: position - 1) {
                byte = value
                position += 2
            } else if byte == UInt8(ascii: "+") {
                byte = 0x20
            }
            guard byte == literal.at(index) else { return nil }
        }
        return position
    }
}

/// Reading one cookie of a `Cookie` field.
enum CookieReading {
    /// Where the value of the first cookie of that name lies; nil when there is none.
    static func value(of name: RawSpan, in field: RawSpan) -> Range<Int>? {
        var index = 0
        while index < field.byteCount {
            while index < field.byteCount, field.at(index) == 0x20 || field.at(index) == UInt8(ascii: ";") {
                index += 1
            }
            let end = field.first(UInt8(ascii: ";"), from: index)
            let split = min(field.first(UInt8(ascii: "="), from: index), end)
            if split < end, field.extracting(index..<split).equals(name) { return (split + 1)..<end }
            index = end
        }
        return nil
    }
}
