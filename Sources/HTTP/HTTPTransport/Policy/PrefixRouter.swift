public import HTTPWire

/// Routes by the beginning of the path, the longest first; a prefix covers itself and everything below it.
///
/// A path that two servers might read in two ways (empty or dot segments, escaped dots, slashes, backslashes and NUL)
/// is refused as soon as there is a prefix to get around.
public struct PrefixRouter: ProxyRouter, Sendable {
    private let entries: [(prefix: [UInt8], group: Int)]
    private let checksPaths: Bool

    /// - Parameter prefixes: such as `/v1/orders`, or `/` for all; each with the index of a group.
    public init(_ prefixes: [(prefix: String, group: Int)]) {
        self.entries = prefixes.map { (Array($0.prefix.utf8), $0.group) }
            .sorted { $0.prefix.count > $1.prefix.count }
        self.checksPaths = prefixes.contains { $0.prefix != "/" }
    }

    public func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
        switch self.group(of: head.path, bytes) {
        case .success(let group): .forward(ProxyForward(to: group))
        case .failure(let problem): .refuse(problem)
        }
    }

    func group(of path: WireRange, _ bytes: RawSpan) -> Result<Int, EdgeProblem> {
        if self.checksPaths, !PathCheck.isPlain(path, bytes) { return .failure(.ambiguousPath) }
        for index in self.entries.indices where self.covers(index, path, bytes) {
            return .success(self.entries[index].group)
        }
        return .failure(.noRoute)
    }

    private func covers(_ index: Int, _ path: WireRange, _ bytes: RawSpan) -> Bool {
        let prefix = self.entries[index].prefix
        if prefix.count == 1 { return true }
        guard path.count >= prefix.count else { return false }
        for offset in prefix.indices where bytes[path, offset] != prefix[offset] { return false }
        return path.count == prefix.count || bytes[path, prefix.count] == UInt8(ascii: "/")
    }
}

/// Whether a path means the same to everybody.
enum PathCheck {
    /// - Returns: false for empty segments with more behind them, dot segments, and escaped dots, slashes, backslashes and NUL.
    static func isPlain(_ path: WireRange, _ bytes: RawSpan) -> Bool {
        var offset = 0
        while offset < path.count {
            let byte = bytes[path, offset]
            if byte == UInt8(ascii: "/"), self.isOddSegment(path, bytes, offset + 1) { return false }
            if byte == UInt8(ascii: "%"), offset + 2 < path.count {
                switch (bytes[path, offset + 1], bytes[path, offset + 2] | 0x20) {
                case (UInt8(ascii: "2"), UInt8(ascii: "e")), (UInt8(ascii: "2"), UInt8(ascii: "f")),
                    (UInt8(ascii: "5"), UInt8(ascii: "c")), (UInt8(ascii: "0"), UInt8(ascii: "0") | 0x20):
                    return false
                default: break
                }
            }
            offset += 1
        }
        return true
    }

    /// Whether an empty segment with more behind it, `.` or `..` begins at `start`.
    private static func isOddSegment(_ path: WireRange, _ bytes: RawSpan, _ start: Int) -> Bool {
        guard start < path.count else { return false }
        var end = start
        while end < path.count, end < start + 3, bytes[path, end] != UInt8(ascii: "/") { end += 1 }
        switch end - start {
        case 0: return true
        case 1: return bytes[path, start] == UInt8(ascii: ".")
        case 2: return bytes[path, start] == UInt8(ascii: ".") && bytes[path, start + 1] == UInt8(ascii: ".")
        default: return false
        }
    }
}

extension RawSpan {
    /// The byte at `offset` in `range`.
    @inline(__always)
    subscript(range: WireRange, offset: Int) -> UInt8 {
        self.unsafeLoad(fromByteOffset: range.start + offset, as: UInt8.self)
    }
}
