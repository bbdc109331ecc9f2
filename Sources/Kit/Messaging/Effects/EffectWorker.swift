public import Essentials
public import EventSourcing

/// What an effect worker has to tell whoever logs and counts.
public enum EffectReport: Sendable {
    /// It happened.
    case done(Effect)
    /// It failed, and is due again or dead as its state says.
    case failed(Effect)
    /// The store cannot be reached; the worker comes back after the pause.
    case stalled(queue: String, error: any Error, retryIn: Duration)
}

/// Does the effects of one queue: claims each, calls the sender, and records the answer in a transaction of its own.
///
/// A crash between sending and recording leaves a claim without an answer. Configured to repeat, the worker sends again
/// with the same id, so a receiver that remembers ids sees one effect; configured not to, it becomes a dead letter that
/// says so.
public struct EffectWorker<Unit>: Sendable {
    public struct Configuration: Sendable {
        /// How many effects are under way at once, at least 1. Default: 8.
        public var concurrency = 8
        /// How long one try may take before it is cancelled. Default: 30 seconds.
        public var timeout = Duration.seconds(30)
        /// How long a claim counts; longer than `timeout`. Default: 60 seconds.
        public var lease = Duration.seconds(60)
        /// How often an effect is tried before it is a dead letter. Default: 8 times, 1 s to 5 min apart.
        public var retry = RetryPolicy(maximumAttempts: 8, firstDelay: .seconds(1), maximumDelay: .seconds(300))
        /// How often the queue is looked at when nothing wakes the worker. Default: 500 milliseconds.
        public var pollInterval = Duration.milliseconds(500)
        /// How long a claim or an answer may wait for other transactions to share a flush with, 0 or more. Default: 10
        /// milliseconds.
        public var patience = Duration.milliseconds(10)
        /// Whether an effect whose answer was lost is done again. Default: true.
        public var repeatsUnanswered = true

        public init() {}
    }

    private let queue: String
    private let name: String?
    private let transactor: Transactor<Unit>
    private let effects: @Sendable (Unit) -> any EffectUnit
    private let configuration: Configuration
    private let classify: @Sendable (any Error) -> FailureKind
    private let observe: @Sendable (EffectReport) -> Void
    private let wallClock: WallClock
    private let time: TimeSource
    private let send: @Sendable (Effect) async throws -> String
    private let record: @Sendable (Effect, String, Unit) throws -> Void

    /// - Parameters:
    ///   - name: under which claims are made. A worker takes over at once what one of its name held when it died, so no
    ///     two that run at the same time may share it. Default: none; what a worker held waits for its lease to end.
    ///   - effects: the effects inside a unit; `{ $0 }` where the unit is an effect unit.
    ///   - classify: what an error of the sender means; `outage` and `transient` are the same here.
    ///   - send: makes the effect happen and returns what is worth keeping, such as the receiver's reference.
    ///   - record: runs in the transaction that records the answer: append an event here.
    public init(
        _ queue: String, named name: String? = nil, transactor: Transactor<Unit>,
        effects: @escaping @Sendable (Unit) -> any EffectUnit,
        configuration: Configuration = Configuration(),
        classify: @escaping @Sendable (any Error) -> FailureKind = { _ in .transient },
        observe: @escaping @Sendable (EffectReport) -> Void = { _ in }, wallClock: WallClock = .system,
        time: TimeSource = .system, send: @escaping @Sendable (Effect) async throws -> String,
        record: @escaping @Sendable (Effect, String, Unit) throws -> Void = { _, _, _ in },
    ) {
        precondition(configuration.lease > configuration.timeout, "a claim must outlast the try that it covers")
        self.queue = queue
        self.name = name
        self.transactor = transactor
        self.effects = effects
        self.configuration = configuration
        self.classify = classify
        self.observe = observe
        self.wallClock = wallClock
        self.time = time
        self.send = send
        self.record = record
    }

    /// Works until the task is cancelled.
    public func run() async throws {
        var failures = 0
        // Nothing of this worker is under way at the start, nor after an error: what it holds then has lost its answer.
        var holdsNothing = false
        while !Task.isCancelled {
            do {
                if !holdsNothing { try await self.takeOver() }
                holdsNothing = true
                let head = self.transactor.commits.head
                if try await self.drain() == 0 { try await self.waitForWork(behind: head) }
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                holdsNothing = false
                let pause = RetryPolicy(maximumAttempts: .max, maximumDelay: .seconds(10))
                    .delay(afterFailures: failures)
                self.observe(.stalled(queue: self.queue, error: error, retryIn: pause))
                do { try await self.time.sleep(for: pause) } catch { return }
            }
        }
    }

