#if PostgreSQL
    import Essentials
    import EventSourcing
    import Synchronization

    /// A place for one connection, with a thread that works on it. The connection is made when it is first needed, and again
    /// when it is lost or old.
    final class ConnectionSlot: Sendable {
        private struct Open {
            var connection: PostgreSQLConnection
            var since: Tick
        }

        private let options: PostgreSQLConnection.Options
        private let maximumAge: Duration
        private let time: TimeSource
        private let thread = Mutex<DedicatedThread?>(nil)
        private let open = Mutex<Open?>(nil)
        private let opened = Atomic(0)

        init(_ options: PostgreSQLConnection.Options, maximumAge: Duration, time: TimeSource) {
            self.options = options
            self.maximumAge = maximumAge
            self.time = time
        }

        /// How many connections have been made here.
        var openedCount: Int { self.opened.load(ordering: .relaxed) }

        /// Runs `body` on the slot's thread.
        ///
        /// A connection that was lost while nobody used it is found out and made anew; that costs a look at its socket.
        func run<Value: Sendable>(
            _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value,
        ) async throws -> Value {
            try await self.worker.run {
                try self.open.withLock { open in
                    let isOld =
                        open.map { !$0.connection.isAtRest || self.time.now - $0.since >= self.maximumAge } ?? true
                    if isOld {
                        open = nil
                        open = Open(
                            connection: try PostgreSQLConnection(self.options, time: self.time), since: self.time.now)
                        self.opened.add(1, ordering: .relaxed)
                    }
                    guard let connection = open?.connection else { preconditionFailure("a connection was just opened") }
                    defer { if connection.isBroken { open = nil } }
                    return try body(connection)
                }
            }
        }

        func close() { self.worker.submit { self.open.withLock { $0 = nil } } }

        private var worker: DedicatedThread {
            self.thread.withLock { thread in
                if let thread { return thread }
                let started = DedicatedThread(name: self.options.name)
                thread = started
                return started
            }
        }
    }
#endif
