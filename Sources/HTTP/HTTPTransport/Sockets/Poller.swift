#if os(Linux)
    import CShims

    /// Edge-triggered readiness of sockets (epoll), for one thread.
    ///
    /// A token is the descriptor and a generation, so that an event for a socket that was closed in the same round is told
    /// from one for its successor.
    struct Poller: ~Copyable {
        struct Event {
            var token: UInt64
            private var flags: UInt32

            init(_ raw: mainstay_event) {
                self.token = raw.token
                self.flags = raw.flags
            }

            var isReadable: Bool { self.flags & UInt32(MAINSTAY_READABLE) != 0 }
            var isWritable: Bool { self.flags & UInt32(MAINSTAY_WRITABLE) != 0 }
            /// The peer sends no more.
            var isEnded: Bool { self.flags & UInt32(MAINSTAY_PEER_ENDED) != 0 }
            var isFailed: Bool { self.flags & UInt32(MAINSTAY_FAILED) != 0 }
        }

        private let descriptor: Int32
        private var events: [mainstay_event]
        private var count = 0

        /// - Throws: when the process has no descriptor left.
        init() throws {
            self.descriptor = mainstay_poller()
            guard self.descriptor >= 0 else { throw SocketError.current("epoll_create1") }
            self.events = Array(repeating: mainstay_event(), count: 512)
        }

        deinit { mainstay_close(self.descriptor) }

        func add(_ socket: Int32, _ token: UInt64) throws {
            if mainstay_poller_add(self.descriptor, socket, token) < 0 { throw SocketError.current("epoll_ctl") }
        }

        func add(listener: Int32, _ token: UInt64) throws {
            if mainstay_poller_add_listener(self.descriptor, listener, token) < 0 {
                throw SocketError.current("epoll_ctl")
            }
        }

        func remove(_ socket: Int32) { _ = mainstay_poller_remove(self.descriptor, socket) }

        /// Waits for events; those of the last call are gone.
        /// - Parameter timeout: milliseconds; negative for ever.
        mutating func wait(_ timeout: Int32) -> Int {
            let capacity = Int32(self.events.count)
            self.count = Int(mainstay_poller_wait(self.descriptor, &self.events, capacity, timeout))
            return Swift.max(0, self.count)
        }

        subscript(index: Int) -> Event { Event(self.events[index]) }
    }
#endif
