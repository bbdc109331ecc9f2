#if os(Linux)
    import CShims
    import Essentials
    import Synchronization

    /// What other threads may tell a loop, and what it tells them.
    final class LoopControl: Sendable {
        /// What an errand brought.
        struct Return: Sendable {
            var client: UInt64
            var errand: UInt64
            var finding: Errand.Finding
        }

        struct Orders: Sendable {
            var drain: Duration?
            /// By group.
            var endpoints: [Int: [Endpoint]] = [:]
            var returns: [Return] = []
            /// Made without a client.
            var requests: [[UInt8]] = []
        }

        private struct State {
            var orders = Orders()
            var counters = ProxyCounters()
        }

        let waker: Int32
        /// Whether endpoints may wait to be adopted.
        private let hasEndpoints = Atomic<Bool>(false)
        private let state = Mutex(State())

        /// - Throws: when the process has no descriptor left.
        init() throws {
            self.waker = mainstay_waker()
            guard self.waker >= 0 else { throw SocketError.current("eventfd") }
        }

        deinit { mainstay_close(self.waker) }

        /// Tells the loop, and wakes it.
        func order(_ change: (inout Orders) -> Void) {
            self.state.withLock { change(&$0.orders) }
            mainstay_wake(self.waker)
        }

        /// What was ordered since the last call.
        func takeOrders() -> Orders {
            mainstay_wake_clear(self.waker)
            return self.state.withLock { state in
                defer { state.orders = Orders() }
                return state.orders
            }
        }

        /// Says where a group is from now on.
        func setEndpoints(_ endpoints: [Endpoint], of group: Int) {
            self.order { $0.endpoints[group] = endpoints }
            self.hasEndpoints.store(true, ordering: .releasing)
        }

        /// The part of what was ordered that is about endpoints. One load when there is none.
        func takeEndpoints() -> [Int: [Endpoint]] {
            guard self.hasEndpoints.load(ordering: .acquiring) else { return [:] }
            self.hasEndpoints.store(false, ordering: .relaxed)
            return self.state.withLock { state in
                defer { state.orders.endpoints = [:] }
                return state.orders.endpoints
            }
        }

        var counters: ProxyCounters {
            get { self.state.withLock(\.counters) }
            set { self.state.withLock { $0.counters = newValue } }
        }
    }
#endif
