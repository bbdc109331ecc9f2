/// A piece of a message as offsets into the bytes that were parsed, so that nothing is copied to find it again.
public struct WireRange: Hashable, Sendable {
    private var first: UInt32
    private var length: UInt32

    /// - Precondition: both are between 0 and 4,294,967,295.
    @inline(__always)
    public init(start: Int, count: Int) {
        self.first = UInt32(start)
        self.length = UInt32(count)
    }

    @inline(__always)
    public init(from start: Int, to end: Int) { self.init(start: start, count: end - start) }

    public static let empty = WireRange(start: 0, count: 0)

    public var start: Int { Int(self.first) }
    public var count: Int { Int(self.length) }
    public var end: Int { Int(self.first) + Int(self.length) }
    public var isEmpty: Bool { self.length == 0 }
}

extension RawSpan {
    /// The bytes of `range` as text; for logs and tests, not for the hot path.
    public func text(_ range: WireRange) -> String {
        String(decoding: (range.start..<range.end).map { self.byte(at: $0) }, as: UTF8.self)
    }
}
