/// A 128-bit identifier, written as a lowercase UUID (RFC 9562) and stored as 16 bytes.
public struct UniqueID: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads exactly 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        let words =
            bytes.withContiguousStorageIfAvailable(Self.bigEndianWords)
            ?? ContiguousArray(bytes).withUnsafeBufferPointer(Self.bigEndianWords)
        guard let words else { return nil }
        self.init(high: words.high, low: words.low)
    }

    private static func bigEndianWords(_ bytes: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard bytes.count == 16 else { return nil }
        var (high, low) = (UInt64(0), UInt64(0))
        for index in 0..<8 {
            high = high << 8 | UInt64(bytes[index])
            low = low << 8 | UInt64(bytes[index + 8])
        }
        return (high, low)
    }

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in either case, any version.
    public init?(_ text: some StringProtocol) {
        let words =
            text.utf8.withContiguousStorageIfAvailable(Self.words)
            ?? ContiguousArray(text.utf8).withUnsafeBufferPointer(Self.words)
        guard let words else { return nil }
        self.init(high: words.high, low: words.low)
    }

    private static func words(_ text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count == 36 else { return nil }
        var (high, low) = (UInt64(0), UInt64(0))
        for offset in 0..<36 {
            let byte = text[offset]
            if offset == 8 || offset == 13 || offset == 18 || offset == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = Self.hexadecimal(byte) else { return nil }
            if offset < 18 { high = high << 4 | value } else { low = low << 4 | value }
        }
        return (high, low)
    }

    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                let shift = UInt64(56 - 8 * index)
                buffer[index] = UInt8(truncatingIfNeeded: self.high >> shift)
                buffer[index + 8] = UInt8(truncatingIfNeeded: self.low >> shift)
            }
            count = 16
        }
    }

    /// The version nibble of RFC 9562: 4 for random, 7 for time-ordered.
    public var version: Int { Int(self.high >> 12 & 0xF) }

    public static func < (left: UniqueID, right: UniqueID) -> Bool { (left.high, left.low) < (right.high, right.low) }

    private static func hexadecimal(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 48...57: UInt64(byte - 48)
        case 97...102: UInt64(byte - 87)
        case 65...70: UInt64(byte - 55)
        default: nil
        }
    }
}

extension UniqueID: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ description: String) {
        var description = description
        guard let words = description.withUTF8(Self.words) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? self.high : self.low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index & 15)) & 15)
                buffer[position] = digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a")
                position += 1
            }
            return position
        }
    }
}

extension UniqueID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let parsed = UniqueID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a UUID")
        }
        self = parsed
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

/// A ``UniqueID`` that says what it identifies, so that identifiers of different things cannot be mixed up.
///
/// ```swift
/// public enum OrderSubject {}
/// public typealias OrderID = Identifier<OrderSubject>
/// ```
public struct Identifier<Subject>: Hashable, Comparable, Sendable {
    public let rawValue: UniqueID

    public init(_ rawValue: UniqueID) {
        self.rawValue = rawValue
    }

    public init?(_ text: some StringProtocol) {
        guard let parsed = UniqueID(text) else { return nil }
        self.rawValue = parsed
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Identifier: CustomStringConvertible {
    public var description: String { self.rawValue.description }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        self.rawValue = try UniqueID(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try self.rawValue.encode(to: encoder)
    }
}
