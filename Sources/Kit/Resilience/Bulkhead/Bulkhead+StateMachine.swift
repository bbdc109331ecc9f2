extension Bulkhead {
    /// Who runs and who waits. A value: tickets in, decisions out.
    package struct StateMachine: Hashable, Sendable {
        package enum Arrival: Hashable, Sendable {
            case run
            /// Queued behind everyone who waits already.
            case wait
            case refuse(running: Int, queued: Int)
        }

        package enum Departure: Hashable, Sendable {
            /// The place is free.
            case none
            /// The place goes to the one who has waited longest.
            case handOver(to: UInt64)
        }

        private let maximumConcurrency: Int
        private let queueLimit: Int
        package private(set) var running = 0
        /// Tickets of those who wait, longest first.
        package private(set) var queue: [UInt64] = []

        package init(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        /// A call came. Tickets must not repeat.
        package mutating func arrive(_ ticket: UInt64) -> Arrival {
            if self.running < self.maximumConcurrency {
                precondition(self.queue.isEmpty, "nobody waits while a place is free")
                self.running += 1
                return .run
            }
            guard self.queue.count < self.queueLimit else {
                return .refuse(running: self.running, queued: self.queue.count)
            }
            self.queue.append(ticket)
            return .wait
        }

        /// A running call has ended.
        package mutating func leave() -> Departure {
            precondition(self.running > 0, "only a running call can leave")
            guard !self.queue.isEmpty else {
                self.running -= 1
                return .none
            }
            return .handOver(to: self.queue.removeFirst())
        }

        /// Someone no longer wants to wait. False when they do not wait any more: the place is theirs already.
        package mutating func abandon(_ ticket: UInt64) -> Bool {
            guard let index = self.queue.firstIndex(of: ticket) else { return false }
            self.queue.remove(at: index)
            return true
        }
    }
}
