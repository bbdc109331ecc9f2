/// A path with named parts, such as `/v1/orders/{orderId}/lines/{lineId}`.
public struct PathPattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    enum Segment: Hashable, Sendable {
        case literal(String)
        case parameter(String)
    }

    let segments: [Segment]
    public let description: String

    public init(stringLiteral value: String) {
        precondition(value.hasPrefix("/"), "the path '\(value)' does not begin with a slash")
        self.description = value
        self.segments = value.split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    /// The names of the parts in braces, in order.
    public var parameters: [String] {
        self.segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The values of the named parts, percent-decoded; nil when the path is not of this pattern.
    func match(_ parts: [Substring]) -> [String: String]? {
        guard parts.count == self.segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(self.segments, parts) {
            guard let decoded = PercentEncoding.decode(part) else { return nil }
            switch segment {
            case .literal(let text): guard decoded == text else { return nil }
            case .parameter(let name): values[name] = decoded
            }
        }
        return values
    }

    /// Fewer named parts are more specific and are tried first.
    var parameterCount: Int { self.parameters.count }
}

/// Percent-encoding of RFC 3986 and of query strings.
public enum PercentEncoding {
    /// The text behind percent-encoding; nil when an escape is cut off or the bytes are not UTF-8.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit)
                else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text with everything but unreserved characters escaped.
    public static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        case 65...70: byte - 55
        default: nil
        }
    }
}
