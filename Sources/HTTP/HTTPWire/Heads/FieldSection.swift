/// Reads field lines up to the empty line that ends them. Keeps its place between calls, so that every byte of a
/// complete line is looked at once however the bytes arrive.
struct FieldSection {
    /// Where the line begins that was not yet read completely.
    var line: Int
    var table = FieldTable()

    /// Makes ready for the next head, in the storage of the one before.
    mutating func restart(emptying fields: inout FieldTable) {
        self.line = 0
        self.table = FieldTable()
        swap(&self.table, &fields)
        self.table.entries.removeAll(keepingCapacity: true)
    }

    /// Reads what is there.
    /// - Parameters:
    ///   - bytes: all bytes since the head began, not moved since the last call.
    ///   - end: the largest offset that the section may reach; what is beyond is answered with `tooLarge`.
    ///   - note: called with each line in order.
    /// - Returns: the offset behind the empty line; nil when more bytes are needed.
    @inline(__always)
    mutating func read(
        _ bytes: RawSpan, limits: WireLimits, end: Int, tooLarge: WireError.Code,
        note: (FieldTable.Entry) throws(WireError) -> Void
    ) throws(WireError) -> Int? {
        while true {
            let bound = LineBound(start: self.line, length: limits.fieldLine, end: end, tooLarge: tooLarge)
            guard self.line < Swift.min(bytes.byteCount, bound.stop) else { return try bound.wait(bytes.byteCount) }
            if bytes.byte(at: self.line) == .carriageReturn { return try bound.lineEnd(bytes, at: self.line) }
            guard let entry = try self.entry(bytes, bound) else { return nil }
            guard let next = try bound.lineEnd(bytes, at: entry.lineEnd) else { return nil }
            guard self.table.count < limits.fields else { throw WireError(.tooManyFields, at: self.line) }
            self.table.entries.append(entry.field)
            try note(entry.field)
            self.line = next
        }
    }

    /// The field line at ``line``, with the offset of its CR; nil when more bytes are needed.
    @inline(__always)
    private func entry(
        _ bytes: RawSpan, _ bound: LineBound
    ) throws(WireError) -> (field: FieldTable.Entry, lineEnd: Int)? {
        let available = Swift.min(bytes.byteCount, bound.stop)
        let nameEnd = bytes.endOfToken(from: self.line, to: available)
        guard nameEnd < available else {
            _ = try bound.wait(bytes.byteCount)
            return nil
        }
        guard bytes.byte(at: nameEnd) == .colon, nameEnd > self.line else { throw self.nameError(bytes, nameEnd) }
        let id = FieldID.of(bytes, at: self.line, count: nameEnd - self.line)
        if id == .other, Self.isLookalike(bytes, WireRange(from: self.line, to: nameEnd)) {
            throw WireError(.lookalikeField, at: self.line)
        }
        var valueStart = nameEnd + 1
        while valueStart < available, bytes.byte(at: valueStart).isBlank { valueStart += 1 }
        let lineEnd = bytes.endOfValue(from: valueStart, to: available)
        guard lineEnd < available else {
            _ = try bound.wait(bytes.byteCount)
            return nil
        }
        guard bytes.byte(at: lineEnd) == .carriageReturn else {
            throw WireError(.of(bytes.byte(at: lineEnd), else: .invalidFieldValue), at: lineEnd)
        }
        var valueEnd = lineEnd
        while valueEnd > valueStart, bytes.byte(at: valueEnd - 1).isBlank { valueEnd -= 1 }
        let field = FieldTable.Entry(
            nameStart: UInt32(self.line), valueStart: UInt32(valueStart), valueCount: UInt32(valueEnd - valueStart),
            nameCount: UInt16(nameEnd - self.line), id: id)
        return (field, lineEnd)
    }

    /// Why there is no name at ``line``, whose token ends at `end`.
    private func nameError(_ bytes: RawSpan, _ end: Int) -> WireError {
        let byte = bytes.byte(at: end)
        if end == self.line {
            if byte.isBlank {
                return WireError(self.table.count == 0 ? .whitespaceBeforeFirstField : .obsoleteFold, at: end)
            }
            return WireError(byte == .colon ? .emptyFieldName : .of(byte, else: .invalidFieldName), at: end)
        }
        if byte.isBlank { return WireError(.spaceBeforeColon, at: end) }
        return WireError(byte == .carriageReturn ? .missingColon : .of(byte, else: .invalidFieldName), at: end)
    }

    /// `Content_Length`, `Transfer_Encoding`: CGI-like software maps `-` and `_` to the same letter.
    private static func isLookalike(_ bytes: RawSpan, _ name: WireRange) -> Bool {
        guard name.count == 14 || name.count == 17 else { return false }
        return Self.equalsLoosely(bytes, name, "content-length") || Self.equalsLoosely(bytes, name, "transfer-encoding")
    }

    private static func equalsLoosely(_ bytes: RawSpan, _ name: WireRange, _ text: StaticString) -> Bool {
        guard name.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for index in 0..<name.count {
                let byte = bytes.byte(at: name.start + index).folded
                guard (byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte) == wanted[index] else { return false }
            }
            return true
        }
    }
}

/// How far a line may reach.
struct LineBound {
    /// The first offset that the line's CR may not have.
    let stop: Int
    private let lineStop: Int
    private let end: Int
    private let tooLarge: WireError.Code
    private let tooLong: WireError.Code

    init(
        start: Int, length: Int, end: Int, tooLong: WireError.Code = .fieldTooLong, tooLarge: WireError.Code
    ) {
        self.lineStop = start + length + 1
        self.end = end
        self.stop = Swift.min(self.lineStop, end)
        self.tooLarge = tooLarge
        self.tooLong = tooLong
    }

    /// Nil, meaning "more bytes are needed", unless the line may have no more.
    func wait(_ available: Int) throws(WireError) -> Int? {
        guard available >= self.stop else { return nil }
        throw WireError(self.stop == self.end ? self.tooLarge : self.tooLong, at: self.stop)
    }

    /// The offset behind the CRLF whose CR is at `index`; nil when the LF did not yet arrive.
    @inline(__always)
    func lineEnd(_ bytes: RawSpan, at index: Int) throws(WireError) -> Int? {
        guard index + 1 < self.end else { throw WireError(self.tooLarge, at: self.end) }
        guard index + 1 < bytes.byteCount else { return nil }
        guard bytes.byte(at: index + 1) == .lineFeed else { throw WireError(.bareCarriageReturn, at: index) }
        return index + 2
    }
}

extension WireError.Code {
    /// The rule that a control character breaks, or `code` for any other byte.
    static func of(_ byte: UInt8, else code: WireError.Code) -> WireError.Code {
        switch byte {
        case 0: .nulByte
        case .lineFeed: .bareLineFeed
        case .carriageReturn: .bareCarriageReturn
        default: code
        }
    }
}
