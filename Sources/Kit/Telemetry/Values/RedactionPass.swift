/// One walk over a text that copies it without its secrets.
struct RedactionPass {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let secrets: [[UInt8]]
    private let isSensitive: (String) -> Bool
    private var position = 0
    private var copied = 0
    private var output: [UInt8] = []

    init(bytes: UnsafeBufferPointer<UInt8>, secrets: [[UInt8]], isSensitive: @escaping (String) -> Bool) {
        self.bytes = bytes
        self.secrets = secrets
        self.isSensitive = isSensitive
    }

    /// - Returns: nil when there is nothing to take out.
    mutating func run() -> String? {
        while self.position < self.bytes.count {
            if let end = self.secretEnd() {
                self.redact(self.position..<end)
            } else {
                self.position += 1
            }
        }
        guard self.copied > 0 || !self.output.isEmpty else { return nil }
        self.output += self.bytes[self.copied...]
        return String(decoding: self.output, as: UTF8.self)
    }

    private mutating func redact(_ range: Range<Int>) {
        self.output += self.bytes[self.copied..<range.lowerBound]
        self.output += Redactor.mark.utf8
        self.copied = range.upperBound
        self.position = range.upperBound
    }

    /// The end of the secret that begins here, if one does. `position` may move to where it really begins.
    private mutating func secretEnd() -> Int? {
        for secret in self.secrets where self.matches(secret, at: self.position) { return self.position + secret.count }
        switch self.bytes[self.position] {
        case UInt8(ascii: "B"), UInt8(ascii: "b"): return self.credentialsEnd()
        case UInt8(ascii: "e"): return self.tokenEnd()
        case UInt8(ascii: ":"): return self.userInformationEnd() ?? self.namedEnd()
        case UInt8(ascii: "="): return self.namedEnd()
        case UInt8(ascii: "-"): return self.privateKeyEnd()
        case 48...57: return self.cardNumberEnd()
        default: return nil
        }
    }

    private func matches(_ word: some Collection<UInt8>, at start: Int) -> Bool {
        guard start + word.count <= self.bytes.count else { return false }
        var index = start
        for byte in word {
            if self.bytes[index] != byte { return false }
            index += 1
        }
        return true
    }

    private func end(from start: Int, while holds: (UInt8) -> Bool) -> Int {
        var index = start
        while index < self.bytes.count, holds(self.bytes[index]) { index += 1 }
        return index
    }

    private var startsWord: Bool {
        self.position == 0 || !Self.isWord(self.bytes[self.position - 1])
    }

    /// `Bearer …` and `Basic …`, as in an Authorization header.
    private mutating func credentialsEnd() -> Int? {
        guard self.startsWord else { return nil }
        for scheme in ["earer ", "asic "] where self.matches(scheme.utf8, at: self.position + 1) {
            let start = self.position + 1 + scheme.utf8.count
            let end = self.end(from: start) { Self.isTokenCharacter($0) }
            guard end - start >= 8 else { continue }
            self.position = start
            return end
        }
        return nil
    }

