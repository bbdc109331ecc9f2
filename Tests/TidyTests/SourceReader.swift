/// Tells code, comments and literals of Swift source apart, byte by byte. Code inside an interpolation is code.
struct SourceReader {
    private enum Mode {
        case code
        /// Inside `\( … )` of a literal, with the number of open parentheses.
        case interpolation(depth: Int)
        case literal(hashes: Int, isMultiline: Bool)
    }

    private let bytes: [UInt8]
    private var position = 0
    private var modes: [Mode] = [.code]
    private var codeBytes: [UInt8]
    private var commentBytes: [UInt8]

    init(_ text: String) {
        self.bytes = Array(text.utf8)
        // Blank pages of the same shape, onto which what is found is copied.
        self.codeBytes = self.bytes.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        self.commentBytes = self.codeBytes
    }

    var code: String { String(decoding: self.codeBytes, as: UTF8.self) }
    var comments: String { String(decoding: self.commentBytes, as: UTF8.self) }

    mutating func read() {
        while self.position < self.bytes.count {
            switch self.modes[self.modes.count - 1] {
            case .code: self.readCode()
            case .interpolation(let depth): self.readInterpolation(depth: depth)
            case .literal(let hashes, let isMultiline): self.readLiteral(hashes: hashes, isMultiline: isMultiline)
            }
        }
    }

    private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        let start = self.position + offset
        guard start + text.utf8CodeUnitCount <= self.bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(self.bytes[start..<start + $0.count]) }
    }

    private mutating func copyToCode(_ count: Int = 1) {
        for index in self.position..<min(self.position + count, self.bytes.count) {
            self.codeBytes[index] = self.bytes[index]
        }
        self.position += count
    }

    private mutating func readCode() {
        switch self.bytes[self.position] {
        case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "`"): break
        default:
            self.codeBytes[self.position] = self.bytes[self.position]
            self.position += 1
            return
        }
        if self.starts(with: "//") { return self.readLineComment() }
        if self.starts(with: "/*") { return self.readBlockComment() }
        if self.starts(with: "`") { return self.readRawIdentifier() }
        if self.opensLiteral() { return }
        if self.starts(with: "/"), self.isRegexStart { return self.skipRegex() }
        self.copyToCode()
    }

    private mutating func readInterpolation(depth: Int) {
        if self.starts(with: "(") { self.modes[self.modes.count - 1] = .interpolation(depth: depth + 1) }
        if self.starts(with: ")") {
            if depth == 1 {
                self.modes.removeLast()
                self.position += 1
                return
            }
            self.modes[self.modes.count - 1] = .interpolation(depth: depth - 1)
        }
        self.readCode()
    }

    private mutating func readLineComment() {
        while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: "\n") {
            self.copyToComments()
        }
    }

    private mutating func copyToComments() {
        self.commentBytes[self.position] = self.bytes[self.position]
        self.position += 1
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if self.starts(with: "/*") {
                depth += 1
            } else if self.starts(with: "*/") {
                depth -= 1
            } else {
                self.copyToComments()
                continue
            }
            self.copyToComments()
            self.copyToComments()
        } while depth > 0 && self.position < self.bytes.count
    }

    /// A name in backticks becomes one plain word, so that a sentence is not taken for code.
    private mutating func readRawIdentifier() {
        repeat {
            self.codeBytes[self.position] = UInt8(ascii: "_")
            self.position += 1
        } while self.position < self.bytes.count && !self.starts(with: "`") && !self.starts(with: "\n")
        if self.starts(with: "`") {
            self.codeBytes[self.position] = UInt8(ascii: "_")
            self.position += 1
        }
    }

    /// `"`, `"""`, `#"`, `##"""`, …
    private mutating func opensLiteral() -> Bool {
        var hashes = 0
        while self.starts(with: "#", at: hashes) { hashes += 1 }
        guard self.starts(with: "\"", at: hashes) else { return false }
        let isMultiline = self.starts(with: "\"\"\"", at: hashes)
        self.modes.append(.literal(hashes: hashes, isMultiline: isMultiline))
        self.copyToCode(hashes + (isMultiline ? 3 : 1))
        return true
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { self.starts(with: "#", at: offset + $0) }
    }

    private mutating func readLiteral(hashes: Int, isMultiline: Bool) {
        switch self.bytes[self.position] {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "\n"): break
        default:
            self.position += 1
            return
        }
        if self.starts(with: "\\"), self.hasHashes(hashes, at: 1) {
            if self.starts(with: "(", at: 1 + hashes) { self.modes.append(.interpolation(depth: 1)) }
            self.position += 2 + hashes
        } else if self.starts(with: isMultiline ? "\"\"\"" : "\""), self.hasHashes(hashes, at: isMultiline ? 3 : 1) {
            self.modes.removeLast()
            self.copyToCode(hashes + (isMultiline ? 3 : 1))
        } else if self.starts(with: "\n"), !isMultiline {
            // A literal that is not closed on its line does not compile; the rest of the file is still read.
            self.modes.removeLast()
        } else {
            self.position += 1
        }
    }

    /// A slash where a value may begin, with no space behind it.
    private var isRegexStart: Bool {
        guard self.position + 1 < self.bytes.count, self.bytes[self.position + 1] > UInt8(ascii: " ") else {
            return false
        }
        let before = self.bytes[..<self.position].last { $0 != UInt8(ascii: " ") }
        return before.map { "(,=:[!&|{;\n".utf8.contains($0) } ?? false
    }

    private mutating func skipRegex() {
        self.position += 1
        while self.position < self.bytes.count, !self.starts(with: "/"), !self.starts(with: "\n") {
            self.position += self.starts(with: "\\") ? 2 : 1
        }
        if self.starts(with: "/") { self.position += 1 }
    }
}
