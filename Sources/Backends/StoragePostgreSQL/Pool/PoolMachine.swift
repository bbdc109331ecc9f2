#if PostgreSQL
    import Essentials

    /// Who may use which of a bounded number of slots. A value: what happened goes in, what to do comes out.
    ///
    /// Those who wait are served in the order in which they came. A slot that was used last is handed out first, so that the
    /// others can be closed.
    struct PoolMachine: Sendable {
        enum Admission: Hashable {
            case use(Int)
            case wait
            /// Too many wait already.
            case refuse
        }

        enum Release: Hashable {
            case handOver(slot: Int, to: UInt64)
            /// Nobody waits. The slots have not been used for too long: their connections may be closed.
            case rest(idle: [Int])
        }

        let limit: Int
        let maximumWaiting: Int
        let idleTime: Duration
        private(set) var waiting: [UInt64] = []
        private(set) var inUse = 0
        /// Slots that nobody uses, that used last at the end, and since when.
        private var free: [(slot: Int, since: Tick?)]

        init(limit: Int, maximumWaiting: Int, idleTime: Duration) {
            self.limit = limit
            self.maximumWaiting = maximumWaiting
            self.idleTime = idleTime
            self.free = (0..<limit).reversed().map { ($0, nil) }
        }

        mutating func ask(_ id: UInt64) -> Admission {
            if self.waiting.isEmpty, let next = self.free.popLast() {
                self.inUse += 1
                return .use(next.slot)
            }
            guard self.waiting.count < self.maximumWaiting else { return .refuse }
            self.waiting.append(id)
            return .wait
        }

        /// Somebody does not wait any more.
        /// - Returns: whether it still did.
        mutating func giveUp(_ id: UInt64) -> Bool {
            guard let index = self.waiting.firstIndex(of: id) else { return false }
            self.waiting.remove(at: index)
            return true
        }

        mutating func release(_ slot: Int, at now: Tick) -> Release {
            guard self.waiting.isEmpty else { return .handOver(slot: slot, to: self.waiting.removeFirst()) }
            self.inUse -= 1
            let idle = self.free.indices.filter { index in
                self.free[index].since.map { now - $0 >= self.idleTime } ?? false
            }
            for index in idle { self.free[index].since = nil }
            self.free.append((slot, now))
            return .rest(idle: idle.map { self.free[$0].slot })
        }
    }
#endif
