package import Essentials

/// Who waits for a place, by priority. A value: waiters in, waiters out. What ``Bulkhead`` and ``AdaptiveLimit`` queue in.
///
/// The most needed comes first, among equals whoever has waited longest. A full line makes room for somebody more needed
/// by dropping the newest of the least needed. Tickets must grow.
package struct WaitingLine: Hashable, Sendable {
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
        /// In the line; `displaced` is not any more.
        case wait(displaced: Waiter?)
        case refuse
    }

    /// After so many turns by priority, one goes by age, so that nobody waits for ever; nil for never.
    private let turnsByPriority: Int?
    /// By priority, oldest first.
    private var lanes = [[Waiter]](repeating: [], count: CallPriority.allCases.count)
    package private(set) var count = 0
    private var turns = 0

    package init(turnsByPriority: Int?) {
        self.turnsByPriority = turnsByPriority
    }

    /// - Parameter limit: how many may wait.
    package mutating func join(_ waiter: Waiter, limit: Int) -> Arrival {
        guard self.count >= limit else {
            self.lanes[waiter.priority.rawValue].append(waiter)
            self.count += 1
            return .wait(displaced: nil)
        }
        guard let lowest = self.lanes[..<waiter.priority.rawValue].firstIndex(where: { !$0.isEmpty }) else {
            return .refuse
        }
        let displaced = self.lanes[lowest].removeLast()
        self.lanes[waiter.priority.rawValue].append(waiter)
        return .wait(displaced: displaced)
    }

    /// The one whose turn it is leaves the line.
    package mutating func next() -> Waiter? {
        guard self.count > 0, let lane = self.nextLane() else { return nil }
        self.count -= 1
        return self.lanes[lane].removeFirst()
    }

    private mutating func nextLane() -> Int? {
        guard let turnsByPriority else { return self.lanes.lastIndex { !$0.isEmpty } }
        let waiting = self.lanes.indices.filter { !self.lanes[$0].isEmpty }
        guard waiting.count > 1 else {
            self.turns = 0
            return waiting.first
        }
        guard self.turns < turnsByPriority else {
            self.turns = 0
            return waiting.min { self.lanes[$0][0].ticket < self.lanes[$1][0].ticket }
        }
        self.turns += 1
        return waiting.last
    }

    /// Someone no longer wants to wait. False when they do not wait any more.
    package mutating func abandon(_ ticket: UInt64) -> Bool {
        for lane in self.lanes.indices {
            guard let index = self.lanes[lane].firstIndex(where: { $0.ticket == ticket }) else { continue }
            self.lanes[lane].remove(at: index)
            self.count -= 1
            return true
        }
        return false
    }

    /// How long the one who waits longest has waited; zero when nobody does.
    package func longestWait(at now: Tick) -> Duration {
        self.lanes.compactMap { $0.first?.since }.min().map { max(.zero, now - $0) } ?? .zero
    }

    /// Those who wait with this priority, longest first.
    package func waiting(_ priority: CallPriority) -> [Waiter] { self.lanes[priority.rawValue] }
}
