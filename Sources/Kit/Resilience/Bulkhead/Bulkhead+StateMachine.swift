package import Essentials

extension Bulkhead {
    /// Who runs and who waits. A value: tickets in, decisions out.
    ///
    /// A free place goes to the one of the highest priority that has waited longest; but every eighth goes to the one
    /// who has waited longest of all, so that nobody waits for ever. Tickets must grow.
    package struct StateMachine: Hashable, Sendable {
        package enum Arrival: Hashable, Sendable {
            case run
            case wait
            /// It waits, in the place of one of a lower priority that is refused now.
            case waitDisplacing(UInt64)
            case refuse(running: Int, queued: Int)
        }

        package enum Departure: Hashable, Sendable {
            /// The place is free, or one too many.
            case none
            case handOver(to: UInt64)
        }

        /// After so many places that went by priority, one goes by age.
        package static let turnsByPriority = 7

        package private(set) var maximumConcurrency: Int
        package private(set) var queueLimit: Int
        package private(set) var running = 0
        private var line = WaitingLine(turnsByPriority: Self.turnsByPriority)

        package init(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        package var queued: Int { self.line.count }

        /// A call came and a place is free. False: ask ``arrive(_:_:at:)``.
        package mutating func runAtOnce() -> Bool {
            guard self.running < self.maximumConcurrency else { return false }
            precondition(self.line.count == 0, "nobody waits while a place is free")
            self.running += 1
            return true
        }

        /// A call came.
        package mutating func arrive(
            _ ticket: UInt64, _ priority: CallPriority = .standard, at now: Tick = .distantPast
        ) -> Arrival {
            if self.runAtOnce() { return .run }
            let waiter = WaitingLine.Waiter(ticket: ticket, priority: priority, since: now)
            switch self.line.join(waiter, limit: self.queueLimit) {
            case .wait(let displaced?): return .waitDisplacing(displaced.ticket)
            case .wait(nil): return .wait
            case .refuse: return .refuse(running: self.running, queued: self.queued)
            }
        }

        /// A running call has ended.
        package mutating func leave() -> Departure {
            precondition(self.running > 0, "only a running call can leave")
            self.running -= 1
            return self.fill()
        }

        /// Gives a free place away. To be asked again until it answers `none`, after the limits have changed.
        package mutating func fill() -> Departure {
            guard self.running < self.maximumConcurrency, let next = self.line.next() else { return .none }
            self.running += 1
            return .handOver(to: next.ticket)
        }

        /// Someone no longer wants to wait. False when they do not wait any more: the place is theirs already.
        package mutating func abandon(_ ticket: UInt64) -> Bool { self.line.abandon(ticket) }

        /// Takes other limits. Who runs and who waits stays, even when they are more than the new limits.
        package mutating func reconfigure(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        /// Tickets of those who wait with this priority, longest first.
        package func waiting(_ priority: CallPriority = .standard) -> [UInt64] {
            self.line.waiting(priority).map(\.ticket)
        }

        /// How long the one who waits longest has waited; zero when nobody does.
        package func longestWait(at now: Tick) -> Duration { self.line.longestWait(at: now) }
    }
}
