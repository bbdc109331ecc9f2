#if os(Linux)
    import Essentials
    import HTTPWire

    /// A client's connection: its socket, its parser, and the one exchange that it may have under way.
    ///
    /// Belongs to one loop and is changed by it alone.
    final class Downstream {
        enum Phase {
            /// No byte of a request yet. Next: head, session, closed.
            case idle
            /// In a head. Next: suspended, collecting, waiting, idle, draining, closed.
            case head
            /// The router's decision, or a handler's answer, is waited for. Next: collecting, waiting, idle, draining, closed.
            case suspended
            /// The body is read for a handler. Next: suspended, draining, closed.
            case collecting
            /// The request waits for a connection to an upstream. Next: exchange, idle, draining, closed.
            case waiting
            /// Request and answer are moved. Next: idle, draining, tunnel, closed.
            case exchange
            /// A prepared answer is sent. Next: idle, draining, closed.
            case sending
            /// The connection is a tunnel after an upgrade. Next: closed.
            case tunnel
            /// The connection speaks HTTP/2, and its streams are clients of their own. Next: draining, closed.
            case session
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

        /// Milliseconds of the loop's clock at which the phase has lasted too long.
        var deadline: Int64 = 0
        /// When the wheel will name this connection next; `Int64.max` when it will not.
        var scheduled = Int64.max

        /// What it speaks HTTP/2 with.
        var session: Session?
        /// The connection that it is a stream of; nil for one with a socket.
        let parent: Downstream?

        /// Whether no request has come on it.
        var isFresh = true

        /// What is left of a prepared answer's content.
        var sending: (content: [UInt8], range: Range<Int>)?

        // The exchange
        let exchange: ProxyExchange
        /// Whether the router knows of it and has not yet heard of its end.
        var isRouted = false
        /// Whether it began since the client was served last.
        var isStarted = false
        var group = 0
        /// The place of the endpoint in the loop; -1 before one was chosen.
        var endpoint = -1
        var attempts = 0
        var upstream: Upstream?
        /// How long the head of the answer may take once the request is complete, in milliseconds.
        var answerTime: Int64?
        /// When the head of the answer must be there, in milliseconds.
        var answerDeadline = Int64.max
        /// How often it may be sent.
        var mostAttempts = 0
        /// Whether the router is asked about sending it again after answers that tell of a failure.
        var isRepeatable = false
        /// How long one attempt may take until the head of the answer, in milliseconds, and until when this one may.
        var attemptTime: Int64?
        var attemptDeadline = Int64.max
        /// When the body must be there if none of it has come, in milliseconds.
        var bodyDeadline = Int64.max
        /// What is done for it off the loop.
        var errand: Errand?
        /// Counts errands, so that one that comes late is known.
        var errands: UInt64 = 0
        /// What a handler will get, and the handler.
        var collected: (request: ProxyRequest, handler: @Sendable (ProxyRequest) async -> ProxyAnswer)?
        /// Bytes of the body that are held for a handler, until the exchange ends.
        var collectedBytes = 0
        /// Whether the head still lies at the front of `stream.inbound`, from where it can be sent again.
        var holdsHead = false
        var body = BodyReader(.none)
        /// Whether an upgrade was asked for that the proxy allows.
        var asksUpgrade = false
        /// Whether the body is written in chunks.
        var writesChunks = false
        /// Whether the whole request has been taken from the connection.
        var isRequestMoved = false
        /// Whether the client may send another request on this connection.
        var isPersistent = true
        /// Whether a byte of the answer has been handed to the client.
        var isAnswerBegun = false
        /// Bytes of content.
        var received: Int64 = 0
        var sent: Int64 = 0
        var status = 0
        var answeredAt: Tick?

        /// Whether nothing is read from it now, so that only a failure tells that it has gone.
        var waitsForOthers: Bool {
            switch self.phase {
            case .waiting, .suspended: true
            case .idle, .head, .collecting, .exchange, .sending, .tunnel, .session, .draining, .lingering, .closed:
                false
            }
        }

        init(
            _ token: UInt64, _ stream: consuming Stream, _ limits: WireLimits, peer: [UInt8], isSecure: Bool,
            parent: Downstream? = nil
        ) {
            self.token = token
            self.stream = stream
            self.parser = RequestParser(limits: limits)
            self.parent = parent
            self.exchange = ProxyExchange(peer: peer, isSecure: isSecure)
        }
    }
#endif
