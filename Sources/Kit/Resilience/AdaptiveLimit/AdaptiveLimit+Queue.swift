package import Essentials

extension AdaptiveLimit {
    /// Who runs and who waits, under a limit that moves. A value: tickets in, decisions out.
    package struct Queue: Hashable, Sendable {
        package typealias Waiter = WaitingLine.Waiter

        package enum Arrival: Hashable, Sendable {
            case run
            /// Queued; `displaced` lost its room to this one.
            case wait(displaced: Waiter?)
            case refuse(running: Int, queued: Int)
        }

        /// How many may wait. Who waits already stays.
        package var queueLimit: Int
        package private(set) var running = 0
        /// Under a limit that is always too small, whoever waits by age alone has left before their turn comes.
        private var line = WaitingLine(turnsByPriority: nil)

        package init(queueLimit: Int) {
            self.queueLimit = queueLimit
        }

        package var queued: Int { self.line.count }

        /// How long the one who waits longest has waited; zero when nobody does.
        package func longestWait(at now: Tick) -> Duration { self.line.longestWait(at: now) }

        /// A call came. Tickets must grow.
        package mutating func arrive(
            _ ticket: UInt64, _ priority: CallPriority, limit: Int, at now: Tick
        ) -> Arrival {
            if self.running < limit, self.queued == 0 {
                self.running += 1
                return .run
            }
            switch self.line.join(Waiter(ticket: ticket, priority: priority, since: now), limit: self.queueLimit) {
            case .wait(let displaced): return .wait(displaced: displaced)
            case .refuse: return .refuse(running: self.running, queued: self.queued)
            }
        }

        /// A running call has ended.
        package mutating func leave() {
            precondition(self.running > 0, "only a running call can leave")
            self.running -= 1
        }

        /// Those whose turn it is under the limit of now; they run from here on.
        package mutating func admit(limit: Int) -> [Waiter] {
            var admitted: [Waiter] = []
            while self.running < limit, let next = self.line.next() {
                admitted.append(next)
                self.running += 1
            }
            return admitted
        }

        /// Someone no longer wants to wait. False when they do not wait any more.
        package mutating func abandon(_ ticket: UInt64) -> Bool { self.line.abandon(ticket) }
    }
}
