/// A JSON text that is being written, value by value, into one buffer. The members of an object are brought into the
/// order of their names when it ends.
struct JSONText {
    /// An object or an array that has begun and not ended.
    private struct Frame {
        var isObject: Bool
        /// Different for each object and array of the text.
        var number: Int32
        /// Of an object: its first member in `members`.
        var firstMember: Int
        var count = 0
    }

    private struct Member {
        /// The quotation mark before the name.
        var start: Int
        var nameLength: Int
        /// Behind the value.
        var end = 0
    }

    /// An object or an array, as those who write into it know it.
    struct Place {
        fileprivate var level: Int32
        fileprivate var number: Int32

        /// How many objects and arrays are open while a value in it is written.
        var inside: Int { Int(self.level) + 1 }

        /// Into this nothing can be written.
        fileprivate static let nowhere = Place(level: 0, number: 0)
    }

    private(set) var bytes: [UInt8] = []
    /// Whether something came up that Foundation's encoder may write otherwise, even if the type that asked went on.
    private(set) var isAbandoned = false
    private var frames: [Frame] = []
    private var members: [Member] = []
    private var sorted: [UInt8] = []
    private var lastNumber: Int32 = 0

    init() {
        self.bytes.reserveCapacity(512)
        self.frames.reserveCapacity(8)
        self.members.reserveCapacity(32)
    }

    /// How many objects and arrays are open.
    var level: Int { self.frames.count }

    /// Nothing that is written from here on is used.
    mutating func abandon() { self.isAbandoned = true }

    // MARK: Values

    mutating func writeNull() { self.bytes += "null".utf8 }

    mutating func write(_ flag: Bool) { self.bytes += (flag ? "true" : "false").utf8 }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { JSONEscapes.append($0, to: &self.bytes) }
    }

    /// A number without fraction, exponent and plus sign; one with a fraction as Swift describes it.
    mutating func writeFraction(_ number: some BinaryFloatingPoint & LosslessStringConvertible) {
        guard number.isFinite else { return self.abandon() }
        let text = number.description
        self.bytes += text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...]
    }

    mutating func writeInteger(_ number: some FixedWidthInteger) {
        if number < 0 { self.bytes.append(UInt8(ascii: "-")) }
        self.writeDigits(UInt64(number.magnitude))
    }

    private mutating func writeDigits(_ magnitude: UInt64) {
        if magnitude >= 10 { self.writeDigits(magnitude / 10) }
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
    }

    // MARK: Objects and arrays

    /// The object or array of the value that is written at `level`; begun if it was not.
    mutating func open(isObject: Bool, at level: Int) -> Place {
        self.close(to: level + 1)
        if self.frames.count == level { self.begin(isObject: isObject) }
        guard self.frames.count == level + 1, self.frames[level].isObject == isObject else {
            self.abandon()
            return .nowhere
        }
        return Place(level: Int32(truncatingIfNeeded: level), number: self.frames[level].number)
    }

    private mutating func begin(isObject: Bool) {
        self.lastNumber += 1
        self.frames.append(Frame(isObject: isObject, number: self.lastNumber, firstMember: self.members.count))
        self.bytes.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
    }

    /// How many elements an array has by now.
    func count(of place: Place) -> Int { self.isOpen(place) ? self.frames[Int(place.level)].count : 0 }

    private func isOpen(_ place: Place) -> Bool {
        place.level < self.frames.count && self.frames[Int(place.level)].number == place.number
    }

    /// The next element of an array, or member of an object, follows: what was begun inside of it is over.
    mutating func element(in place: Place) {
        guard self.isOpen(place) else { return self.abandon() }
        self.close(to: place.inside)
        if self.frames[Int(place.level)].count > 0 { self.bytes.append(UInt8(ascii: ",")) }
        self.frames[Int(place.level)].count += 1
    }

    /// The value of this member of an object follows.
    mutating func member(_ name: String, in place: Place) {
        self.element(in: place)
        let start = self.bytes.count
        var name = name
        name.withUTF8 { name in
            JSONEscapes.append(name, to: &self.bytes)
            self.members.append(Member(start: start, nameLength: name.count))
            // A name with escapes, or beyond ASCII, may be sorted otherwise by Foundation.
            if self.bytes.count != start + name.count + 2 || name.contains(where: { $0 >= 0x80 }) { self.abandon() }
        }
        self.bytes.append(UInt8(ascii: ":"))
    }

    /// Ends the innermost objects and arrays until `level` are open.
    mutating func close(to level: Int) {
        while self.frames.count > level {
            let frame = self.frames.removeLast()
            if frame.isObject { self.sortMembers(from: frame.firstMember) }
            self.bytes.append(frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        }
    }

    // MARK: Order

    private mutating func sortMembers(from first: Int) {
        let count = self.members.count
        defer { self.members.removeLast(count - first) }
        guard count - first > 1 else { return }
        guard count - first <= Self.maximumMembers else { return self.abandon() }
        let start = self.members[first].start
        for index in first..<count {
            self.members[index].end = index + 1 < count ? self.members[index + 1].start - 1 : self.bytes.count
        }
        guard self.sortByName(from: first) else { return }
        self.sorted.removeAll(keepingCapacity: true)
        self.bytes.withUnsafeBufferPointer { bytes in
            for member in self.members[first...] {
                if !self.sorted.isEmpty { self.sorted.append(UInt8(ascii: ",")) }
                self.sorted += UnsafeBufferPointer(rebasing: bytes[member.start..<member.end])
            }
        }
        self.bytes.removeLast(self.bytes.count - start)
        self.bytes += self.sorted
    }

    /// Sorts the last members by insertion, as they are few. False when they stood in their order.
    private mutating func sortByName(from first: Int) -> Bool {
        var isChanged = false
        for index in first + 1..<self.members.count {
            let member = self.members[index]
            var position = index
            while position > first {
                let order = self.compare(self.members[position - 1], member)
                // The last of two members of one name counts: that is left to Foundation.
                if order == 0 { self.abandon() }
                if order <= 0 { break }
                self.members[position] = self.members[position - 1]
                position -= 1
            }
            guard position < index else { continue }
            self.members[position] = member
            isChanged = true
        }
        return isChanged
    }

    private static let maximumMembers = 256

    /// Below zero, zero or above it, as the left name stands before the right one, is it, or stands behind it.
    private func compare(_ left: Member, _ right: Member) -> Int {
        self.bytes.withUnsafeBufferPointer { bytes in
            for offset in 0..<min(left.nameLength, right.nameLength) {
                let difference = Int(bytes[left.start + 1 + offset]) - Int(bytes[right.start + 1 + offset])
                if difference != 0 { return difference }
            }
            return left.nameLength - right.nameLength
        }
    }
}

/// How texts stand between their quotation marks.
enum JSONEscapes {
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<text.count where Self.isEscaped(text[index]) {
            bytes += UnsafeBufferPointer(rebasing: text[start..<index])
            start = index + 1
            self.appendEscaped(text[index], to: &bytes)
        }
        bytes += UnsafeBufferPointer(rebasing: text[start...])
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            bytes += "u00".utf8
            bytes.append(UInt8(ascii: "0") + (byte >> 4))
            bytes.append(byte & 15 < 10 ? UInt8(ascii: "0") + (byte & 15) : UInt8(ascii: "a") + (byte & 15) - 10)
        default: bytes.append(byte)
        }
    }
}
