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
    /// The route that was found; -1 for none.
    var route = -1
    /// The group that it is forwarded to; -1 for none.
    var group = -1
    /// How much it matters, for the service.
    var priority = CallPriority.standard
    /// Lines that the answer gets for what was decided; mostly empty.
    var answerLines: [UInt8] = []
    /// Path and query for the service, where they are not the client's.
    var target: [UInt8]?
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
