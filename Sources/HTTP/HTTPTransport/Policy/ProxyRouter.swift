public import HTTPWire

/// Decides about the requests of one loop, and hears how they ended.
///
/// Each loop makes one of its own on its thread, and nobody else uses it, so what it keeps needs no lock. All functions
/// are called on the loop: they must not block, and should not allocate.
public protocol ProxyRouter {
    /// Where a request goes. Asked once, and once more after each ``ProxyDecision/wait(_:)``.
    /// - Parameters:
    ///   - head: its fields may be marked to stay behind (`drop(at:)`).
    ///   - bytes: what the offsets of `head` refer to.
    func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision

    /// Appends the target for the upstream. Default: the client's, in origin form.
    func writeTarget(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer)

    /// Appends field lines for the upstream, each with its line end; again when the request is sent again. Default: none.
    func writeRequestFields(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer)

    /// Looks at the head of the upstream's answer; fields may be marked to stay behind. Default: nothing.
    func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan)

    /// A piece of the request's content passes. Only where ``ProxyExchange/isWatched`` is set. Default: nothing.
    func watched(_ exchange: ProxyExchange, request: RawSpan)

    /// A piece of the content of the upstream's answer passes. Only where ``ProxyExchange/isWatched`` is set. Default: nothing.
    func watched(_ exchange: ProxyExchange, answer: RawSpan)

    /// What the client gets in place of an upstream's answer, whose head has just come. Asked before ``readAnswer(_:_:_:)``.
    /// - Returns: nil to pass the answer on, which is the default.
    func substitute(for head: borrowing ResponseHead, _ exchange: ProxyExchange, _ bytes: RawSpan) -> PreparedAnswer?

    /// What the client gets in place of a problem. Asked before ``answer(to:_:)``. Default: nil, nothing.
    func substitute(for problem: EdgeProblem, _ exchange: ProxyExchange) -> PreparedAnswer?

    /// Appends field lines for the client, each with its line end. Default: none.
    func writeAnswerFields(_ exchange: ProxyExchange, status: Int, _ output: inout WireBuffer)

    /// Which endpoint of a group a request goes to.
    /// - Parameters:
    ///   - endpoints: of the group, at least one.
    ///   - attempt: from 1.
    /// - Returns: an index; nil to take them in turn, which is the default.
    func choose(_ exchange: ProxyExchange, group: Int, of endpoints: [Endpoint], attempt: Int) -> Int?

    /// Whether a request is sent again, to the endpoint that ``choose(_:group:of:attempt:)`` names next. Asked only about
    /// requests that may be repeated: idempotent, without content, and nothing of an answer was passed on. Default: after
    /// a connection that broke off.
    func repeats(_ exchange: ProxyExchange, after failure: ProxyFailure) -> Bool

    /// How a problem of the proxy's own is told.
    /// - Parameter exchange: nil when the request was not understood.
    /// - Returns: nil for ``EdgeProblem/answer``, which is the default.
    func answer(to problem: EdgeProblem, _ exchange: ProxyExchange?) -> ProxyAnswer?

    /// A request is over. Called exactly once for each that ``route(_:_:_:)`` was asked about.
    func ended(_ exchange: ProxyExchange, _ report: ProxyReport)
}

extension ProxyRouter {
    public func writeTarget(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
    ) {
        output.appendTarget(head, bytes)
    }

    public func writeRequestFields(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
    ) {}

    public func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan) {}

    public func watched(_ exchange: ProxyExchange, request: RawSpan) {}

    public func watched(_ exchange: ProxyExchange, answer: RawSpan) {}

    public func substitute(
        for head: borrowing ResponseHead, _ exchange: ProxyExchange, _ bytes: RawSpan
    ) -> PreparedAnswer? { nil }

    public func substitute(for problem: EdgeProblem, _ exchange: ProxyExchange) -> PreparedAnswer? { nil }

    public func writeAnswerFields(_ exchange: ProxyExchange, status: Int, _ output: inout WireBuffer) {}

    public func choose(_ exchange: ProxyExchange, group: Int, of endpoints: [Endpoint], attempt: Int) -> Int? { nil }

    public func repeats(_ exchange: ProxyExchange, after failure: ProxyFailure) -> Bool { failure == .brokeOff }

    public func answer(to problem: EdgeProblem, _ exchange: ProxyExchange?) -> ProxyAnswer? { nil }

    public func ended(_ exchange: ProxyExchange, _ report: ProxyReport) {}
}

/// What a router says.
public enum ProxyDecision {
    /// To an endpoint of a group.
    case forward(ProxyForward)
    /// An answer that is there already.
    case answer(ProxyAnswer)
    /// The same, from bytes that others share.
    case send(PreparedAnswer)
    case refuse(EdgeProblem)
    /// The decision needs something that must be waited for. It runs off the loop, is cancelled when the client has gone, and
    /// what it returns is ``ProxyExchange/finding`` when the router is asked again.
    case wait(@Sendable () async -> any Sendable)
    /// The request is read whole and answered off the loop; cancelled when the client has gone.
    case handle(@Sendable (ProxyRequest) async -> ProxyAnswer)
}

/// Where a request is forwarded to.
public struct ProxyForward: Hashable, Sendable {
    /// The index in ``ProxyConfiguration/upstreams``.
    public var group: Int
    /// From the end of the request until the head of the answer must be there; 504 when it is not. Nil for no limit but
    /// ``ProxyConfiguration/upstreamTimeout``, which is for every pause.
    public var deadline: Duration?

    /// How often the request may be sent, where ``ProxyRouter/repeats(_:after:)`` says so too; nil to send it again only when
    /// a connection broke off, ``ProxyConfiguration/attempts`` times at most.
    public var attempts: Int?
    /// How long each attempt may take until the head of the answer is there. Nil: as long as the request.
    public var attemptTimeout: Duration?

    public init(to group: Int, deadline: Duration? = nil) {
        self.group = group
        self.deadline = deadline
    }
}

/// Why an attempt to get a request answered has failed.
public enum ProxyFailure: Hashable, Sendable {
    /// The connection ended before an answer.
    case brokeOff
    /// No answer came in ``ProxyForward/attemptTimeout``.
    case timedOut
    /// The endpoint answered with a status of failure, 400 or more.
    case status(Int)
}