    /// A JSON Web Token: `eyJ` and two or four dots between long words.
    private func tokenEnd() -> Int? {
        guard self.startsWord, self.matches("eyJ".utf8, at: self.position) else { return nil }
        let end = self.end(from: self.position) {
            Self.isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        let dots = self.bytes[self.position..<end].count { $0 == UInt8(ascii: ".") }
        return dots >= 2 && end - self.position >= 20 ? end : nil
    }

    /// `://user:password@`
    private mutating func userInformationEnd() -> Int? {
        guard self.matches("://".utf8, at: self.position) else { return nil }
        let start = self.position + 3
        let end = self.end(from: start) { $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
        guard end < self.bytes.count, self.bytes[end] == UInt8(ascii: "@"),
            let colon = self.bytes[start..<end].firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        self.position = colon + 1
        return end
    }

    /// `password=…`, `token: …`, `"api_key":"…"`: what stands behind a sensitive name.
    private mutating func namedEnd() -> Int? {
        var nameEnd = self.position
        while nameEnd > self.copied, Self.isQuoteOrSpace(self.bytes[nameEnd - 1]) { nameEnd -= 1 }
        var nameStart = nameEnd
        while nameStart > self.copied, Self.isName(self.bytes[nameStart - 1]) { nameStart -= 1 }
        guard nameEnd - nameStart >= 3,
            self.isSensitive(String(decoding: self.bytes[nameStart..<nameEnd], as: UTF8.self))
        else { return nil }
        var start = self.end(from: self.position + 1) { $0 == 0x20 }
        let end: Int
        if start < self.bytes.count, self.bytes[start] == UInt8(ascii: "\"") {
            start += 1
            end = self.quotedEnd(from: start)
        } else if self.bytes[nameStart..<nameEnd].elementsEqual("authorization".utf8, by: { $0 | 0x20 == $1 })
            || self.bytes[nameStart..<nameEnd].elementsEqual("cookie".utf8, by: { $0 | 0x20 == $1 })
        {
            end = self.end(from: start) { $0 != 0x0A && $0 != 0x0D }
        } else {
            end = self.end(from: start) { !Self.endsValue($0) }
        }
        guard end > start, !self.matches(Redactor.mark.utf8, at: start) else { return nil }
        self.position = start
        return end
    }

    private func quotedEnd(from start: Int) -> Int {
        var index = start
        while index < self.bytes.count, self.bytes[index] != UInt8(ascii: "\"") {
            index += self.bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, self.bytes.count)
    }

    /// A PEM block with a private key in it, to its end.
    private func privateKeyEnd() -> Int? {
        guard self.matches("-----BEGIN ".utf8, at: self.position) else { return nil }
        let lineEnd = self.end(from: self.position) { $0 != 0x0A }
        let label = String(decoding: self.bytes[self.position..<lineEnd], as: UTF8.self)
        guard label.contains("PRIVATE KEY") else { return nil }
        var index = lineEnd
        while index < self.bytes.count {
            if self.matches("-----END ".utf8, at: index) { return self.end(from: index) { $0 != 0x0A } }
            index += 1
        }
        return self.bytes.count
    }

    /// 13 to 19 digits, perhaps in groups, that begin as payment cards do (2 to 6) and whose check digit (ISO/IEC 7812,
    /// Luhn) is right. Moments since 1970 begin with 1 for a long time to come.
    private mutating func cardNumberEnd() -> Int? {
        guard self.position == 0 || !Self.isWord(self.bytes[self.position - 1]) else { return nil }
        var digits: [Int] = []
        var index = self.position
        var end = index
        while index < self.bytes.count {
            let byte = self.bytes[index]
            if (48...57).contains(byte) {
                digits.append(Int(byte - 48))
                end = index + 1
            } else if byte != 0x20 && byte != UInt8(ascii: "-") || end != index {
                break
            }
            index += 1
        }
        let isWhole = end == self.bytes.count || !Self.isWord(self.bytes[end])
        if isWhole, (13...19).contains(digits.count), (2...6).contains(digits[0]), Self.passesLuhn(digits) {
            return end
        }
        // Nothing within this number is looked at again.
        self.position = max(self.position, self.end(from: self.position) { (48...57).contains($0) } - 1)
        return nil
    }

    private static func passesLuhn(_ digits: [Int]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, next in
            let value = next.offset % 2 == 1 ? next.element * 2 : next.element
            return sum + (value > 9 ? value - 9 : value)
        }
        return sum % 10 == 0
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
        default: byte > 127
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        self.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        self.isWord(byte) || "-._~+/=".utf8.contains(byte)
    }

    private static func isQuoteOrSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == 0x20 }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "&,;\"')]}<>".utf8.contains(byte)
    }
}
