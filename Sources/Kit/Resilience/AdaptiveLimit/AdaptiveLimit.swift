public import Essentials
import Synchronization

/// Bounds how many calls run at one time, and finds the bound by itself.
///
/// Calls that take longer than they do without a queue mean that they wait somewhere inside: the limit shrinks. As long
/// as they do not, and the limit is used, it grows. Beyond the limit a few calls wait, the more important first
/// (``CallPriority``); the rest is refused at once. Put it at the edge of a service, or around a dependency whose
/// capacity nobody knows.
public final class AdaptiveLimit: Gate {
    /// The bounds of the limit and how it moves.
    public struct Configuration: Hashable, Sendable {
        /// Where the limit begins. Within the two bounds. Default: 20.
        public var initialLimit = 20
        /// The limit never falls below. At least 1. Default: 4.
        public var minimumLimit = 4
        /// The limit never rises above. At least the minimum. Default: 200.
        public var maximumLimit = 200
        /// Calls that may wait for a place. At least 0. Default: 20.
        public var queueLimit = 20
        /// How long a call may wait for a place. More than zero. Default: 500 ms.
        public var maximumWait: Duration = .milliseconds(500)
        /// How much longer than the baseline calls may take before the limit shrinks, as a fraction of it. In 0...10.
        /// Default: 0.25.
        public var tolerance = 0.25
        /// How long times are collected before the limit moves. More than zero. Default: 100 ms.
        public var window: Duration = .milliseconds(100)
        /// How many times must have been collected as well. At least 1. Default: 20.
        public var minimumSamples = 20
        /// How often the baseline is found again. More than zero. Default: 15 s.
        public var probeInterval: Duration = .seconds(15)

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.minimumLimit < 1 { problems.append("minimumLimit must be at least 1") }
            if self.maximumLimit < self.minimumLimit { problems.append("maximumLimit must not be below minimumLimit") }
            if self.initialLimit < self.minimumLimit || self.initialLimit > self.maximumLimit {
                problems.append("initialLimit must lie between minimumLimit and maximumLimit")
            }
            if self.queueLimit < 0 { problems.append("queueLimit must not be negative") }
            if self.maximumWait <= .zero { problems.append("maximumWait must be more than zero") }
            if !(0...10).contains(self.tolerance) { problems.append("tolerance must lie in 0...10") }
            if self.window <= .zero { problems.append("window must be more than zero") }
            if self.minimumSamples < 1 { problems.append("minimumSamples must be at least 1") }
            if self.probeInterval <= .zero { problems.append("probeInterval must be more than zero") }
            return problems
        }
    }

    /// The limit at one moment, and what happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var limit: Int
        public var running: Int
        public var queued: Int
        /// Calls that got a place.
        public var admitted: Int
        /// Calls refused because limit and queue were full.
        public var rejected: Int
        /// Calls that lost their room in the queue to a more important one.
        public var displaced: Int
        /// Calls that waited as long as they could.
        public var expired: Int
        /// The time of a call that does not queue, if known.
        public var baseline: Duration?
        /// The median time of the latest window, if there was one.
        public var sample: Duration?
    }

    /// How a wait for a place ended.
    private enum Turn {
        case admitted
        case displaced
        case cancelled
    }

    private struct State {
        var configuration: Configuration
        var controller: Controller
        var queue: Queue
        var nextTicket: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Turn, Never>] = [:]
        /// What became of tickets between queueing and suspending.
        var early: [UInt64: Turn] = [:]
        var admitted = 0
        var rejected = 0
        var displaced = 0
        var expired = 0

        /// Gives a ticket its turn; the continuation to resume, if it suspends already.
        mutating func give(_ turn: Turn, to ticket: UInt64) -> CheckedContinuation<Turn, Never>? {
            if let waiter = self.waiters.removeValue(forKey: ticket) { return waiter }
            self.early[ticket] = turn
            return nil
        }

        /// Everyone whose turn it is now.
        mutating func admitWaiting() -> [CheckedContinuation<Turn, Never>] {
            let turns = self.queue.admit(limit: self.controller.limit)
            guard !turns.isEmpty else { return [] }
            self.admitted += turns.count
            self.controller.started(running: self.queue.running)
            return turns.compactMap { self.give(.admitted, to: $0.ticket) }
        }
    }

    public let name: String
    private let classifier: Classifier
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    ///   - classifier: a failure that it does not call `answered` says nothing about the load, except a timeout.
    public init(
        named name: String, _ configuration: Configuration = Configuration(), classifier: Classifier = .standard
    ) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "adaptive limit '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.classifier = classifier
        self.state = Mutex(
            State(
                configuration: configuration, controller: Controller(configuration),
                queue: Queue(queueLimit: configuration.queueLimit)))
    }

    /// Takes other settings. Who runs and who waits stays, and so does the limit, as far as its new bounds allow.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        let admitted = self.state.withLock { state in
            state.configuration = configuration
            state.controller.reconfigure(configuration)
            state.queue.queueLimit = configuration.queueLimit
            return state.admitWaiting()
        }
        for waiter in admitted { waiter.resume(returning: .admitted) }
    }

    /// - Throws: ``Refusal`` with `overloaded`.
    public func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        let priority = call.priority
        let (ticket, arrival, loser) = self.state.withLock { state in
            state.nextTicket += 1
            let ticket = state.nextTicket
            let arrival = state.queue.arrive(ticket, priority, limit: state.controller.limit, at: now)
            var loser: CheckedContinuation<Turn, Never>?
            switch arrival {
            case .run:
                state.admitted += 1
                state.controller.started(running: state.queue.running)
            case .wait(let displaced):
                guard let displaced else { break }
                state.displaced += 1
                loser = state.give(.displaced, to: displaced.ticket)
            case .refuse: state.rejected += 1
            }
            return (ticket, arrival, loser)
        }
        loser?.resume(returning: .displaced)
        switch arrival {
        case .run: return .admitted(Permit(id: ticket, entered: now))
        case .wait: return .queued(Permit(id: ticket, entered: now))
        case .refuse(let running, let queued):
            let limit = self.snapshot().limit
            throw Refusal(.overloaded, by: self.name, .overLimit(limit: limit, running: running, queued: queued))
        }
    }

    /// Returns when a place is ours; throws, without a place, when there will be none.
    /// - Throws: ``Refusal`` with `overloaded`, or `deadlineExceeded` when the task's deadline came while waiting;
    ///   `CancellationError` when cancelled while waiting.
    public func wait(_ permit: Permit, _ call: Call) async throws -> Permit {
        let limit = Deadline.within(self.configuration.maximumWait, of: permit.entered)
        let outcome = try await call.time.run(until: limit.tick) {
            let turn = await self.turn(of: permit.id)
            if turn == .cancelled { throw CancellationError() }
            return turn
        }
        switch outcome {
        case .finished(.displaced):
            let queued = self.state.withLock(\.queue.queued)
            throw Refusal(.overloaded, by: self.name, .displaced(priority: call.priority, queued: queued))
        case .finished: return Permit(id: permit.id, entered: call.now)
        case .expired: throw self.expire(waited: limit.tick - permit.entered)
        }
    }

    public func leave(_ permit: Permit, _ outcome: Outcome, of call: Call) {
        let (now, signal) = (call.now, self.signal(of: outcome))
        let admitted = self.state.withLock { state in
            state.queue.leave()
            state.controller.ended(from: permit.entered, at: now, signal)
            return state.admitWaiting()
        }
        for waiter in admitted { waiter.resume(returning: .admitted) }
    }

    private func signal(of outcome: Outcome) -> Controller.Signal {
        guard case .failure(let error) = outcome else { return .answered }
        if let refusal = error as? Refusal { return refusal.code == .deadlineExceeded ? .timedOut : .unrelated }
        switch self.classifier.verdict(on: error) {
        case .answered: return .answered
        case .transient, .permanent, .ignored: return .unrelated
        }
    }

    private func expire(waited: Duration) -> Refusal {
        let (limit, running, queued) = self.state.withLock { state in
            state.expired += 1
            return (state.controller.limit, state.queue.running, state.queue.queued)
        }
        let isOwnLimit = waited >= self.configuration.maximumWait
        return Refusal(
            isOwnLimit ? .overloaded : .deadlineExceeded, by: self.name,
            .overLimit(limit: limit, running: running, queued: queued))
    }

    /// Suspends until the place comes, is lost, or the task is cancelled.
    private func turn(of ticket: UInt64) async -> Turn {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Turn, Never>) in
                let early: Turn? = self.state.withLock { state in
                    if let turn = state.early.removeValue(forKey: ticket) { return turn }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Turn, Never>? = self.state.withLock { state in
                guard state.queue.abandon(ticket) else { return nil }
                return state.give(.cancelled, to: ticket)
            }
            waiter?.resume(returning: .cancelled)
        }
    }
}

