import Essentials

/// A way to write content shorter.
public enum ContentCoding: String, Hashable, Sendable, CaseIterable {
    case gzip
}

extension CompressionPolicy {
    /// What is known about an answer when its head is there.
    public struct Answer: Hashable, Sendable {
        public var status: Int
        public var contentType: String
        /// Nil: not known before its end.
        public var length: Int?
        /// The value of `Content-Encoding`; empty for none.
        public var coding = ""
        public var cacheControl = ""
        /// Whether it sets a cookie. Lengths of secrets and of what an attacker chose must not be compressed together
        /// (BREACH, 2013): answers that belong to a session stay as they are.
        public var setsCookie = false

        public init(status: Int, contentType: String, length: Int? = nil) {
            self.status = status
            self.contentType = contentType
            self.length = length
        }
    }

    /// Whether the answer could be compressed for some client, so that it needs `Vary: Accept-Encoding`.
    public func covers(_ answer: Answer) -> Bool {
        guard answer.status == 200 || answer.status >= 400, answer.coding.isEmpty, !answer.setsCookie,
            answer.length.map({ $0 >= self.minimumSize.bytes }) ?? true
        else { return false }
        let directives = answer.cacheControl.lowercased().split(separator: ",").map { $0.filter { $0 != " " } }
        guard !directives.contains("no-transform") else { return false }
        let type = answer.contentType.lowercased().prefix { $0 != ";" }.filter { $0 != " " }
        // Events are small and must go out at once.
        guard type != "text/event-stream" else { return false }
        return self.types.contains { pattern in
            pattern.hasSuffix("/*") ? type.hasPrefix(pattern.dropLast()) : type == pattern.lowercased()
        }
    }

    /// An entity tag for content that means the same in other bytes (RFC 9110 §8.8.1).
    public static func weak(_ tag: String) -> String { tag.hasPrefix("W/") ? tag : "W/" + tag }

    /// The coding for a client, by its `Accept-Encoding` (RFC 9110 §12.5.3); nil: as it is.
    public func coding(for answer: Answer, accepting header: String?) -> ContentCoding? {
        guard let header, self.covers(answer) else { return nil }
        let qualities = Self.qualities(header)
        func quality(_ name: String) -> Int? { qualities.last { $0.name == name }?.thousandths }
        let best = ContentCoding.allCases.map { ($0, quality($0.rawValue) ?? quality("*") ?? 0) }.max { $0.1 < $1.1 }
        guard let (coding, wanted) = best, wanted > 0, wanted >= quality("identity") ?? 0 else { return nil }
        return coding
    }

    /// Names in lower case with their qualities; what is no quality counts as zero.
    private static func qualities(_ header: String) -> [(name: String, thousandths: Int)] {
        header.lowercased().split(separator: ",").map { element in
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first else { return ("", 0) }
            guard let text = parts.dropFirst().first(where: { $0.hasPrefix("q=") })?.dropFirst(2) else {
                return (name, 1_000)
            }
            guard let quality = Double(text), (0...1).contains(quality) else { return (name, 0) }
            return (name, Int(quality * 1_000))
        }
    }
}
