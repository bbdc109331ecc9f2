import Essentials
import HTTPCaching
import HTTPTransport
import HTTPWire
import Synchronization

/// What answers are stored under: authority and target as bytes.
struct EdgeKey: Hashable, Sendable {
    let bytes: [UInt8]

    /// - Parameters:
    ///   - authority: of the request; letters in any case.
    ///   - target: in origin form.
    init(authority: String, target: String) {
        self.bytes = Array(authority.lowercased().utf8) + Array(target.utf8)
    }

    init(_ head: borrowing RequestHead, _ bytes: RawSpan) {
        self.bytes = bytes.withUnsafeBytes { source in
            let authority = UnsafeRawBufferPointer(rebasing: source[head.host.start..<head.host.end])
            let target =
                head.form == .absolute
                ? UnsafeRawBufferPointer(rebasing: source[head.path.start..<head.target.end])
                : UnsafeRawBufferPointer(rebasing: source[head.target.start..<head.target.end])
            let needsSlash = target.first != UInt8(ascii: "/") && head.form == .absolute
            let count = authority.count + target.count + (needsSlash ? 1 : 0)
            return [UInt8](unsafeUninitializedCapacity: count) { key, initialized in
                for byte in authority {
                    key.initializeElement(at: initialized, to: byte &- 0x41 < 26 ? byte | 0x20 : byte)
                    initialized += 1
                }
                if needsSlash {
                    key.initializeElement(at: initialized, to: UInt8(ascii: "/"))
                    initialized += 1
                }
                for byte in target {
                    key.initializeElement(at: initialized, to: byte)
                    initialized += 1
                }
            }
        }
    }

    private var split: Int { self.bytes.firstIndex(of: UInt8(ascii: "/")) ?? self.bytes.count }
    var authority: String { String(decoding: self.bytes[..<self.split], as: UTF8.self) }
    var target: String { String(decoding: self.bytes[self.split...], as: UTF8.self) }

    func hash(into hasher: inout Hasher) {
        self.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

/// A stored answer. Never changed: a renewed one takes its place.
final class StoredAnswer: Sendable {
    let head: CachedHead
    /// The status line and the field lines, as they are sent.
    let lines: [UInt8]
    let content: [UInt8]
    let varying: Varying
    /// What the request said in the fields of ``varying``.
    let variant: [UInt8]
    let tags: [String]
    /// Seconds of the wall clock at which it was asked for in the background last.
    private let renewedAt = Atomic<Int64>(0)

    init(_ head: CachedHead, content: [UInt8], variant: [UInt8], tags: [String], without hidden: Set<String>) {
        self.head = head
        self.content = content
        self.varying = head.varies
        self.variant = variant
        self.tags = tags
        self.lines = Self.lines(head, status: head.status, reason: head.reason, without: hidden)
    }

    /// What it costs in memory, roughly.
    var weight: Int { self.content.count + self.lines.count * 3 + self.variant.count + 512 }

    /// Whether it is this caller's turn to ask for it in the background: once a second.
    func takesRenewal(at now: Timestamp) -> Bool {
        let before = self.renewedAt.load(ordering: .relaxed)
        guard before < now.seconds else { return false }
        return self.renewedAt.compareExchange(expected: before, desired: now.seconds, ordering: .relaxed).exchanged
    }

    /// - Returns: what of it a request gets, ready to be sent.
    func prepared(_ part: CachePart) -> PreparedAnswer {
        switch part {
        case .whole: PreparedAnswer(status: self.head.status, head: self.lines, content: self.content)
        case .notModified:
            PreparedAnswer(
                status: 304,
                head: Self.lines(self.head, status: 304, reason: Array("Not Modified".utf8), only: Self.validating))
        case .range(let range):
            PreparedAnswer(
                status: 206,
                head: Array("HTTP/1.1 206 Partial Content\r\n".utf8) + self.lines[self.statusLineCount...]
                    + Self.contentRange("\(range.lowerBound)-\(range.upperBound - 1)", of: self.content.count),
                content: self.content, range: range)
        case .unsatisfiable:
            PreparedAnswer(
                status: 416,
                head: Self.lines(self.head, status: 416, reason: Array("Range Not Satisfiable".utf8), only: ["date"])
                    + Self.contentRange("*", of: self.content.count))
        }
    }

    /// Bytes of the first of ``lines``.
    private var statusLineCount: Int { (self.lines.firstIndex(of: 0x0A) ?? -1) + 1 }

    private static func contentRange(_ range: String, of length: Int) -> [UInt8] {
        Array("Content-Range: bytes \(range)/\(length)\r\n".utf8)
    }

    /// What a 304 tells (RFC 9110 §15.4.5).
    private static let validating: Set<String> = [
        "cache-control", "content-location", "date", "etag", "expires", "vary", "last-modified", "cdn-cache-control",
    ]

    private static func lines(
        _ head: CachedHead, status: Int, reason: [UInt8], only: Set<String>? = nil, without hidden: Set<String> = []
    ) -> [UInt8] {
        var lines = Array("HTTP/1.1 \(status) ".utf8) + reason + Array("\r\n".utf8)
        for line in head.fields.lines where only?.contains(line.key) ?? !hidden.contains(line.key) {
            lines += Array("\(line.name): ".utf8)
            lines += line.value
            lines += [0x0D, 0x0A]
        }
        if !head.fields.contains("date") {
            lines += Array("Date: \(HTTPDate.text(secondsSince1970: head.date.seconds))\r\n".utf8)
        }
        return lines
    }
}

/// The stored answers of one target, the newest first.
final class StoredVariants: Sendable {
    let answers: [StoredAnswer]
    let weight: Int

    init(_ answers: [StoredAnswer]) {
        self.answers = answers
        self.weight = answers.reduce(128) { $0 + $1.weight }
    }

    var tags: [String] {
        self.answers.count == 1 ? self.answers[0].tags : Array(Set(self.answers.flatMap(\.tags))).sorted()
    }

    /// The newest that a request with these fields selects.
    func select(_ fields: borrowing FieldTable, _ bytes: RawSpan) -> StoredAnswer? {
        for answer in self.answers {
            if answer.varying.names.isEmpty || answer.varying.key(fields, bytes) == answer.variant { return answer }
        }
        return nil
    }

    /// With `answer` in place of the one that the same requests selected.
    func adding(_ answer: StoredAnswer, atMost count: Int) -> StoredVariants {
        let others = self.answers.filter { $0.varying != answer.varying || $0.variant != answer.variant }
        return StoredVariants([answer] + others.prefix(count - 1))
    }
}
