#if os(Linux)
    import Compression
    import HTTPWire

    /// A connection to an endpoint.
    final class Upstream {
        enum Phase {
            /// The connection is being made. Next: busy, closed.
            case connecting
            /// It serves a client. Next: idle, tunnel, closed.
            case busy
            /// It waits in the pool. Next: busy, closed.
            case idle
            /// The connection is one side of a tunnel. Next: closed.
            case tunnel
            /// The socket is given up. Stays.
            case closed
        }

        let token: UInt64
        /// The index of its endpoint in the loop.
        let endpoint: Int
        var stream: Stream
        var parser: ResponseParser
        var phase = Phase.connecting
        var deadline: Int64 = 0
        var scheduled = Int64.max
        /// Whom it serves.
        var client: Downstream?
        /// Whether a request was answered on it before.
        var isReused = false
        /// Interim answers to the request that it serves; one more than the most is an answer that breaks a rule.
        var interims = 0
        static let mostInterims = 16
        /// Whether the head of the answer was passed on.
        var isHeadMoved = false
        var body = BodyReader(.none)
        /// What the content is passed on through; nil for as it comes.
        var encoder: GzipEncoder?
        /// Whether the body is passed on in chunks.
        var writesChunks = false

        init(_ token: UInt64, _ descriptor: Int32, _ endpoint: Int, _ pool: WirePool, _ limits: WireLimits) {
            self.token = token
            self.endpoint = endpoint
            self.stream = Stream(descriptor, pool)
            self.stream.isWritable = false
            self.parser = ResponseParser(limits: limits)
        }
    }
#endif
