package import Essentials

extension Shedding {
    /// Decides who is dropped. A value: arrivals and waits in, decisions out.
    ///
    /// Every call has a rank: its priority, and within that one of 32 parts that its group hashes to (or chance, without
    /// a group). Calls below the threshold rank are dropped. A window in which the shortest wait of the queue behind
    /// stayed above the target is overloaded (the standing queue of CoDel, Nichols and Jacobson 2012): the threshold
    /// rises until a share of the calls that were let in would be dropped. A window in which it stayed below half the
    /// target lets it fall by a smaller share; in between it stays. Ranks and the two unequal steps are those of DAGOR
    /// (Zhou and others, "Overload Control for Scaling WeChat Microservices", 2018).
    package struct StateMachine: Hashable, Sendable {
        package static let parts = 32
        private static let ranks = CallPriority.allCases.count * Self.parts

        package enum Decision: Hashable, Sendable {
            case proceed
            case shed(waiting: Duration)
        }

        private var configuration: Configuration
        /// Calls with a rank below it are dropped; 0 drops none.
        package private(set) var threshold = 0
        private var windowStart: Tick?
        /// The shortest wait seen in this window.
        private var shortestWait: Duration?
        /// That of the window before.
        private var previousWait = Duration.zero
        /// Calls that came lately, by rank; each window forgets a fifth.
        private var arrivals = [Double](repeating: 0, count: ranks)
        /// How many calls the threshold may let in beyond those it does; not enough yet for a whole rank.
        private var credit = 0.0
        private var latest = Tick.distantPast

        package init(_ configuration: Configuration) {
            self.configuration = configuration
        }

        /// Takes other settings. The threshold stays, as far as it does not reach those who are protected now.
        package mutating func reconfigure(_ configuration: Configuration) {
            self.configuration = configuration
            self.threshold = min(self.threshold, configuration.protects.rawValue * Self.parts)
        }

        /// The rank of a call: 0 is dropped first.
        /// - Parameter part: in `0..<parts`.
        package static func rank(_ priority: CallPriority, part: Int) -> Int {
            priority.rawValue * Self.parts + part
        }

        /// A call came while the one who waits longest has waited for `wait`.
        package mutating func arrive(rank: Int, wait: Duration, at now: Tick) -> Decision {
            self.latest = max(self.latest, now)
            let start = self.windowStart ?? self.latest
            self.windowStart = start
            self.shortestWait = min(self.shortestWait ?? wait, wait)
            if self.latest - start >= self.configuration.window { self.close() }
            self.arrivals[rank] += 1
            return rank < self.threshold ? .shed(waiting: wait) : .proceed
        }

        /// The window is over: moves the threshold, and begins the next.
        private mutating func close() {
            let elapsed = self.latest - (self.windowStart ?? self.latest)
            let wait = self.shortestWait ?? .zero
            if wait > self.configuration.target {
                // A queue that shrinks is on its way: dropping more would empty it and leave places free.
                if wait >= self.previousWait { self.raise() }
            } else if wait * 2 < self.configuration.target {
                self.lower(windows: elapsed / self.configuration.window)
            }
            for index in self.arrivals.indices { self.arrivals[index] *= 0.8 }
            self.shortestWait = nil
            self.previousWait = wait
            self.windowStart = self.latest
        }

        private var admitted: Double { self.arrivals[self.threshold...].reduce(0, +) }

        private mutating func raise() {
            let ceiling = self.configuration.protects.rawValue * Self.parts
            self.credit = 0
            var share = max(1, self.admitted * self.configuration.raiseBy)
            while self.threshold < ceiling, share > 0 {
                share -= self.arrivals[self.threshold]
                self.threshold += 1
            }
        }

        /// After a pause that many windows long the threshold falls that many times.
        private mutating func lower(windows: Double) {
            self.credit += max(1, self.admitted * self.configuration.lowerBy) * max(1, windows)
            while self.threshold > 0, self.credit >= self.arrivals[self.threshold - 1] {
                self.threshold -= 1
                self.credit -= max(0.01, self.arrivals[self.threshold])
            }
            if self.threshold == 0 { self.credit = 0 }
        }
    }
}
