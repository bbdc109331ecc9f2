extension Hedge {
    /// The attempts of one call side by side. A value: events in, actions out.
    package struct StateMachine: Hashable, Sendable {
        package enum Action: Hashable, Sendable {
            /// Others may still answer.
            case wait
            /// Start one more, and the timer again if `thenArm`.
            case start(attempt: Int, thenArm: Bool)
            /// Cancel all that still run; the outcome of this attempt is the call's.
            case settle
        }

        private enum State: Hashable {
            /// Nobody has answered. Can become over.
            case open(running: Int, started: Int)
            /// The outcome is known. Final.
            case over
        }

        private let maximumHedges: Int
        private var state = State.open(running: 1, started: 1)

        /// The first attempt runs already.
        package init(maximumHedges: Int) {
            self.maximumHedges = maximumHedges
        }

        /// The time after which a further attempt is worth its cost has come.
        /// - Parameter isAllowed: whether the budget grants one.
        package mutating func timerFired(isAllowed: Bool) -> Action {
            switch self.state {
            case .open(let running, let started):
                guard isAllowed, started <= self.maximumHedges else { return .wait }
                self.state = .open(running: running + 1, started: started + 1)
                return .start(attempt: started + 1, thenArm: started + 1 <= self.maximumHedges)
            case .over: return .wait
            }
        }

        /// An attempt has a value.
        package mutating func returned() -> Action {
            switch self.state {
            case .open:
                self.state = .over
                return .settle
            case .over: return .wait
            }
        }

        /// An attempt failed; the call fails when it was the last.
        /// - Parameter isFinal: the callee has answered by saying no, so that another attempt would hear the same.
        package mutating func threw(isFinal: Bool) -> Action {
            switch self.state {
            case .open(let running, let started):
                if isFinal || running == 1 {
                    self.state = .over
                    return .settle
                }
                self.state = .open(running: running - 1, started: started)
                return .wait
            case .over: return .wait
            }
        }
    }
}
