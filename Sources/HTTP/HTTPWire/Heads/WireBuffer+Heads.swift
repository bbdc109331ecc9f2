/// Writing heads: start lines anew, field lines as they came, in as few copies as possible.
extension WireBuffer {
    /// Appends `METHOD target HTTP/1.1`, the target in its origin form, or `*`.
    public mutating func appendRequestLine(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        self.append(bytes, head.methodName)
        self.append(.space)
        self.appendTarget(head, bytes)
        self.append(" HTTP/1.1\r\n")
    }

    /// Appends the target in its origin form, or `*`.
    public mutating func appendTarget(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        switch head.form {
        case .origin, .asterisk: self.append(bytes, head.target)
        case .absolute:
            let isWhole = head.method == .options && head.path.isEmpty && head.query.isEmpty
            if head.path.isEmpty { self.append(isWhole ? "*" : "/") }
            self.append(bytes, head.path)
            self.append(bytes, head.query)
        }
    }

    /// Appends `HTTP/1.1 status reason`, the reason as it came.
    public mutating func appendStatusLine(_ head: borrowing ResponseHead, _ bytes: RawSpan) {
        self.append("HTTP/1.1 ")
        self.append(decimal: Int64(head.status))
        self.append(.space)
        self.append(bytes, head.reason)
        self.append("\r\n")
    }

    /// Appends the field lines as they came, neighbours in one piece.
    /// - Parameters:
    ///   - end: the offset of the empty line that ended them.
    ///   - names: what is left out, besides what `Connection` names and what was dropped.
    public mutating func appendFields(
        _ table: borrowing FieldTable, _ bytes: RawSpan, end: Int, without names: FieldSet
    ) {
        var run = -1
        for index in table.entries.indices {
            let isDropped = names.contains(table.entries[index].id) || table.entries[index].isDropped
            if isDropped, run >= 0 {
                self.append(bytes, WireRange(from: run, to: Int(table.entries[index].nameStart)))
                run = -1
            } else if !isDropped, run < 0 {
                run = Int(table.entries[index].nameStart)
            }
        }
        if run >= 0 { self.append(bytes, WireRange(from: run, to: end)) }
    }

    /// Appends the field that says how long the body is, as far as one is needed.
    public mutating func appendFraming(_ framing: BodyFraming) {
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            self.append("Content-Length: ")
            self.append(decimal: count)
            self.append("\r\n")
        case .chunked: self.append("Transfer-Encoding: chunked\r\n")
        }
    }

    /// Appends `range` of `bytes` as one chunk; nothing for an empty range, because that would end the body.
    public mutating func appendChunk(_ bytes: RawSpan, _ range: WireRange) {
        guard !range.isEmpty else { return }
        self.append(hexadecimal: UInt64(range.count))
        self.append("\r\n")
        self.append(bytes, range)
        self.append("\r\n")
    }

    /// Ends a chunked body, without trailers.
    public mutating func appendLastChunk() { self.append("0\r\n\r\n") }
}
