import HTTPWire

/// One stream: a request on its way in and an answer on its way out, both as bytes of HTTP/1.1.
final class HTTP2Stream {
    enum Answer {
        /// No final head yet. Next: body, ended.
        case head
        /// The head was sent; content follows. Next: ended.
        case body(BodyReader)
        /// All of the answer has been handed to nghttp2. Stays.
        case ended
    }

    let id: Int32
    var fields = RequestFields()
    /// Bytes of the request that nobody has taken yet.
    var request: WireBuffer
    /// DATA that is part of them, or was taken without the peer having been told.
    var unconsumed = 0
    /// What the request's declared length still lacks; nil for a body in chunks.
    var missing: Int64?
    /// Whether the head is complete, so that there is an exchange.
    var isOpen = false
    /// Whether the peer has sent all of the request.
    var isRequestEnded = false

    /// Bytes of the answer that are not yet on their way.
    var response: WireBuffer
    var parser = ResponseParser()
    var answer = Answer.head
    /// Whether nghttp2 waits for more of the answer.
    var isDeferred = false
    /// Whether the sender of the answer was told to wait.
    var isBlocked = false
    /// Whether the answer's last byte was given.
    var isAnswerGiven = false
    /// Whether nobody plays the exchange any more.
    var isDetached = false

    init(_ id: Int32, _ pool: WirePool) {
        self.id = id
        self.request = WireBuffer(pool)
        self.response = WireBuffer(pool)
    }

    // MARK: Request

    /// - Returns: false when the peer sends more than it declared.
    func append(_ content: UnsafeRawBufferPointer) -> Bool {
        self.unconsumed += content.count
        let range = WireRange(start: 0, count: content.count)
        if let missing {
            guard missing >= Int64(content.count) else { return false }
            self.missing = missing - Int64(content.count)
            self.request.append(content.bytes, range)
        } else {
            self.request.appendChunk(content.bytes, range)
        }
        return true
    }

    /// - Returns: false when the peer sends less than it declared.
    func endRequest() -> Bool {
        self.isRequestEnded = true
        if let missing { return missing == 0 }
        if self.isOpen { self.request.appendLastChunk() }
        return true
    }

    // MARK: Answer

    /// Copies content of the answer into a frame.
    /// - Returns: how many bytes, and whether they are the last; nil when the answer breaks a rule.
    func read(_ frame: UnsafeMutableRawBufferPointer) -> (count: Int, isEnd: Bool)? {
        guard case .body(var reader) = self.answer else { return (0, true) }
        var count = 0
        while count < frame.count, !reader.isEnded, !self.response.isEmpty {
            let room = frame.count - count
            let piece = self.response.withBytes { bytes -> BodyReader.Piece? in
                let part = bytes.extracting(first: Swift.min(room, bytes.byteCount))
                let first = try? reader.read(part, at: 0)
                // Only a trailer section is read as a whole.
                let piece = first?.next == 0 && first?.isEnd == false ? try? reader.read(bytes, at: 0) : first
                guard let piece, piece.content.count <= room else { return nil }
                bytes.withUnsafeBytes { source in
                    let content = source[piece.content.start..<piece.content.end]
                    UnsafeMutableRawBufferPointer(rebasing: frame[count...]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: content))
                }
                return piece
            }
            guard let piece else { return nil }
            count += piece.content.count
            self.response.consume(piece.next)
            if piece.next == 0 { break }
        }
        if self.response.isEmpty { self.response.release() }
        if self.isAnswerGiven, self.response.isEmpty, !reader.isEnded {
            guard (try? reader.end(at: 0)) != nil else { return nil }
        }
        self.answer = reader.isEnded ? .ended : .body(reader)
        return (count, reader.isEnded)
    }
}
