package import Essentials

extension CircuitBreaker {
    /// Counts failures and decides who may call. A value: time comes in, decisions come out.
    package struct StateMachine: Sendable {
        private enum State: Hashable {
            /// Calls go through and are counted. Can become open, when a rule of the configuration says so.
            case closed
            /// Nothing goes through until `until`. Can become half-open, when a call comes after that.
            case open(until: Tick, cause: Cause)
            /// A few probes go through. Can become closed, after enough successes, or open, after any failure.
            case halfOpen(running: Int, successes: Int)
            /// Nothing goes through. An operator put it here and takes it out.
            case isolated
            /// Everything goes through and is counted. An operator put it here and takes it out.
            case metricsOnly
        }

        /// What opened the breaker.
        package enum Cause: Hashable, Sendable {
            case failures(Int, within: Duration)
            case failureRate(percent: Int, calls: Int)
            case slowCallRate(percent: Int, calls: Int)
            case probeFailed
            case operated
        }

        package enum Admission: Hashable, Sendable {
            case proceed(Permit)
            /// It may proceed, and the state has changed for it: to half-open.
            case probe(Permit)
            case rejectOpen(Cause, retryAfter: Duration)
            case rejectProbing(running: Int, limit: Int)
            case rejectIsolated
        }

        /// A call that was let through. Its outcome counts only in the generation that admitted it.
        package struct Permit: Hashable, Sendable {
            package let generation: UInt64

            package init(generation: UInt64) {
                self.generation = generation
            }
        }

        /// From one state to another.
        package struct Change: Hashable, Sendable {
            package var from: Phase
            package var to: Phase
        }

        package enum Outcome: Hashable, Sendable, CaseIterable {
            case success, failure
            /// The call says nothing about the callee (cancelled): its permit goes back.
            case nothing
        }

        private var configuration: Configuration
        private var state = State.closed
        /// The ticks of the latest failures, oldest first, when the window is a time.
        private var failures: [Tick] = []
        /// All calls of the window, when the rules need more than the failures.
        private var window: OutcomeWindow?
        /// Whether there is a window. Kept apart, because asking that of the window copies it.
        private var countsSuccesses: Bool
        /// Counts the transitions, so that an answer from before one is recognised as late.
        private var generation: UInt64 = 0
        /// The latest tick seen: callers read the clock before they come here, so ticks may arrive out of order.
        private var latest = Tick.distantPast

        package init(_ configuration: Configuration) {
            self.configuration = configuration
            self.countsSuccesses = configuration.countsAllCalls
            self.window = configuration.countsAllCalls ? OutcomeWindow(configuration.extent) : nil
        }

        package mutating func admit(at now: Tick) -> Admission {
            self.latest = max(self.latest, now)
            switch self.state {
            case .closed, .metricsOnly:
                return .proceed(Permit(generation: self.generation))
            case .open(let until, let cause):
                guard self.latest >= until else {
                    return .rejectOpen(cause, retryAfter: until - self.latest)
                }
                self.move(to: .halfOpen(running: 1, successes: 0))
                return .probe(Permit(generation: self.generation))
            case .halfOpen(let running, let successes):
                let limit = self.configuration.probeLimit
                guard running < limit else { return .rejectProbing(running: running, limit: limit) }
                self.state = .halfOpen(running: running + 1, successes: successes)
                return .proceed(Permit(generation: self.generation))
            case .isolated:
                return .rejectIsolated
            }
        }

        /// A call that was let through has ended.
        /// - Returns: the change of state that follows, if one does.
        @discardableResult
        package mutating func record(
            _ outcome: Outcome, slow: Bool = false, of permit: Permit, at now: Tick
        ) -> Change? {
            self.latest = max(self.latest, now)
            guard permit.generation == self.generation else { return nil }
            // The usual end: nothing to count, nothing to decide.
            if outcome == .success, !self.countsSuccesses, case .closed = self.state { return nil }
            let before = self.phase
            self.apply(outcome, slow)
            return permit.generation == self.generation ? nil : Change(from: before, to: self.phase)
        }

        private mutating func apply(_ outcome: Outcome, _ slow: Bool) {
            switch (self.state, outcome) {
            case (.closed, .nothing), (.metricsOnly, .nothing):
                break
            case (.closed, .success), (.closed, .failure):
                self.count(outcome, slow)
                if let cause = self.cause(of: outcome) { self.open(because: cause) }
            case (.metricsOnly, .success), (.metricsOnly, .failure):
                self.count(outcome, slow)
            case (.halfOpen, .failure):
                self.open(because: .probeFailed)
            case (.halfOpen, .success) where slow:
                self.open(because: .probeFailed)
            case (.halfOpen(let running, let successes), .success):
                if successes + 1 >= self.configuration.successThreshold {
                    self.move(to: .closed)
                } else {
                    self.state = .halfOpen(running: running - 1, successes: successes + 1)
                }
            case (.halfOpen(let running, let successes), .nothing):
                self.state = .halfOpen(running: running - 1, successes: successes)
            case (.open, _), (.isolated, _):
                preconditionFailure("a shut breaker gives no permits, so none of this generation can end")
            }
        }

        private mutating func count(_ outcome: Outcome, _ slow: Bool) {
            self.window?.record(failed: outcome == .failure, slow: slow, at: self.latest)
            guard outcome == .failure, self.configuration.countWindow == nil else { return }
            let windowStart = self.latest.advanced(by: .zero - self.configuration.monitoringPeriod)
            self.failures.removeAll { $0 <= windowStart }
            self.failures.append(self.latest)
            // Beyond the threshold the number of failures decides nothing.
            let limit = self.configuration.failureThreshold ?? 1
            if self.failures.count > limit { self.failures.removeFirst(self.failures.count - limit) }
        }

        /// The rule that opens the breaker after `outcome`, if any does.
        private mutating func cause(of outcome: Outcome) -> Cause? {
            if let threshold = self.configuration.failureThreshold, outcome == .failure {
                let failures = self.recentFailures(at: self.latest)
                if failures >= threshold {
                    return .failures(failures, within: self.configuration.monitoringPeriod)
                }
            }
            guard let counts = self.window?.counts(at: self.latest) else { return nil }
            if let rule = self.configuration.failureRate, outcome == .failure, counts.calls >= rule.minimumVolume,
                counts.failureRate >= rule.threshold
            {
                return .failureRate(percent: Int((counts.failureRate * 100).rounded()), calls: counts.calls)
            }
            if let rule = self.configuration.slowCalls?.rate, counts.slow > 0, counts.calls >= rule.minimumVolume,
                counts.slowRate >= rule.threshold
            {
                return .slowCallRate(percent: Int((counts.slowRate * 100).rounded()), calls: counts.calls)
            }
            return nil
        }

        private func recentFailures(at now: Tick) -> Int {
            guard self.configuration.countWindow == nil else {
                var window = self.window
                return window?.counts(at: now).failures ?? 0
            }
            let windowStart = max(now, self.latest).advanced(by: .zero - self.configuration.monitoringPeriod)
            return self.failures.count { $0 > windowStart }
        }

        private mutating func open(because cause: Cause) {
            self.move(to: .open(until: self.latest + self.configuration.recoveryTime, cause: cause))
        }

        private mutating func move(to state: State) {
            self.state = state
            self.generation += 1
            self.failures.removeAll(keepingCapacity: true)
            self.window?.clear()
        }

        /// The state at `now`; a breaker whose recovery time is over stays open until a call comes.
        package func status(at now: Tick) -> Status {
            switch self.state {
            case .closed: .closed(recentFailures: self.recentFailures(at: now))
            case .open(let until, _): .open(remaining: max(.zero, until - max(now, self.latest)))
            case .halfOpen(let running, let successes): .halfOpen(running: running, successes: successes)
            case .isolated: .isolated
            case .metricsOnly: .metricsOnly(recentFailures: self.recentFailures(at: now))
            }
        }

        /// How often the state has changed.
        package var transitions: UInt64 { self.generation }

        package var phase: Phase {
            switch self.state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            case .isolated: .isolated
            case .metricsOnly: .metricsOnly
            }
        }
    }

    /// A state by its name, without what belongs to it.
    package enum Phase: String, Hashable, Sendable {
        case closed = "CLOSED"
        case open = "OPEN"
        case halfOpen = "HALF_OPEN"
        case isolated = "ISOLATED"
        case metricsOnly = "METRICS_ONLY"
    }
}

