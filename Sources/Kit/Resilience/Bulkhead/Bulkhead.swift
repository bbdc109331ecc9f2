public import Essentials
import Synchronization

/// Lets a bounded number of calls run at one time, and a bounded number wait.
///
/// What is slow then fills its own compartment and not the ship. A free place goes to the most needed
/// (``CallPriority``), among equals to the one who has waited longest; every eighth goes to the one who has waited
/// longest of all. Waiting ends at the maximum wait or the task's ``Deadline``, whichever comes first.
public final class Bulkhead: Gate {
    /// How many, and how long.
    public struct Configuration: Hashable, Sendable {
        /// Calls that may run at one time. At least 1. Default: 20.
        public var maximumConcurrency = 20
        /// Calls that may wait for a place. At least 0. Default: 10.
        public var queueLimit = 10
        /// How long a call may wait for a place. More than zero. Default: 30 seconds.
        public var maximumWait: Duration = .seconds(30)
        /// The share of places in use at which someone should look. More than 0, at most 1. Default: 0.8.
        public var alertAt = 0.8

        public init() {}

        /// - Parameters:
        ///   - maximumConcurrency: calls that may run at one time. At least 1.
        ///   - queueLimit: calls that may wait for a place. At least 0.
        public init(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        /// Every setting that is out of range, as a sentence.
        public func problems() -> [String] {
            var problems: [String] = []
            if self.maximumConcurrency < 1 { problems.append("maximumConcurrency must be at least 1") }
            if self.queueLimit < 0 { problems.append("queueLimit must not be negative") }
            if self.maximumWait <= .zero { problems.append("maximumWait must be more than zero") }
            if !(self.alertAt > 0 && self.alertAt <= 1) { problems.append("alertAt must be more than 0 and at most 1") }
            return problems
        }

        /// Places in use at which it counts as saturated: 16 of 20.
        var alertCount: Int { max(1, Int((Double(self.maximumConcurrency) * self.alertAt).rounded(.up))) }
    }

    /// Who runs and waits at one moment, and what happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var running: Int
        public var queued: Int
        /// Whether so many places are in use that someone should look.
        public var isSaturated: Bool
        /// Calls that got a place.
        public var admitted: Int
        /// Calls refused because the queue was full, or something more needed came.
        public var rejected: Int
        /// Calls that waited as long as they could.
        public var expired: Int
    }

    private struct State {
        var machine: StateMachine
        var configuration: Configuration
        var alertCount: Int
        var isSaturated = false
        var nextTicket: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
        var admitted = 0
        var rejected = 0
        var expired = 0

        /// Whether the alert has just come or gone.
        mutating func saturationChanged() -> Bool {
            guard (self.machine.running >= self.alertCount) != self.isSaturated else { return false }
            self.isSaturated.toggle()
            return true
        }
    }

    public let name: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - configuration: must have no problems.
    public init(named name: String, _ configuration: Configuration) {
        let problems = configuration.problems()
        precondition(problems.isEmpty, "bulkhead '\(name)': \(problems.joined(separator: "; "))")
        self.name = name
        let machine = StateMachine(
            maximumConcurrency: configuration.maximumConcurrency, queueLimit: configuration.queueLimit)
        self.state = Mutex(
            State(machine: machine, configuration: configuration, alertCount: configuration.alertCount))
    }

    /// - Parameters:
    ///   - name: what it protects; refusals and telemetry carry it.
    ///   - maximumConcurrency: calls that may run at one time. At least 1.
    ///   - queueLimit: calls that may wait for a place. At least 0.
    public convenience init(named name: String, maximumConcurrency: Int, queueLimit: Int) {
        self.init(
            named: name, Configuration(maximumConcurrency: maximumConcurrency, queueLimit: queueLimit))
    }

    /// - Throws: ``Refusal`` with `bulkheadFull`.
    public func enter(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        let (isRunning, changed) = self.state.withLock { state -> (Bool, Bool) in
            guard state.machine.runAtOnce() else { return (false, false) }
            state.admitted += 1
            return (true, state.saturationChanged())
        }
        if changed { self.reportSaturation(call) }
        return isRunning ? .admitted(Permit()) : try self.enqueue(call, at: now)
    }

    private func enqueue(_ call: Call, at now: Tick) throws(Refusal) -> Entry {
        let priority = call.priority
        let (ticket, arrival, displaced) = self.state.withLock { state in
            state.nextTicket += 1
            let ticket = state.nextTicket
            let arrival = state.machine.arrive(ticket, priority, at: now)
            var displaced: Waiter?
            switch arrival {
            case .run:
                state.admitted += 1
            case .wait:
                state.waiters[ticket] = Waiter(ticket: ticket, priority: priority, of: self)
            case .waitDisplacing(let other):
                state.waiters[ticket] = Waiter(ticket: ticket, priority: priority, of: self)
                displaced = state.waiters[other]
                state.rejected += 1
            case .refuse:
                state.rejected += 1
            }
            return (ticket, arrival, displaced)
        }
        switch arrival {
        case .run: return .admitted(Permit(id: ticket, entered: now))
        case .wait: return .queued(Permit(id: ticket, entered: now))
        case .waitDisplacing:
            if let displaced { displaced.resolve(.failure(self.displacement(of: displaced))) }
            return .queued(Permit(id: ticket, entered: now))
        case .refuse(let running, let queued):
            throw Refusal(.bulkheadFull, by: self.name, .bulkheadFull(running: running, queued: queued))
        }
    }

    private func displacement(of waiter: Waiter) -> Refusal {
        let queued = self.state.withLock(\.machine.queued)
        return Refusal(.bulkheadFull, by: self.name, .displaced(priority: waiter.priority, queued: queued))
    }

