/// Finds the content in the bytes of a body, whatever its framing. Sans-I/O and incremental: it keeps counts, not bytes.
///
/// ```swift
/// var body = BodyReader(head.framing)
/// let piece = try body.read(bytes, at: position)
/// use(piece.content); position = piece.next
/// ```
public struct BodyReader: Sendable {
    /// One step.
    public struct Piece: Hashable, Sendable {
        /// A run of content in the bytes that were given; empty when there was none.
        public var content: WireRange
        /// The offset to go on at: everything before it has been read.
        public var next: Int
        /// Whether the body is complete.
        public var isEnd: Bool
    }

    private enum State: Sendable {
        /// The body is complete. Stays.
        case ended
        /// That many bytes are still to come, at least one. Next: ended.
        case remaining(Int64)
        case chunks(ChunkReader)
        /// Everything belongs to the body. Next: ended, when the connection ends.
        case untilClose
    }

    private var state: State

    /// - Parameter limits: `body`, `chunkExtensions`, `trailers`, `fieldLine` and `fields` are used, for chunks only.
    public init(_ framing: BodyFraming, limits: WireLimits = WireLimits()) {
        self.state =
            switch framing {
            case .none: .ended
            case .length(let count): .remaining(count)
            case .chunked: .chunks(ChunkReader(limits: limits))
            case .untilClose: .untilClose
            }
    }

    public var isEnded: Bool {
        if case .ended = self.state { true } else { false }
    }

    /// Reads up to the end of the first run of content.
    /// - Parameter position: where to go on: `next` of the step before, or less by what was removed in front of it.
    /// - Throws: what is wrong; offsets are those in `bytes`. The connection cannot be used any further.
    @inline(__always)
    public mutating func read(_ bytes: RawSpan, at position: Int) throws(WireError) -> Piece {
        let available = bytes.byteCount - position
        switch self.state {
        case .ended: return Piece(content: .empty, next: position, isEnd: true)
        case .remaining(let count):
            let taken = Int(Swift.min(count, Int64(available)))
            let isEnd = Int64(taken) == count
            self.state = isEnd ? .ended : .remaining(count - Int64(taken))
            return Piece(content: WireRange(start: position, count: taken), next: position + taken, isEnd: isEnd)
        case .untilClose:
            return Piece(
                content: WireRange(start: position, count: available), next: position + available, isEnd: false)
        case .chunks: return try self.readChunks(bytes, position)
        }
    }

    private mutating func readChunks(_ bytes: RawSpan, _ position: Int) throws(WireError) -> Piece {
        guard case .chunks(var reader) = self.state else { preconditionFailure("the state was looked at before") }
        let piece = try reader.read(bytes, at: position)
        self.state = piece.isEnd ? .ended : .chunks(reader)
        return piece
    }

    /// The connection ended.
    /// - Throws: `truncated` unless the body was complete or delimited by just that.
    public mutating func end(at offset: Int) throws(WireError) {
        switch self.state {
        case .ended: break
        case .untilClose: self.state = .ended
        case .remaining, .chunks: throw WireError(.truncated, at: offset)
        }
    }
}