extension CircuitBreaker.StateMachine {
    /// What can be answered without the machine, because it would not change by it, until its next change.
    package enum Shortcut: Hashable, Sendable {
        /// Every call may proceed, and successes are not counted.
        case passes(generation: UInt64)
        case rejects(until: Tick, CircuitBreaker.StateMachine.Cause)
        case none

        /// Nil when the machine is to be asked.
        package func admission(at now: Tick) -> Admission? {
            switch self {
            case .passes(let generation): .proceed(Permit(generation: generation))
            case .rejects(let until, let cause): now < until ? .rejectOpen(cause, retryAfter: until - now) : nil
            case .none: nil
            }
        }
    }

    package var shortcut: Shortcut {
        switch self.state {
        case .closed: self.countsSuccesses ? .none : .passes(generation: self.generation)
        case .open(let until, let cause): .rejects(until: until, cause)
        case .halfOpen, .isolated, .metricsOnly: .none
        }
    }
}

// What an operator may do.
extension CircuitBreaker.StateMachine {
    package mutating func isolate() {
        self.move(to: .isolated)
    }

    package mutating func observeOnly() {
        self.move(to: .metricsOnly)
    }

    /// Open until then, whatever it was; after that it probes as ever.
    package mutating func open(until tick: Tick, at now: Tick) {
        self.latest = max(self.latest, now)
        self.move(to: .open(until: tick, cause: .operated))
    }

    /// Closed, with nothing remembered.
    package mutating func reset() {
        self.move(to: .closed)
    }

    /// Takes other settings and stays in its state. What the window holds is kept when it still fits.
    package mutating func reconfigure(_ configuration: CircuitBreaker.Configuration) {
        let keepsWindow = configuration.countsAllCalls && self.window?.extent == configuration.extent
        if !keepsWindow { self.window = configuration.countsAllCalls ? OutcomeWindow(configuration.extent) : nil }
        self.countsSuccesses = configuration.countsAllCalls
        self.configuration = configuration
    }
}
