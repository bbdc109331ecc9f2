/// How much one HTTP/2 connection may ask for. What is beyond ends the stream, or the connection where it looks like an attack.
public struct HTTP2Limits: Hashable, Sendable {
    /// Streams that may be open at once. At least 1. Default: 100. More are refused, and may be sent again.
    public var streams = 100
    /// Bytes of a head as RFC 9113 §6.5.2 counts them: names, values and 32 for each field. Default: 65,536. More ends the stream.
    public var headerList = 65_536
    /// Bytes of a request that may be under way on one stream, 1 to 2,147,483,647. Default: 65,535.
    public var streamWindow = 65_535
    /// Bytes of all requests that may be under way, 65,535 to 2,147,483,647. Default: 1,048,576.
    public var connectionWindow = 1_048_576
    /// Bytes of an answer that wait on one stream before its sender is no longer read. Default: 65,536.
    public var answer = 65_536
    /// Streams that may end by a reset more often than others end well (CVE-2023-44487, CVE-2025-8671). Default: 200. More
    /// ends the connection with `ENHANCE_YOUR_CALM`.
    public var resets = 200
    /// Frames that move nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA), beyond those that moved
    /// content or a head account for. Default: 2,000. More ends the connection with `ENHANCE_YOUR_CALM`.
    public var idleFrames = 2_000

    public init() {}
}

/// A connection that cannot go on; the peer is told by GOAWAY.
public struct HTTP2Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// In nghttp2's words, for logs.
    public var reason: String
    public var description: String { "HTTP/2: \(self.reason)" }
}
