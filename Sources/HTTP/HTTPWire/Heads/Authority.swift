/// `uri-host [ ":" port ]` of RFC 9110 §7.2, without user information, never empty.
enum Authority {
    static func isValid(_ bytes: RawSpan, _ range: WireRange) -> Bool {
        guard !range.isEmpty, range.count <= Self.maximum else { return false }
        let isLiteral = bytes.byte(at: range.start) == UInt8(ascii: "[")
        guard let end = isLiteral ? self.endOfLiteral(bytes, range) : self.endOfName(bytes, range) else {
            return false
        }
        return end == range.end
            || bytes.byte(at: end) == .colon && self.isPort(bytes, WireRange(from: end + 1, to: range.end))
    }

    /// 253 bytes of a name, a colon and five digits, and room for escapes.
    private static let maximum = 512

    private static func endOfName(_ bytes: RawSpan, _ range: WireRange) -> Int? {
        var index = range.start
        while index < range.end {
            let byte = bytes.byte(at: index)
            guard ByteClass.isHost(byte) else { break }
            if byte == UInt8(ascii: "%") {
                guard index + 2 < range.end, ByteClass.hexadecimal(bytes.byte(at: index + 1)) != nil,
                    ByteClass.hexadecimal(bytes.byte(at: index + 2)) != nil
                else { return nil }
                index += 2
            }
            index += 1
        }
        return index > range.start ? index : nil
    }

    /// `[` IPv6address `]`: at most eight groups of one to four digits, at most one `::`, perhaps a dotted end.
    private static func endOfLiteral(_ bytes: RawSpan, _ range: WireRange) -> Int? {
        var (index, digits, colons, doubles, dots) = (range.start + 1, 0, 0, 0, 0)
        var isAfterColon = false
        while index < range.end {
            let byte = bytes.byte(at: index)
            if byte == UInt8(ascii: "]") { break }
            if byte == .colon {
                doubles += isAfterColon ? 1 : 0
                colons += 1
                digits = 0
            } else if byte == UInt8(ascii: ".") {
                dots += 1
                digits = 0
            } else {
                guard ByteClass.hexadecimal(byte) != nil else { return nil }
                digits += 1
            }
            guard digits <= 4 else { return nil }
            isAfterColon = byte == .colon
            index += 1
        }
        guard index < range.end, colons >= 2, colons <= 7, doubles <= 1, dots == 0 || dots == 3,
            doubles == 1 || colons == (dots == 0 ? 7 : 6)
        else { return nil }
        return index + 1
    }

    private static func isPort(_ bytes: RawSpan, _ range: WireRange) -> Bool {
        guard range.count <= 5 else { return false }
        var port = 0
        for index in range.start..<range.end {
            guard ByteClass.isDigit(bytes.byte(at: index)) else { return false }
            port = port * 10 + Int(bytes.byte(at: index) &- 0x30)
        }
        return port <= 65_535
    }
}
