package import Essentials

extension Shedding {
    /// Decides who is dropped. A value: arrivals and waits in, decisions out.
    ///
    /// Every call has a rank: its priority, and within that one of 32 parts that its group hashes to (or chance, without
    /// a group). Calls below the threshold rank are dropped. A window in which the shortest wait of the queue behind
    /// stayed above the target is overloaded (the standing queue of CoDel, Nichols and Jacobson 2012): the threshold
    /// rises until a further share of the calls that came would be dropped. A window in which it stayed below half the
    /// target lets it fall by a smaller share; in between it stays. Ranks and the two unequal steps are those of DAGOR
    /// (Zhou and others, "Overload Control for Scaling WeChat Microservices", 2018).
    package struct StateMachine: Hashable, Sendable {
        package static let parts = 32
        private static let ranks = CallPriority.allCases.count * Self.parts

        package enum Decision: Hashable, Sendable {
            case proceed
            case shed(waiting: Duration)
        }

        private let configuration: Configuration
        /// Calls with a rank below it are dropped; 0 drops none.
        package private(set) var threshold = 0
        private var windowStart: Tick?
        /// The shortest wait seen in this window.
        private var shortestWait: Duration?
        private var arrivals = [Int](repeating: 0, count: ranks)
        private var total = 0
        private var latest = Tick.distantPast

        package init(_ configuration: Configuration) {
            self.configuration = configuration
        }

        /// The rank of a call: 0 is dropped first.
        /// - Parameter part: in `0..<parts`.
        package static func rank(_ priority: CallPriority, part: Int) -> Int {
            priority.rank * Self.parts + part
        }

        /// A call came while the one who waits longest has waited for `wait`.
        package mutating func arrive(rank: Int, wait: Duration, at now: Tick) -> Decision {
            self.latest = max(self.latest, now)
            let start = self.windowStart ?? self.latest
            self.windowStart = start
            self.shortestWait = min(self.shortestWait ?? wait, wait)
            if self.latest - start >= self.configuration.window { self.close() }
            self.arrivals[rank] += 1
            self.total += 1
            return rank < self.threshold ? .shed(waiting: wait) : .proceed
        }

        /// The window is over: moves the threshold, and begins the next.
        private mutating func close() {
            let elapsed = self.latest - (self.windowStart ?? self.latest)
            let wait = self.shortestWait ?? .zero
            if wait > self.configuration.target {
                self.raise()
            } else if wait * 2 < self.configuration.target {
                self.lower(windows: elapsed / self.configuration.window)
            }
            for index in self.arrivals.indices { self.arrivals[index] = 0 }
            self.total = 0
            self.shortestWait = nil
            self.windowStart = self.latest
        }

        private mutating func raise() {
            let ceiling = self.configuration.protects.rank * Self.parts
            var share = Int((Double(self.total) * self.configuration.raiseBy).rounded(.up))
            while self.threshold < ceiling, share > 0 {
                share -= self.arrivals[self.threshold]
                self.threshold += 1
            }
        }

        /// After a pause that many windows long the threshold falls that many times.
        private mutating func lower(windows: Double) {
            var share = max(1, Int(Double(self.total) * self.configuration.lowerBy * max(1, windows)))
            while self.threshold > 0, share > 0 {
                self.threshold -= 1
                share -= max(1, self.arrivals[self.threshold])
            }
        }
    }
}
