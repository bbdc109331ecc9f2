/// The chunked coding of RFC 9112 §7.1, byte by byte where it is framing and run by run where it is content.
///
/// Extensions are checked against their grammar, limited in sum, and passed over; the trailer section is checked and
/// passed over too.
struct ChunkReader: Sendable {
    private enum State: Hashable, Sendable {
        /// In the digits of a size. Next: extensionBlank, extensionName, sizeLineFeed.
        case size(digits: UInt8)
        /// In an extension. Next: sizeLineFeed.
        case chunkExtension(ChunkExtension)
        /// Behind the CR of the size. Next: content, trailers.
        case sizeLineFeed
        /// In the content of a chunk. Next: contentCarriageReturn.
        case content
        /// Behind the content. Next: contentLineFeed.
        case contentCarriageReturn
        /// Behind the CR of the content. Next: size.
        case contentLineFeed
        /// Behind the last chunk. Ends the body.
        case trailers
    }

    private let limits: WireLimits
    private var state = State.size(digits: 0)
    /// The size read so far, then what is missing of the content.
    private var remaining: Int64 = 0
    /// Content of all chunks so far.
    private var total: Int64 = 0
    private var extensionBytes = 0

    /// Sixteen digits hold every size there is; more are padding.
    private static let maximumDigits = 16

    init(limits: WireLimits) {
        self.limits = limits
    }

    mutating func read(_ bytes: RawSpan, at position: Int) throws(WireError) -> BodyReader.Piece {
        var index = position
        while index < bytes.byteCount {
            switch self.state {
            case .content:
                let count = Int(Swift.min(self.remaining, Int64(bytes.byteCount - index)))
                self.remaining -= Int64(count)
                if self.remaining == 0 { self.state = .contentCarriageReturn }
                return BodyReader.Piece(
                    content: WireRange(start: index, count: count), next: index + count, isEnd: false)
            case .trailers:
                let end = try self.readTrailers(bytes, index)
                return BodyReader.Piece(content: .empty, next: end ?? index, isEnd: end != nil)
            case .size, .chunkExtension, .sizeLineFeed, .contentCarriageReturn, .contentLineFeed:
                try self.step(bytes.byte(at: index), at: index)
                index += 1
            }
        }
        return BodyReader.Piece(content: .empty, next: index, isEnd: false)
    }

    /// One byte of framing.
    private mutating func step(_ byte: UInt8, at index: Int) throws(WireError) {
        switch self.state {
        case .size(let digits):
            if let digit = ByteClass.hexadecimal(byte) {
                guard digits < Self.maximumDigits else { throw WireError(.invalidChunkSize, at: index) }
                guard self.remaining <= Int64.max >> 4 else { throw WireError(.contentTooLarge, at: index) }
                self.remaining = self.remaining << 4 | Int64(digit)
                self.state = .size(digits: digits + 1)
            } else {
                try self.endSize(byte, at: index, digits)
            }
        case .chunkExtension(let part):
            if byte == .carriageReturn, part.mayEnd {
                self.state = .sizeLineFeed
                return
            }
            self.extensionBytes += 1
            guard self.extensionBytes <= self.limits.chunkExtensions else {
                throw WireError(.chunkExtensionsTooLong, at: index)
            }
            guard let next = part.next(byte) else {
                throw WireError(.of(byte, else: .invalidChunkExtension), at: index)
            }
            self.state = .chunkExtension(next)
        case .sizeLineFeed:
            guard byte == .lineFeed else { throw WireError(.bareCarriageReturn, at: index - 1) }
            try self.beginContent(at: index)
        case .contentCarriageReturn:
            guard byte == .carriageReturn else { throw WireError(.invalidChunkEnd, at: index) }
            self.state = .contentLineFeed
        case .contentLineFeed:
            guard byte == .lineFeed else { throw WireError(.invalidChunkEnd, at: index) }
            self.state = .size(digits: 0)
        case .content, .trailers: preconditionFailure("content and trailers are not read byte by byte")
        }
    }

    private mutating func endSize(_ byte: UInt8, at index: Int, _ digits: UInt8) throws(WireError) {
        guard digits > 0 else { throw WireError(.invalidChunkSize, at: index) }
        switch byte {
        case .carriageReturn: self.state = .sizeLineFeed
        case UInt8(ascii: ";"):
            self.extensionBytes += 1
            self.state = .chunkExtension(.beforeName)
        default: throw WireError(.of(byte, else: .invalidChunkSize), at: index)
        }
    }

    private mutating func beginContent(at index: Int) throws(WireError) {
        if self.remaining == 0 {
            self.state = .trailers
            return
        }
        let (total, overflow) = self.total.addingReportingOverflow(self.remaining)
        guard !overflow, total <= self.limits.body else { throw WireError(.contentTooLarge, at: index) }
        self.total = total
        self.state = .content
    }

    /// The offset behind the trailer section; nil when more bytes are needed. Begins anew each time: it is short.
    private func readTrailers(_ bytes: RawSpan, _ position: Int) throws(WireError) -> Int? {
        var section = FieldSection(line: position)
        let end = position + self.limits.trailers
        return try section.read(bytes, limits: self.limits, end: end, tooLarge: .trailersTooLarge) {
            entry throws(WireError) in
            if FieldSet.forbiddenInTrailers.contains(entry.id) {
                throw WireError(.forbiddenTrailer, at: entry.name.start)
            }
        }
    }
}

/// Where in `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` a byte stands. Blanks are accepted behind
/// the first semicolon only, because before it they would belong to the size.
enum ChunkExtension: Hashable, Sendable {
    case beforeName, name, afterName, beforeValue, value, quoted, escaped, afterValue

    /// Whether the line may end here.
    var mayEnd: Bool {
        switch self {
        case .name, .value, .afterValue: true
        case .beforeName, .afterName, .beforeValue, .quoted, .escaped: false
        }
    }

    /// The place of the following byte; nil when `byte` may not stand here.
    func next(_ byte: UInt8) -> ChunkExtension? {
        let isToken = ByteClass.isToken(byte)
        switch self {
        case .beforeName: return isToken ? .name : byte.isBlank ? .beforeName : nil
        case .name: return isToken ? .name : Self.behindName(byte)
        case .afterName: return Self.behindName(byte)
        case .beforeValue:
            if byte == UInt8(ascii: "\"") { return .quoted }
            return isToken ? .value : byte.isBlank ? .beforeValue : nil
        case .value: return isToken ? .value : Self.behindValue(byte)
        case .quoted:
            if byte == UInt8(ascii: "\"") { return .afterValue }
            if byte == UInt8(ascii: "\\") { return .escaped }
            return Self.isText(byte) ? .quoted : nil
        case .escaped: return Self.isText(byte) ? .quoted : nil
        case .afterValue: return Self.behindValue(byte)
        }
    }

    private static func behindName(_ byte: UInt8) -> ChunkExtension? {
        byte == UInt8(ascii: "=")
            ? .beforeValue : byte == UInt8(ascii: ";") ? .beforeName : byte.isBlank ? .afterName : nil
    }

    private static func behindValue(_ byte: UInt8) -> ChunkExtension? {
        byte == UInt8(ascii: ";") ? .beforeName : byte.isBlank ? .afterValue : nil
    }

    private static func isText(_ byte: UInt8) -> Bool { byte == .tab || byte >= 0x20 && byte != 0x7F }
}
