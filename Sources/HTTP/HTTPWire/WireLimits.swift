/// How large the parts of a message may be. What is larger is refused, never cut off.
public struct WireLimits: Hashable, Sendable {
    /// Bytes of a method. At least 7. Default: 32. More is answered with 501.
    public var method = 32
    /// Bytes of a request target. At least 1. Default: 8,192. More is answered with 414.
    public var target = 8_192
    /// Bytes of one field line without its line end. At least 16. Default: 16,384. More is answered with 431.
    public var fieldLine = 16_384
    /// Field lines of a head. At least 1. Default: 100. More is answered with 431.
    public var fields = 100
    /// Bytes of a whole head. At least 64, at most 2,147,483,647. Default: 65,536. More is answered with 431.
    public var head = 65_536
    /// Bytes of a body. Default: 9,223,372,036,854,775,807. More is answered with 413.
    public var body = Int64.max
    /// Bytes of all chunk extensions of a body together. Default: 4,096. More is answered with 400.
    public var chunkExtensions = 4_096
    /// Bytes of a trailer section. Default: 8,192. More is answered with 431.
    public var trailers = 8_192

    public init() {}

    /// Stops a program whose limits allow heads that offsets cannot hold.
    func requireOffsetsThatFit() {
        precondition(self.fieldLine <= 65_535 && self.head <= Int32.max, "a limit is larger than offsets can hold")
    }
}
