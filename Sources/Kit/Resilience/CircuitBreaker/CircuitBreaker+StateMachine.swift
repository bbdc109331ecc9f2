package import Essentials

extension CircuitBreaker {
    /// Counts failures and decides who may call. A value: time comes in, decisions come out.
    package struct StateMachine: Sendable {
        private enum State: Hashable {
            /// Calls go through; `failures` are the ticks of the latest failures within the window, oldest first.
            /// Can become open, when the failures reach the threshold.
            case closed(failures: [Tick])
            /// Nothing goes through until `until`. Can become half-open, when a call comes after that.
            case open(until: Tick, cause: Cause)
            /// A few probes go through. Can become closed, after enough successes, or open, after any failure.
            case halfOpen(running: Int, successes: Int)
        }

        /// What opened the breaker.
        package enum Cause: Hashable, Sendable {
            case failures(Int)
            case probeFailed
        }

        package enum Admission: Hashable, Sendable {
            case proceed(Permit)
            case rejectOpen(Cause, retryAfter: Duration)
            case rejectProbing(running: Int)
        }

        /// A call that was let through. Its outcome counts only in the generation that admitted it.
        package struct Permit: Hashable, Sendable {
            fileprivate let generation: UInt64
        }

        package enum Outcome: Hashable, Sendable, CaseIterable {
            case success, failure
            /// The call says nothing about the callee (cancelled): its permit goes back.
            case nothing
        }

        private let configuration: Configuration
        private var state = State.closed(failures: [])
        /// Counts the transitions, so that an answer from before one is recognised as late.
        private var generation: UInt64 = 0
        /// The latest tick seen: callers read the clock before they come here, so ticks may arrive out of order.
        private var latest = Tick.distantPast

        package init(_ configuration: Configuration) {
            self.configuration = configuration
        }

        package mutating func admit(at now: Tick) -> Admission {
            self.latest = max(self.latest, now)
            switch self.state {
            case .closed:
                return .proceed(Permit(generation: self.generation))
            case .open(let until, let cause):
                guard self.latest >= until else {
                    return .rejectOpen(cause, retryAfter: until - self.latest)
                }
                self.move(to: .halfOpen(running: 1, successes: 0))
                return .proceed(Permit(generation: self.generation))
            case .halfOpen(let running, let successes):
                guard running < self.configuration.probeLimit else { return .rejectProbing(running: running) }
                self.state = .halfOpen(running: running + 1, successes: successes)
                return .proceed(Permit(generation: self.generation))
            }
        }

        /// A call that was let through has ended.
        package mutating func record(_ outcome: Outcome, of permit: Permit, at now: Tick) {
            self.latest = max(self.latest, now)
            guard permit.generation == self.generation else { return }
            switch (self.state, outcome) {
            case (.closed(let failures), .failure):
                self.countFailure(after: failures)
            case (.closed, .success), (.closed, .nothing):
                break
            case (.halfOpen, .failure):
                self.open(because: .probeFailed)
            case (.halfOpen(let running, let successes), .success):
                if successes + 1 >= self.configuration.successThreshold {
                    self.move(to: .closed(failures: []))
                } else {
                    self.state = .halfOpen(running: running - 1, successes: successes + 1)
                }
            case (.halfOpen(let running, let successes), .nothing):
                self.state = .halfOpen(running: running - 1, successes: successes)
            case (.open, _):
                preconditionFailure("an open breaker gives no permits, so none of this generation can end")
            }
        }

        private mutating func countFailure(after failures: [Tick]) {
            let now = self.latest
            // Taken out of the state first, so that the array is changed in place.
            self.state = .closed(failures: [])
            var failures = failures
            let windowStart = now - self.configuration.monitoringPeriod
            failures.removeAll { $0 <= windowStart }
            failures.append(now)
            if failures.count >= self.configuration.failureThreshold {
                self.open(because: .failures(failures.count))
            } else {
                self.state = .closed(failures: failures)
            }
        }

        private mutating func open(because cause: Cause) {
            self.move(to: .open(until: self.latest + self.configuration.recoveryTime, cause: cause))
        }

        private mutating func move(to state: State) {
            self.state = state
            self.generation += 1
        }

        /// The state at `now`; a breaker whose recovery time is over stays open until a call comes.
        package func status(at now: Tick) -> Status {
            switch self.state {
            case .closed(let failures):
                let windowStart = max(now, self.latest) - self.configuration.monitoringPeriod
                return .closed(recentFailures: failures.count { $0 > windowStart })
            case .open(let until, _):
                return .open(remaining: max(.zero, until - max(now, self.latest)))
            case .halfOpen(let running, let successes):
                return .halfOpen(running: running, successes: successes)
            }
        }

        /// How often the state has changed.
        package var transitions: UInt64 { self.generation }
    }
}

extension Tick {
    fileprivate static func - (tick: Tick, duration: Duration) -> Tick { tick.advanced(by: .zero - duration) }
}
