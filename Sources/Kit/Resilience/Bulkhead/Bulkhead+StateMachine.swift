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
        /// Tickets of those who wait, by priority, longest first.
        private var queues = [[UInt64]](repeating: [], count: CallPriority.allCases.count)
        package private(set) var queued = 0
        private var turns = 0

        package init(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        /// A call came and a place is free. False: ask ``arrive(_:_:)``.
        package mutating func runAtOnce() -> Bool {
            guard self.running < self.maximumConcurrency else { return false }
            precondition(self.queued == 0, "nobody waits while a place is free")
            self.running += 1
            return true
        }

        /// A call came.
        package mutating func arrive(_ ticket: UInt64, _ priority: CallPriority = .standard) -> Arrival {
            if self.runAtOnce() { return .run }
            guard self.queued >= self.queueLimit else {
                self.queues[priority.rawValue].append(ticket)
                self.queued += 1
                return .wait
            }
            guard let lowest = self.queues[..<priority.rawValue].firstIndex(where: { !$0.isEmpty }) else {
                return .refuse(running: self.running, queued: self.queued)
            }
            let displaced = self.queues[lowest].removeLast()
            self.queues[priority.rawValue].append(ticket)
            return .waitDisplacing(displaced)
        }

        /// A running call has ended.
        package mutating func leave() -> Departure {
            precondition(self.running > 0, "only a running call can leave")
            self.running -= 1
            return self.fill()
        }

        /// Gives a free place away. To be asked again until it answers `none`, after the limits have changed.
        package mutating func fill() -> Departure {
            guard self.queued > 0, self.running < self.maximumConcurrency, let next = self.nextQueue() else {
                return .none
            }
            self.running += 1
            self.queued -= 1
            return .handOver(to: self.queues[next].removeFirst())
        }

        private mutating func nextQueue() -> Int? {
            let waiting = self.queues.indices.filter { !self.queues[$0].isEmpty }
            guard waiting.count > 1 else {
                self.turns = 0
                return waiting.first
            }
            guard self.turns < Self.turnsByPriority else {
                self.turns = 0
                return waiting.min { self.queues[$0][0] < self.queues[$1][0] }
            }
            self.turns += 1
            return waiting.last
        }

        /// Someone no longer wants to wait. False when they do not wait any more: the place is theirs already.
        package mutating func abandon(_ ticket: UInt64) -> Bool {
            for queue in self.queues.indices {
                guard let index = self.queues[queue].firstIndex(of: ticket) else { continue }
                self.queues[queue].remove(at: index)
                self.queued -= 1
                return true
            }
            return false
        }

        /// Takes other limits. Who runs and who waits stays, even when they are more than the new limits.
        package mutating func reconfigure(maximumConcurrency: Int, queueLimit: Int) {
            self.maximumConcurrency = maximumConcurrency
            self.queueLimit = queueLimit
        }

        /// Tickets of those who wait with this priority, longest first.
        package func waiting(_ priority: CallPriority = .standard) -> [UInt64] { self.queues[priority.rawValue] }
    }
}
