import HTTPWire

extension WireRange {
    var bounds: Range<Int> { self.start..<self.end }
}

extension UInt8 {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")
    static let percent = UInt8(ascii: "%")

    /// The letter in lower case.
    var lowercase: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

/// Reading bytes and words; bounds are checked by the standard library.
extension RawSpan {
    @inline(__always)
    func at(_ offset: Int) -> UInt8 { self.unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether `literal` stands at the begin.
    @inline(__always)
    func begins(with literal: RawSpan) -> Bool {
        guard literal.byteCount <= self.byteCount else { return false }
        var index = 0
        while index + 8 <= literal.byteCount {
            guard self.word(at: index) == literal.word(at: index) else { return false }
            index += 8
        }
        while index < literal.byteCount {
            guard self.at(index) == literal.at(index) else { return false }
            index += 1
        }
        return true
    }

    @inline(__always)
    func equals(_ literal: RawSpan) -> Bool { self.byteCount == literal.byteCount && self.begins(with: literal) }

    /// Whether the bytes are those of `literal`, which is in lower case, when letters are folded.
    func equalsFolded(_ literal: RawSpan) -> Bool {
        guard self.byteCount == literal.byteCount else { return false }
        for index in 0..<literal.byteCount where self.at(index).lowercase != literal.at(index) { return false }
        return true
    }

    func ends(withFolded literal: RawSpan) -> Bool {
        self.byteCount >= literal.byteCount
            && self.extracting((self.byteCount - literal.byteCount)..<self.byteCount).equalsFolded(literal)
    }

    /// The offset of `byte` at or behind `start`, or the end.
    @inline(__always)
    func first(_ byte: UInt8, from start: Int) -> Int {
        var index = start
        while index < self.byteCount, self.at(index) != byte { index += 1 }
        return index
    }

    /// The byte of the escape at `offset`; nil when it is not whole.
    func escape(at offset: Int) -> UInt8? {
        guard offset + 2 < self.byteCount, let high = Self.hexadecimal(self.at(offset + 1)),
            let low = Self.hexadecimal(self.at(offset + 2))
        else { return nil }
        return high << 4 | low
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    var text: String {
        String(decoding: (0..<self.byteCount).map { self.at($0) }, as: UTF8.self)
    }
}
