/// Reading bytes and words, with bounds checked by the standard library; and searching eight bytes at once (SWAR).
extension RawSpan {
    /// Bit 5 of every byte: set, it turns upper case letters into lower case ones.
    static let fold: UInt64 = 0x2020_2020_2020_2020
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { self.unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// Eight bytes, the first of them lowest.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Up to eight bytes, the first of them lowest, the rest zero.
    @inline(__always)
    func shortWord(at offset: Int, count: Int) -> UInt64 {
        if offset + 8 <= self.byteCount {
            let word = self.word(at: offset)
            return count >= 8 ? word : word & ((1 << UInt64(count &* 8)) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<Swift.min(count, 8) { word |= UInt64(self.byte(at: offset + index)) << UInt64(index &* 8) }
        return word
    }

    /// ``fold`` for the first `count` bytes only.
    @inline(__always)
    func foldMask(_ count: Int) -> UInt64 {
        count >= 8 ? Self.fold : Self.fold & ((1 << UInt64(count &* 8)) &- 1)
    }

    /// The offset of the first byte that no field value may hold (a control character but HTAB), or `end`.
    ///
    /// After Anderson's "Bit Twiddling Hacks" (hasless, haszero): the lowest marked byte is always a true one, because a
    /// borrow runs upwards only.
    @inline(__always)
    func endOfValue(from start: Int, to end: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let word = self.word(at: index)
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let controls = (word &- Self.fold) & ~word
            let deletes = (delete &- Self.ones) & ~delete
            let marks = (controls | deletes) & Self.highs
            if marks == 0 {
                index &+= 8
                continue
            }
            index &+= marks.trailingZeroBitCount &>> 3
            if self.byte(at: index) != .tab { return index }
            index &+= 1
        }
        while index < end {
            let byte = self.byte(at: index)
            if byte < 0x20 && byte != .tab || byte == 0x7F { return index }
            index &+= 1
        }
        return end
    }

    /// The offset of the first byte that is not part of a token, or `end`.
    @inline(__always)
    func endOfToken(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, ByteClass.isToken(self.byte(at: index)) { index &+= 1 }
        return index
    }

    /// Whether the bytes of `range` are those of `text`, a lower case text, when letters are folded.
    func equals(_ range: WireRange, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for index in 0..<range.count where self.byte(at: range.start + index).folded != wanted[index] {
                return false
            }
            return true
        }
    }

    /// Whether two ranges hold the same bytes when letters are folded.
    func equals(_ left: WireRange, _ right: WireRange) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count
        where self.byte(at: left.start + index).folded != self.byte(at: right.start + index).folded {
            return false
        }
        return true
    }
}
