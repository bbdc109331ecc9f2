public import Essentials
import Synchronization

/// Lets a bounded number of calls run at one time, and a bounded number wait, first come first served.
///
/// What is slow then fills its own compartment and not the ship. A free place goes to the one who has waited
/// longest; nobody overtakes. Waiting ends at the maximum wait or the task's ``Deadline``, whichever comes first.
public final class Bulkhead: Strategy {
    /// How many, and how long.
    public struct Configuration: Hashable, Sendable {
        /// Calls that may run at one time. At least 1. Default: 20.
        public var maximumConcurrency = 20
        /// Calls that may wait for a place. At least 0. Default: 10.
        public var queueLimit = 10
        /// How long a call may wait for a place. More than zero. Default: 30 seconds.
        public var maximumWait: Duration = .seconds(30)

        public init() {}

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.maximumConcurrency < 1 { problems.append("maximumConcurrency must be at least 1") }
            if self.queueLimit < 0 { problems.append("queueLimit must not be negative") }
            if self.maximumWait <= .zero { problems.append("maximumWait must be more than zero") }
            return problems
        }
    }

    /// Who runs and waits at one moment, and what happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var running: Int
        public var queued: Int
        /// Calls that got a place.
        public var admitted: Int
        /// Calls refused because the queue was full.
        public var rejected: Int
        /// Calls that waited as long as they could.
        public var expired: Int
    }

    private struct State {
        var machine: StateMachine
        var nextTicket: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        /// Tickets whose task was cancelled between queueing and suspending.
        var abandoned: Set<UInt64> = []
        /// Tickets that were given a place between queueing and suspending.
        var early: Set<UInt64> = []
        var admitted = 0
        var rejected = 0
        var expired = 0
    }

    public let name: String
    private let configuration: Configuration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "bulkhead '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        self.configuration = configuration
        let machine = StateMachine(
            maximumConcurrency: configuration.maximumConcurrency, queueLimit: configuration.queueLimit)
        self.state = Mutex(State(machine: machine))
    }

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - maximumConcurrency: calls that may run at one time. At least 1.
    ///   - queueLimit: calls that may wait for a place. At least 0.
    public convenience init(named name: String, maximumConcurrency: Int, queueLimit: Int) {
        var configuration = Configuration()
        configuration.maximumConcurrency = maximumConcurrency
        configuration.queueLimit = queueLimit
        self.init(named: name, configuration)
    }

    /// - Throws: ``Refusal`` with `bulkheadFull`, or `deadlineExceeded` when the task's deadline came while waiting;
    ///   `CancellationError` when cancelled while waiting; what `next` throws.
    public func execute<Value: Sendable>(
        _ call: Call, next: @Sendable (Call) async throws -> Value
    ) async throws -> Value {
        let (ticket, arrival) = self.state.withLock { state in
            state.nextTicket += 1
            let arrival = state.machine.arrive(state.nextTicket)
            switch arrival {
            case .run: state.admitted += 1
            case .wait: break
            case .refuse: state.rejected += 1
            }
            return (state.nextTicket, arrival)
        }
        switch arrival {
        case .run: break
        case .wait: try await self.wait(ticket, call)
        case .refuse(let running, let queued):
            throw Refusal(.bulkheadFull, by: self.name, .bulkheadFull(running: running, queued: queued))
        }
        defer { self.leave() }
        return try await next(call)
    }

    private func leave() {
        let waiter: CheckedContinuation<Void, any Error>? = self.state.withLock { state in
            switch state.machine.leave() {
            case .none: return nil
            case .handOver(let ticket):
                state.admitted += 1
                guard let waiter = state.waiters.removeValue(forKey: ticket) else {
                    state.early.insert(ticket)
                    return nil
                }
                return waiter
            }
        }
        waiter?.resume()
    }

    /// Returns when a place is ours; throws, without a place, when there will be none.
    private func wait(_ ticket: UInt64, _ call: Call) async throws {
        let start = call.now
        let limit = Deadline.within(self.configuration.maximumWait, of: start)
        let outcome = try await race(until: limit.tick, of: call.time) { try await self.queue(ticket) }
        switch outcome {
        case .finished: return
        case .expired: throw self.expire(waited: limit.tick - start)
        }
    }

    private func expire(waited: Duration) -> Refusal {
        let running = self.state.withLock { state in
            state.expired += 1
            return state.machine.running
        }
        let isOwnLimit = waited >= self.configuration.maximumWait
        return Refusal(
            isOwnLimit ? .bulkheadFull : .deadlineExceeded, by: self.name,
            .queuedTooLong(waited: waited, running: running))
    }

    /// Suspends until the place comes or the task is cancelled.
    private func queue(_ ticket: UInt64) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = self.state.withLock { state in
                    if state.early.remove(ticket) != nil { return .success(()) }
                    if state.abandoned.remove(ticket) != nil { return .failure(CancellationError()) }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Void, any Error>? = self.state.withLock { state in
                guard state.machine.abandon(ticket) else { return nil }
                guard let waiter = state.waiters.removeValue(forKey: ticket) else {
                    state.abandoned.insert(ticket)
                    return nil
                }
                return waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}

extension Bulkhead {
    public var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            kind: "Bulkhead", name: self.name,
            settings: [
                "maximumConcurrency": "\(self.configuration.maximumConcurrency)",
                "queueLimit": "\(self.configuration.queueLimit)",
                "maximumWait": self.configuration.maximumWait.brief,
            ])
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                running: state.machine.running, queued: state.machine.queue.count, admitted: state.admitted,
                rejected: state.rejected, expired: state.expired)
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        return StrategySnapshot(
            kind: "Bulkhead", name: self.name,
            figures: [
                "running": snapshot.running, "queued": snapshot.queued, "admitted": snapshot.admitted,
                "rejected": snapshot.rejected, "expired": snapshot.expired,
            ])
    }
}
