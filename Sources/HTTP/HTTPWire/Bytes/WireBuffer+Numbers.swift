extension WireBuffer {
    /// Appends `number` in decimal digits.
    /// - Precondition: it is not negative.
    public mutating func append(decimal number: Int64) {
        precondition(number >= 0, "lengths and statuses are not negative")
        var rest = UInt64(number)
        var digits: InlineArray<20, UInt8> = InlineArray(repeating: 0)
        var count = 0
        repeat {
            digits[count] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            self.append(digits[count])
        }
    }

    /// Appends `number` in lower case hexadecimal digits.
    /// - Parameter width: leading zeros are written up to that many digits.
    public mutating func append(hexadecimal number: UInt64, width: Int = 1) {
        let significant = (64 - number.leadingZeroBitCount + 3) / 4
        let count = Swift.max(width, significant)
        self.reserve(count)
        var (end, rest) = (self.tail &+ count, number)
        self.tail = end
        for _ in 0..<count {
            end &-= 1
            let digit = UInt8(truncatingIfNeeded: rest) & 0xF
            self.block[end] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
            rest >>= 4
        }
    }
}
