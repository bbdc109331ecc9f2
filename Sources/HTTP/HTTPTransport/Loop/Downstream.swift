#if os(Linux)
    import HTTPWire

    /// A client's connection: its socket, its parser, and the one exchange that it may have under way.
    ///
    /// Belongs to one loop and is changed by it alone.
    final class Downstream {
        enum Phase {
            /// No byte of a request yet. Next: head, closed.
            case idle
            /// In a head. Next: waiting, answered, closed.
            case head
            /// The request waits for a connection to an upstream. Next: exchange, answered, closed.
            case waiting
            /// Request and answer are moved. Next: idle, draining, tunnel, closed.
            case exchange
            /// The connection is a tunnel after an upgrade. Next: closed.
            case tunnel
            /// The last answer is complete; what is left is sent. Next: lingering, closed.
            case draining
            /// All is sent; what the client still sends is thrown away, so that it sees the answer. Next: closed.
            case lingering
            /// The socket is given up. Stays.
            case closed
        }

        let token: UInt64
        var stream: Stream
        var parser: RequestParser
        var phase = Phase.idle
        /// The client's address.
        let peer: [UInt8]

        /// Milliseconds of the loop's clock at which the phase has lasted too long.
        var deadline: Int64 = 0
        /// When the wheel will name this connection next; `Int64.max` when it will not.
        var scheduled = Int64.max

        // The exchange
        /// Whether it began since the client was served last.
        var isStarted = false
        var group = 0
        var endpoint = 0
        var attempts = 0
        var upstream: Upstream?
        /// Whether the head still lies at the front of `stream.inbound`, from where it can be sent again.
        var holdsHead = false
        var body = BodyReader(.none)
        /// Whether an upgrade was asked for that the proxy allows.
        var asksUpgrade = false
        /// Whether the body is written in chunks.
        var writesChunks = false
        /// Whether the whole request has been handed to the upstream connection.
        var isRequestMoved = false
        /// Whether the client may send another request on this connection.
        var isPersistent = true
        /// Whether a byte of the answer has been handed to the client.
        var isAnswerBegun = false

        init(_ token: UInt64, _ descriptor: Int32, _ pool: WirePool, _ limits: WireLimits, peer: [UInt8]) {
            self.token = token
            self.stream = Stream(descriptor, pool)
            self.parser = RequestParser(limits: limits)
            self.peer = peer
        }
    }

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
        /// Whether the head of the answer was passed on.
        var isHeadMoved = false
        var body = BodyReader(.none)
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