extension AdaptiveLimit {
    public var configuration: Configuration { self.state.withLock(\.configuration) }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        return StrategyDescriptor(
            kind: "AdaptiveLimit", name: self.name,
            settings: [
                "initialLimit": "\(configuration.initialLimit)",
                "minimumLimit": "\(configuration.minimumLimit)",
                "maximumLimit": "\(configuration.maximumLimit)",
                "queueLimit": "\(configuration.queueLimit)",
                "maximumWait": configuration.maximumWait.brief,
                "tolerance": "\(configuration.tolerance)",
                "window": configuration.window.brief,
                "minimumSamples": "\(configuration.minimumSamples)",
                "probeInterval": configuration.probeInterval.brief,
            ])
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                limit: state.controller.limit, running: state.queue.running, queued: state.queue.queued,
                admitted: state.admitted, rejected: state.rejected, displaced: state.displaced, expired: state.expired,
                baseline: state.controller.baseline, sample: state.controller.sample)
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        return StrategySnapshot(
            kind: "AdaptiveLimit", name: self.name,
            figures: [
                "limit": snapshot.limit, "running": snapshot.running, "queued": snapshot.queued,
                "admitted": snapshot.admitted, "rejected": snapshot.rejected, "displaced": snapshot.displaced,
                "expired": snapshot.expired,
            ])
    }
}

extension AdaptiveLimit: PressureGauge {
    public func longestWait(at now: Tick) -> Duration { self.state.withLock { $0.queue.longestWait(at: now) } }
}
