/// A whole answer whose bytes lie ready, in memory that others share: it is sent from there, and a slow client holds no copy.
public struct PreparedAnswer: Sendable {
    /// 200 to 599.
    public var status: Int
    /// The status line and the field lines that are always the same, each with its line end: with `Date`, without `Connection`
    /// and the framing. ``ProxyRouter/writeAnswerFields(_:status:_:)`` adds the others.
    public var head: [UInt8]
    public var content: [UInt8]
    /// What of ``content`` is sent; its length is that of the answer.
    public var range: Range<Int>

    /// - Parameter range: nil for all of it.
    public init(status: Int, head: [UInt8], content: [UInt8] = [], range: Range<Int>? = nil) {
        self.status = status
        self.head = head
        self.content = content
        self.range = range ?? content.startIndex..<content.endIndex
    }

    /// Whether an answer of that status has content, so that its length is told.
    var mayHaveContent: Bool { self.status != 204 && self.status != 304 }
}
