#if os(Linux)
    /// The connections of one loop to one endpoint, and the requests that wait for one.
    struct EndpointPool {
        let endpoint: Endpoint
        /// Its place in the loop.
        private let index: Int
        /// Ready for a request; the one used last is taken first, so that a quiet pool shrinks.
        var idle: [Upstream] = []
        /// All that are open or being made.
        var count = 0
        /// Until when the endpoint is passed over because it could not be connected to, in milliseconds.
        var failedUntil: Int64 = 0
        /// Whether no group has it any more: its connections end with the requests that they serve.
        var isRetired = false
        private var waiting: [Downstream] = []
        /// Places at the front that may be empty before the rest moves up.
        private static let compaction = 256
        private var firstWaiting = 0

        init(_ endpoint: Endpoint, index: Int) {
            self.endpoint = endpoint
            self.index = index
        }

        var waitingCount: Int { self.waiting.count - self.firstWaiting }
        /// Whether its place may be given to another endpoint.
        var isVacant: Bool { self.isRetired && self.count == 0 && self.waitingCount == 0 }

        mutating func wait(_ client: Downstream) { self.waiting.append(client) }

        /// The client that waits longest; those that gave up are skipped.
        mutating func nextWaiting() -> Downstream? {
            while self.firstWaiting < self.waiting.count {
                let client = self.waiting[self.firstWaiting]
                self.firstWaiting += 1
                if self.firstWaiting == self.waiting.count || self.firstWaiting >= Self.compaction {
                    self.waiting.removeFirst(self.firstWaiting)
                    self.firstWaiting = 0
                }
                if case .waiting = client.phase, client.upstream == nil, client.endpoint == self.index { return client }
            }
            return nil
        }
    }

    /// The endpoints of a group, taken in turn.
    struct EndpointGroup {
        let endpoints: [Endpoint]
        /// Their places in the loop.
        let members: [Int]
        private var next = 0

        init(_ endpoints: [Endpoint], at members: [Int]) {
            self.endpoints = endpoints
            self.members = members
        }

        /// The next member for which `isUsable`; the next of all when none is.
        /// - Precondition: there is one.
        mutating func choose(_ isUsable: (Int) -> Bool) -> Int {
            for _ in self.members.indices {
                let member = self.members[self.next]
                self.next = self.next + 1 == self.members.count ? 0 : self.next + 1
                if isUsable(member) { return member }
            }
            return self.members[self.next]
        }
    }
#endif
