import Essentials

/// A part of a pipeline that a call goes through in one go: gates, perhaps a retry, the gates that each attempt passes,
/// and what is inside them.
final class Section: Sendable {
    /// More gates would not fit a ``Passage``.
    static let maximumGates = 8

    let outerGates: GateChain?
    let retry: Retry?
    /// Only with a retry.
    let innerGates: GateChain?
    /// A layer that goes around the next section; nil for the caller's closure.
    let strategy: (any Strategy)?
    /// Kept apart, because asking that of the layer copies it.
    private let leadsToBody: Bool

    private init(_ draft: Draft, around strategy: (any Strategy)?) {
        self.outerGates = GateChain.chain(draft.outerGates, from: 0)
        self.retry = draft.retry
        self.innerGates = GateChain.chain(draft.innerGates, from: draft.outerGates.count)
        self.strategy = strategy
        self.leadsToBody = strategy == nil
    }

    private struct Draft {
        var outerGates: [any Gate] = []
        var retry: Retry?
        var innerGates: [any Gate] = []

        var isEmpty: Bool { self.outerGates.isEmpty && self.retry == nil }

        mutating func takes(_ strategy: any Strategy) -> Bool {
            if let gate = strategy as? any Gate, self.outerGates.count + self.innerGates.count < maximumGates {
                if self.retry == nil { self.outerGates.append(gate) } else { self.innerGates.append(gate) }
                return true
            }
            guard let retry = strategy as? Retry, self.retry == nil else { return false }
            self.retry = retry
            return true
        }
    }

    /// The sections of a pipeline, outermost first; the last leads to the caller's closure.
    static func sections(of strategies: [any Strategy]) -> [Section] {
        var sections: [Section] = []
        var draft = Draft()
        for strategy in strategies where !draft.takes(strategy) {
            sections.append(Section(draft, around: strategy))
            draft = Draft()
        }
        if !draft.isEmpty || sections.isEmpty { sections.append(Section(draft, around: nil)) }
        return sections
    }
}

/// One call in one section: what it holds, and how far it has come.
@usableFromInline
struct Journey: Sendable {
    enum Next {
        /// All gates are passed.
        case goInside
        /// A gate has queued the call.
        case wait(any Gate, Permit)
        /// An attempt has failed, and there is to be another.
        case sleep(Duration)
    }

    var call: Call
    /// When the gates of this section were first asked.
    let start: Tick
    fileprivate var permits = InlineArray<8, Permit>(repeating: Permit())
    /// The gates that let the call through, the outer ones first.
    fileprivate var count = 0
    fileprivate(set) var next = Next.goInside
    /// Whether it is through the outer gates, and the retry knows of it.
    fileprivate var hasBegun = false
    /// The failed attempts, from the first failure on.
    fileprivate var attempts: Retry.Attempts?
    /// Whether nothing but the caller's closure is left.
    @usableFromInline
    fileprivate(set) var callsBody = false

    init(_ call: Call) {
        self.call = call
        self.start = call.now
    }

    @usableFromInline
    init(_ pipeline: borrowing Pipeline) {
        self.init(Call(environment: pipeline.environment))
    }

    /// Whether no gate has been asked.
    fileprivate var isFresh: Bool { self.count == 0 }

    /// The gate that has queued the call lets it through.
    mutating func admit(_ permit: Permit) {
        self.hold(permit)
        self.next = .goInside
    }

    fileprivate mutating func hold(_ permit: Permit) {
        self.permits[self.count] = permit
        self.count += 1
    }

    func reportSuccess() {
        self.end(.success)
    }

    func report(_ error: any Error) {
        if let refusal = error as? Refusal { self.call.report(.refused(refusal)) }
        self.end(.init(of: error))
    }

    private func end(_ ending: PipelineEvent.Ending) {
        self.call.environment.listener?.hear(ending, of: self.call, from: self.start)
    }
}

/// Gates in a row. A chain and not an array: walking it takes no reference to any of them, which would cost as much as
/// the gates themselves do.
final class GateChain: Sendable {
    private let gate: any Gate
    /// The place of the gate's permit.
    private let index: Int
    private let next: GateChain?

    private init(_ gate: any Gate, index: Int, next: GateChain?) {
        self.gate = gate
        self.index = index
        self.next = next
    }

    /// - Parameter index: how many permits belong to gates before these.
    static func chain(_ gates: [any Gate], from index: Int) -> GateChain? {
        gates.enumerated().reversed().reduce(nil) { next, gate in
            GateChain(gate.element, index: index + gate.offset, next: next)
        }
    }

    /// Asks the gates that have not been asked; false when one of them has queued the call.
    func enter(_ journey: inout Journey, at now: Tick) throws(Refusal) -> Bool {
        if journey.count == self.index {
            switch try self.gate.enter(journey.call, at: now) {
            case .admitted(let permit):
                journey.hold(permit)
            case .queued(let permit):
                journey.next = .wait(self.gate, permit)
                return false
            }
        }
        return try self.next?.enter(&journey, at: now) ?? true
    }

    /// Gives the permits back, the last first.
    func leave(_ journey: inout Journey, _ outcome: Outcome) {
        self.next?.leave(&journey, outcome)
        guard journey.count > self.index else { return }
        journey.count -= 1
        self.gate.leave(journey.permits[self.index], outcome, of: journey.call)
    }
}

extension Section {
    /// Passes the gates, or as many as can be passed without waiting.
    /// - Throws: when the journey is over; it then holds nothing.
    func enter(_ journey: inout Journey) throws {
        // Later than the start only when the call has waited.
        let now = journey.isFresh ? journey.start : journey.call.now
        if !journey.hasBegun {
            do throws(Refusal) {
                guard try self.outerGates?.enter(&journey, at: now) ?? true else { return }
            } catch {
                self.giveUp(error, &journey)
                throw error
            }
            journey.hasBegun = true
            self.retry?.begin(at: now)
        }
        try self.enterInner(&journey, at: now)
    }

    /// Passes the inner gates for another attempt.
    func enterAgain(_ journey: inout Journey) throws {
        journey.call.attempt += 1
        journey.next = .goInside
        try self.enterInner(&journey, at: journey.call.now)
    }

    private func enterInner(_ journey: inout Journey, at now: Tick) throws {
        do throws(Refusal) {
            journey.callsBody = try self.innerGates?.enter(&journey, at: now) ?? true && self.leadsToBody
        } catch {
            try self.fail(error, &journey)
        }
    }

    func leave(_ journey: inout Journey) {
        self.innerGates?.leave(&journey, .success)
        self.outerGates?.leave(&journey, .success)
    }

    /// The call has failed, and there is no retry.
    func leave(_ journey: inout Journey, after error: any Error) {
        self.innerGates?.leave(&journey, .failure(error))
        self.giveUp(error, &journey)
    }

    /// An attempt has failed, or the call was not let into it.
    /// - Throws: `error`, when there shall be no other attempt.
    func fail(_ error: any Error, _ journey: inout Journey) throws {
        self.innerGates?.leave(&journey, .failure(error))
        journey.callsBody = false
        if journey.hasBegun, let delay = self.retry?.delay(after: error, in: &journey.attempts, journey.call) {
            journey.next = .sleep(delay)
            return
        }
        self.giveUp(error, &journey)
        throw error
    }

    /// Gives back what is left.
    func giveUp(_ error: any Error, _ journey: inout Journey) {
        self.outerGates?.leave(&journey, .failure(error))
    }
}

extension PipelineEvent.Ending {
    init(of error: any Error) {
        self = error is CancellationError ? .cancelled : error is Refusal ? .refused : .failure
    }
}
