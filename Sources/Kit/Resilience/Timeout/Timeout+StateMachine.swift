/// Who wins when a call and a timer run side by side. A value: events in, actions out.
package struct TimeoutRace: Hashable, Sendable {
    package enum TimerEvent: Hashable, Sendable {
        case fired
        /// The timer was cancelled, because the body has ended or the caller was cancelled.
        case stopped
    }

    package enum Action: Hashable, Sendable {
        /// The other one is still to come.
        case wait
        /// The time is over: cancel the body, and wait for it.
        case cancelBody
        /// The body's outcome counts: stop the timer.
        case stopTimer
        /// The body's outcome is only the echo of being cancelled: the call has expired.
        case expireAndStopTimer
    }

    private enum State: Hashable {
        /// Both run. Can become expired (the timer fired), untimed (the caller was cancelled) or over.
        case racing
        /// The timer has fired and the body has been told. Can become over.
        case expired
        /// The timer was stopped before the body ended: the caller was cancelled. Can become over.
        case untimed
        /// The body has ended. Final.
        case over
    }

    private var state = State.racing

    package init() {}

    package mutating func timer(_ event: TimerEvent) -> Action {
        switch (self.state, event) {
        case (.racing, .fired):
            self.state = .expired
            return .cancelBody
        case (.racing, .stopped):
            self.state = .untimed
            return .wait
        case (.over, _):
            return .wait
        case (.expired, _), (.untimed, _):
            preconditionFailure("a timer ends once")
        }
    }

    /// A value counts even when it is late: the work is done, and throwing it away would hide that.
    package mutating func bodyReturned() -> Action {
        self.end()
        return .stopTimer
    }

    package mutating func bodyThrew() -> Action {
        let hadExpired = self.state == .expired
        self.end()
        return hadExpired ? .expireAndStopTimer : .stopTimer
    }

    private mutating func end() {
        precondition(self.state != .over, "a body ends once")
        self.state = .over
    }
}
