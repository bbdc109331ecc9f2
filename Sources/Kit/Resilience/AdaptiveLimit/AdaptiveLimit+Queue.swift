package import Essentials

extension AdaptiveLimit {
    /// Who runs and who waits, under a limit that moves. A value: tickets in, decisions out.
    ///
    /// The most important waits the shortest; among equals, who came first. A full queue makes room for a more
    /// important call by dropping the youngest of the least important ones.
    package struct Queue: Hashable, Sendable {
        package struct Waiter: Hashable, Sendable {
            package var ticket: UInt64
            package var priority: CallPriority
            package var since: Tick

            package init(ticket: UInt64, priority: CallPriority, since: Tick) {
                self.ticket = ticket
                self.priority = priority
                self.since = since
            }
        }

        package enum Arrival: Hashable, Sendable {
            case run
            /// Queued; `displaced` lost its room to this one.
            case wait(displaced: Waiter?)
            case refuse(running: Int, queued: Int)
        }

        private let queueLimit: Int
        package private(set) var running = 0
        /// By priority, oldest first.
        private var lanes = [[Waiter]](repeating: [], count: CallPriority.allCases.count)

        package init(queueLimit: Int) {
            self.queueLimit = queueLimit
        }

        package var queued: Int { self.lanes.reduce(0) { $0 + $1.count } }

        /// How long the one who waits longest has waited; zero when nobody does.
        package func longestWait(at now: Tick) -> Duration {
            self.lanes.compactMap { $0.first?.since }.min().map { max(.zero, now - $0) } ?? .zero
        }

        /// A call came. Tickets must not repeat.
        package mutating func arrive(
            _ ticket: UInt64, _ priority: CallPriority, limit: Int, at now: Tick
        ) -> Arrival {
            let queued = self.queued
            if self.running < limit, queued == 0 {
                self.running += 1
                return .run
            }
            let waiter = Waiter(ticket: ticket, priority: priority, since: now)
            if queued < self.queueLimit {
                self.lanes[priority.rawValue].append(waiter)
                return .wait(displaced: nil)
            }
            guard let lane = self.lanes[..<priority.rawValue].firstIndex(where: { !$0.isEmpty }) else {
                return .refuse(running: self.running, queued: queued)
            }
            let displaced = self.lanes[lane].removeLast()
            self.lanes[priority.rawValue].append(waiter)
            return .wait(displaced: displaced)
        }

        /// A running call has ended.
        package mutating func leave() {
            precondition(self.running > 0, "only a running call can leave")
            self.running -= 1
        }

        /// Those whose turn it is under the limit of now; they run from here on.
        package mutating func admit(limit: Int) -> [Waiter] {
            var admitted: [Waiter] = []
            while self.running < limit, let lane = self.lanes.lastIndex(where: { !$0.isEmpty }) {
                admitted.append(self.lanes[lane].removeFirst())
                self.running += 1
            }
            return admitted
        }

        /// Someone no longer wants to wait. False when they do not wait any more.
        package mutating func abandon(_ ticket: UInt64) -> Bool {
            for lane in self.lanes.indices {
                guard let index = self.lanes[lane].firstIndex(where: { $0.ticket == ticket }) else { continue }
                self.lanes[lane].remove(at: index)
                return true
            }
            return false
        }
    }
}
