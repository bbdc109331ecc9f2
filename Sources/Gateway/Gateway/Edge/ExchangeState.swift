import Essentials
import GatewayCore
import Identity
import Resilience
import Synchronization

/// What the gateway keeps of an exchange.
struct ExchangeState {
    var id = UniqueID(high: 0, low: 0)
    /// When it came.
    var moment = Timestamp(microseconds: 0)
    var trace = TraceContext(trace: UniqueID(high: 0, low: 0), span: 0, flags: 0)
    /// The client's span; 0 for none.
    var parent: UInt64 = 0
    /// The name of the route that was found, where requests are traced.
    var route: String?
    /// The group that it is forwarded to; -1 for none.
    var group = -1
    /// How much it matters, for the service.
    var priority = CallPriority.standard
    /// What its route does besides forwarding it.
    var traffic: TrafficPolicy?
    /// A random number of its own, the same whenever it is decided about.
    var draw: UInt64 = 0
    /// Whether token, scopes and limits were asked about.
    var isAdmitted = false
    /// The status that it is answered with on purpose.
    var abort: Int?
    /// Whether its answer is the service's.
    var isFromService = false
    /// What the client takes of compressed content, where its route compresses.
    var acceptEncoding: String?
    #if os(Linux)
        /// What is kept of it to be sent to another service too.
        var mirror: MirrorRecord?
    #endif
    /// Lines that the answer gets for what was decided; mostly empty.
    var answerLines: [UInt8] = []
    /// Path and query for the service, where they are not the client's.
    var target: [UInt8]?
    /// What its host is chosen by.
    var hostKey: UInt64 = 0
    /// The host that it was sent to last, and with which attempt.
    var lease: Balancers.Lease?
    var attempt = 0
    /// What it holds of the service's limits.
    var passage: Passage?
    /// Whether a handler answers it, with fields of its own.
    var isHandled = false
    /// Method and target, for the log; empty without one.
    var line: [UInt8] = []
}

/// What an exchange was suspended for.
enum Finding: Sendable {
    /// Whose token it carries, or why it is refused.
    case token(Result<Principal, any Error>)
    /// It was held up on purpose.
    case delayed
    /// It may be sent, or why it may not.
    case turn(Result<HeldPassage, any Error>)
}

/// A passage on its way from the task that waited for it to the loop. When it does not get there, because the client
/// has gone meanwhile, it is given back.
final class HeldPassage: Sendable {
    private let passage: Mutex<Passage?>

    init(_ passage: Passage) {
        self.passage = Mutex(passage)
    }

    deinit {
        if var passage = self.take() { passage.leave(.failure(CancellationError())) }
    }

    func take() -> Passage? {
        self.passage.withLock { passage in
            defer { passage = nil }
            return passage
        }
    }
}