    /// Does everything that is due now, then returns.
    /// - Returns: how many effects were tried.
    @discardableResult
    public func drain() async throws -> Int {
        var total = 0
        while case let claimed = try await self.claim(), !claimed.isEmpty {
            try await withThrowingTaskGroup { group in
                for effect in claimed { group.addTask { try await self.perform(effect) } }
                try await group.waitForAll()
            }
            total += claimed.count
            try Task.checkCancellation()
        }
        return total
    }

    /// Ends the leases of claims that a worker of the same name has left behind.
    private func takeOver() async throws {
        guard let name = self.name else { return }
        let now = self.wallClock.now
        let isHeld = try await self.transactor.read {
            try !self.effects($0).claimedEffects(self.queue, by: name, limit: 1).isEmpty
        }
        guard isHeld else { return }
        try await self.transactor.write { unit in
            let effects = self.effects(unit)
            for var effect in try effects.claimedEffects(self.queue, by: name, limit: .max) {
                effect.state = .claimed(until: now)
                try effects.putEffect(effect)
            }
        }
    }

    private func waitForWork(behind head: Position) async throws {
        let next = try await self.transactor.read { try self.effects($0).nextEffect(self.queue) }
        let pause = next.map { max(.zero, $0 - self.wallClock.now) } ?? self.configuration.pollInterval
        await self.transactor.commits.wait(
            after: head, atMost: min(pause, self.configuration.pollInterval), time: self.time)
    }

    /// Takes effects that are due. The attempt's number tells this claim from later ones.
    private func claim() async throws -> [Effect] {
        let now = self.wallClock.now
        let isDue = try await self.transactor.read { try self.effects($0).nextEffect(self.queue).map { $0 <= now } }
        guard isDue == true else { return [] }
        let (claimed, lost) = try await self.transactor.write(patience: self.configuration.patience) { unit in
            let effects = self.effects(unit)
            var claimed: [Effect] = []
            var lost: [Effect] = []
            for var effect in try effects.dueEffects(self.queue, at: now, limit: self.configuration.concurrency) {
                if case .claimed = effect.state, !self.configuration.repeatsUnanswered {
                    effect.state = .dead
                    effect.error = "the answer was lost: nobody knows whether it happened"
                    lost.append(effect)
                } else {
                    effect.state = .claimed(until: now + self.configuration.lease, by: self.name)
                    effect.attempts += 1
                    claimed.append(effect)
                }
                try effects.putEffect(effect)
            }
            return (claimed, lost)
        }
        for effect in lost { self.observe(.failed(effect)) }
        if claimed.isEmpty, !lost.isEmpty { return try await self.claim() }
        return claimed
    }

    private enum Answer {
        case done(String)
        case failed(any Error)
    }

    private func perform(_ effect: Effect) async throws {
        #if PlantedFaults
            if PlantedFault.effectDoneBeforeSent.isPlanted {
                let done = self.outcome(of: effect, .done("planted"))
                try await self.transactor.write { unit in
                    try self.effects(unit).putEffect(done)
                    try self.record(done, "planted", unit)
                }
                _ = try await self.sendInTime(effect)
                return
            }
        #endif
        let answer: Answer
        do {
            answer = .done(try await self.sendInTime(effect))
        } catch {
            // Cancelled from outside: the claim runs out by itself, and whether it happened is not known.
            if Task.isCancelled { throw CancellationError() }
            answer = .failed(error)
        }
        let outcome = self.outcome(of: effect, answer)
        let isKept = try await self.transactor.write(patience: self.configuration.patience) { unit in
            let effects = self.effects(unit)
            guard let stored = try effects.effect(self.queue, id: effect.id), stored.state == effect.state,
                stored.attempts == effect.attempts
            else { return false }
            try effects.putEffect(outcome)
            if case .done(let result) = answer { try self.record(outcome, result, unit) }
            return true
        }
        guard isKept else { return }
        switch answer {
        case .done: self.observe(.done(outcome))
        case .failed: self.observe(.failed(outcome))
        }
    }

    private func outcome(of effect: Effect, _ answer: Answer) -> Effect {
        let now = self.wallClock.now
        var effect = effect
        switch answer {
        case .done(let result):
            effect.state = .done(at: now, result: result)
            effect.error = nil
        case .failed(let error):
            effect.error = String("\(error)".prefix(1_000))
            let next = self.configuration.retry.nextAttempt(
                afterFailures: effect.attempts, kind: self.classify(error), now: now)
            effect.state = next.map { .due(at: $0) } ?? .dead
        }
        return effect
    }

    private func sendInTime(_ effect: Effect) async throws -> String {
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.send(effect) }
            group.addTask {
                try await self.time.sleep(for: self.configuration.timeout)
                throw EffectTimeout(after: self.configuration.timeout)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}

/// A sender took longer than it may.
public struct EffectTimeout: Error, Hashable, Sendable, CustomStringConvertible {
    public var after: Duration

    public var description: String { "no answer within \(self.after)" }
}