    /// Returns when a place is ours; throws, without a place, when there will be none.
    /// - Throws: ``Refusal`` with `bulkheadFull`, or `deadlineExceeded` when the task's deadline came while waiting;
    ///   `CancellationError` when cancelled while waiting.
    public func wait(_ permit: Permit, _ call: Call) async throws -> Permit {
        let (waiter, maximumWait) = self.state.withLock { state in
            (state.waiters[permit.id], state.configuration.maximumWait)
        }
        guard let waiter else { preconditionFailure("'\(self.name)' was asked to wait for a call that is not queued") }
        let limit = Deadline.within(maximumWait, of: permit.entered)
        let alarm = call.time.set(waiter, at: limit.tick)
        defer {
            call.time.clear(alarm)
            self.state.withLock { _ = $0.waiters.removeValue(forKey: permit.id) }
        }
        do {
            try await waiter.value()
        } catch is WaitedTooLong {
            throw self.expiry(waited: limit.tick - permit.entered, of: maximumWait)
        }
        return permit
    }

    private func expiry(waited: Duration, of maximumWait: Duration) -> Refusal {
        Refusal(
            waited >= maximumWait ? .bulkheadFull : .deadlineExceeded, by: self.name,
            .queuedTooLong(waited: waited, running: self.state.withLock(\.machine.running)))
    }

    public func leave(_ permit: Permit, _ outcome: Outcome, of call: Call) {
        let (waiter, changed) = self.state.withLock { state -> (Waiter?, Bool) in
            switch state.machine.leave() {
            case .none: return (nil, state.saturationChanged())
            case .handOver(let ticket):
                state.admitted += 1
                return (state.waiters[ticket], state.saturationChanged())
            }
        }
        waiter?.resolve(.success(()))
        if changed { self.reportSaturation(call) }
    }

    private func reportSaturation(_ call: Call) {
        let event = self.state.withLock { state in
            PipelineEvent.saturation(
                strategy: self.name, isSaturated: state.isSaturated, running: state.machine.running,
                limit: state.machine.maximumConcurrency)
        }
        call.report(event)
    }

    /// The waiter gives up, unless the place is theirs already.
    fileprivate func abandon(_ waiter: Waiter, because error: any Error) {
        let gaveUp = self.state.withLock { state in
            guard state.machine.abandon(waiter.ticket) else { return false }
            if error is WaitedTooLong { state.expired += 1 }
            return true
        }
        if gaveUp { waiter.resolve(.failure(error)) }
    }

    /// Takes other limits. Who runs and who waits stays; free places are given to those who wait.
    /// - Throws: ``InvalidConfiguration``, and then nothing has changed.
    public func reconfigure(_ configuration: Configuration) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(self.name, configuration.problems())
        let woken = self.state.withLock { state -> [Waiter] in
            state.configuration = configuration
            state.alertCount = configuration.alertCount
            state.machine.reconfigure(
                maximumConcurrency: configuration.maximumConcurrency, queueLimit: configuration.queueLimit)
            var woken: [Waiter] = []
            while case .handOver(let ticket) = state.machine.fill() {
                state.admitted += 1
                if let waiter = state.waiters[ticket] { woken.append(waiter) }
            }
            return woken
        }
        for waiter in woken { waiter.resolve(.success(())) }
    }
}

private struct WaitedTooLong: Error {}

/// A call in the queue. Whoever takes it out of the queue resolves it, once.
private final class Waiter: Alarm {
    private enum State {
        case created
        case suspended(CheckedContinuation<Void, any Error>)
        case resolved(Result<Void, any Error>)
    }

    let ticket: UInt64
    let priority: CallPriority
    private let bulkhead: Bulkhead
    private let state = Mutex(State.created)

    init(ticket: UInt64, priority: CallPriority, of bulkhead: Bulkhead) {
        self.ticket = ticket
        self.priority = priority
        self.bulkhead = bulkhead
    }

    func ring() { self.bulkhead.abandon(self, because: WaitedTooLong()) }

    func resolve(_ result: Result<Void, any Error>) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Void, any Error>? in
            defer { state = .resolved(result) }
            guard case .suspended(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }

    /// Suspends until it is resolved.
    func value() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = self.state.withLock { state -> Result<Void, any Error>? in
                    if case .resolved(let result) = state { return result }
                    state = .suspended(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            self.bulkhead.abandon(self, because: CancellationError())
        }
    }
}

extension Bulkhead {
    public var configuration: Configuration { self.state.withLock(\.configuration) }

    public var descriptor: StrategyDescriptor {
        let configuration = self.configuration
        return StrategyDescriptor(
            kind: "Bulkhead", name: self.name,
            settings: [
                "maximumConcurrency": "\(configuration.maximumConcurrency)",
                "queueLimit": "\(configuration.queueLimit)",
                "maximumWait": configuration.maximumWait.brief,
                "alertAt": "\(Int((configuration.alertAt * 100).rounded())) %",
            ])
    }

    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                running: state.machine.running, queued: state.machine.queued, isSaturated: state.isSaturated,
                admitted: state.admitted, rejected: state.rejected, expired: state.expired)
        }
    }

    public func snapshot(at now: Tick) -> StrategySnapshot {
        let snapshot = self.snapshot()
        return StrategySnapshot(
            kind: "Bulkhead", name: self.name,
            state: snapshot.isSaturated ? "SATURATED" : "NORMAL",
            figures: [
                "running": snapshot.running, "queued": snapshot.queued, "admitted": snapshot.admitted,
                "rejected": snapshot.rejected, "expired": snapshot.expired,
            ])
    }
}

extension Bulkhead: PressureGauge {
    public func longestWait(at now: Tick) -> Duration { self.state.withLock { $0.machine.longestWait(at: now) } }
}
