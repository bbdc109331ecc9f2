import HTTPWire

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes of a text whose scalars are all below 256: one byte each, so that a test can spell any byte.
func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

/// What a connection full of requests was understood to say: one line per message, and how it ended.
struct Transcript: Hashable, CustomStringConvertible {
    enum End: Hashable {
        /// Between two messages.
        case clean
        /// In a message that is not refused yet.
        case incomplete
        case refused(WireError.Code, at: Int)
    }

    var messages: [String] = []
    var end = End.clean

    var code: WireError.Code? {
        if case .refused(let code, _) = self.end { code } else { nil }
    }

    var description: String { (self.messages + ["\(self.end)"]).joined(separator: "\n") }
}

/// Reads requests as a server would: bytes arrive in pieces, what was read is removed from the front.
struct ConnectionReader {
    private var parser: RequestParser
    private var body = BodyReader(.none)
    private var isInBody = false
    private var content: [UInt8] = []
    private var buffer: [UInt8] = []
    private var removed = 0
    private(set) var transcript = Transcript()

    init(limits: WireLimits = WireLimits()) {
        self.parser = RequestParser(limits: limits)
    }

    mutating func receive(_ piece: some Sequence<UInt8>) {
        self.buffer += piece
        while transcript.code == nil {
            do throws(WireError) {
                guard try self.step() else { return }
            } catch {
                self.transcript.end = .refused(error.code, at: self.removed + error.offset)
            }
        }
    }

    /// Whether there was progress.
    private mutating func step() throws(WireError) -> Bool {
        let buffer = self.buffer
        let span = buffer.span.bytes
        if !self.isInBody {
            guard try self.parser.parse(span) else {
                self.transcript.end = self.buffer.isEmpty ? .clean : .incomplete
                return false
            }
            self.transcript.messages.append(self.parser.head.summary(span))
            self.body = BodyReader(self.parser.head.framing, limits: self.parser.limits)
            self.remove(self.parser.head.byteCount)
            self.parser.reset()
            (self.isInBody, self.content) = (true, [])
            return true
        }
        let piece = try self.body.read(span, at: 0)
        self.content += self.buffer[piece.content.start..<piece.content.end]
        self.remove(piece.next)
        if piece.isEnd {
            self.transcript.messages.append("= \(String(decoding: self.content, as: UTF8.self))")
            self.isInBody = false
        }
        self.transcript.end = .incomplete
        return piece.isEnd || !piece.content.isEmpty
    }

    private mutating func remove(_ count: Int) {
        self.buffer.removeFirst(count)
        self.removed += count
    }

    static func read(_ bytes: [UInt8], limits: WireLimits = WireLimits()) -> Transcript {
        var reader = ConnectionReader(limits: limits)
        reader.receive(bytes)
        return reader.transcript
    }
}

extension RequestHead {
    /// Everything that the head was understood to say, as text.
    func summary(_ bytes: RawSpan) -> String {
        let start =
            "\(self.method) \(bytes.text(self.methodName)) \(self.form) \(bytes.text(self.path))|\(bytes.text(self.query))"
        let facts =
            " 1.\(self.minorVersion) host=\(bytes.text(self.host)) \(self.framing) \(self.isPersistent ? "stay" : "close")"
            + (self.expectsContinue ? " expects" : "") + (self.upgrade.isEmpty ? "" : " up=\(bytes.text(self.upgrade))")
        let fields = self.fields.entries.map {
            " [\($0.id) \(bytes.text($0.name)): \(bytes.text($0.value))\($0.isDropped ? " dropped" : "")]"
        }
        return start + facts + fields.joined()
    }
}
