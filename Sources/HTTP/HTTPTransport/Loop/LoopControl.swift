#if os(Linux)
    import CShims
    import Essentials
    import Synchronization

    /// What other threads may tell a loop, and what it tells them.
    final class LoopControl: Sendable {
        struct State {
            var drain: Duration?
            var counters = ProxyCounters()
        }

        let waker: Int32
        let state = Mutex(State())

        /// - Throws: when the process has no descriptor left.
        init() throws {
            self.waker = mainstay_waker()
            guard self.waker >= 0 else { throw SocketError.current("eventfd") }
        }

        deinit { mainstay_close(self.waker) }

        func drain(within limit: Duration) {
            self.state.withLock { $0.drain = limit }
            mainstay_wake(self.waker)
        }
    }
#endif
