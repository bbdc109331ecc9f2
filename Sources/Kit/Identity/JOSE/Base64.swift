/// Base64 without padding, canonical only: one text for each sequence of bytes.
///
/// Foundation's decoder wants padding and accepts stray bits in the last character, so that several texts stand for one
/// signature. Here such texts are refused.
enum Base64: Sendable {
    /// The alphabet of RFC 4648 §5, used by JOSE.
    case url
    /// The alphabet of RFC 4648 §4, used by the PHC string format.
    case standard

    private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private var alphabet: [UInt8] {
        switch self {
        case .url: Self.urlAlphabet
        case .standard: Self.standardAlphabet
        }
    }

    func encode(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = self.alphabet
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(buffer >> bits & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << (6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` stands for; nil when it is not the one canonical text of any bytes.
    func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            guard let value = self.value(of: character) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        let stray = buffer & (1 << bits - 1)
        return stray == 0 ? bytes : nil
    }

    private func value(of character: UInt8) -> UInt32? {
        switch (character, self) {
        case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _): UInt32(character - UInt8(ascii: "A"))
        case (UInt8(ascii: "a")...UInt8(ascii: "z"), _): UInt32(character - UInt8(ascii: "a")) + 26
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), _): UInt32(character - UInt8(ascii: "0")) + 52
        case (UInt8(ascii: "-"), .url), (UInt8(ascii: "+"), .standard): 62
        case (UInt8(ascii: "_"), .url), (UInt8(ascii: "/"), .standard): 63
        default: nil
        }
    }
}

/// Whether both are the same bytes. The time taken depends on their lengths alone.
func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
