#if PostgreSQL
    import Essentials
    import EventSourcing
    import Glibc
    import Synchronization

    /// Tells other processes of commits and hears of theirs, on a connection and a thread of its own.
    ///
    /// What this process commits is notified soon after, many commits together, outside their transactions: a notification
    /// inside would make all writers of the database wait for each other. Who misses one, because it was lost or because a
    /// pooler stands in between, finds the new end of the log when it polls.
    final class CommitListener: Sendable {
        private let core: Core
        private let thread: DedicatedThread

        init(
            _ options: PostgreSQLConnection.Options, log: PostgreSQLLog, commits: CommitSignal, pollInterval: Duration,
            time: TimeSource,
        ) {
            let core = Core(options: options, log: log, commits: commits, pollInterval: pollInterval, time: time)
            self.core = core
            self.thread = DedicatedThread(name: "\(log.source.service)-commits")
            self.thread.submit { core.run() }
        }

        deinit { self.core.close() }

        /// This process has committed up to `head`.
        func tellOthers(_ head: Position) { self.core.tell(head) }
    }

    /// What the thread works with; it outlives the listener by a moment.
    private final class Core: Sendable {
        private struct State {
            var untold: Position?
            var isClosed = false
        }

        private let options: PostgreSQLConnection.Options
        private let log: PostgreSQLLog
        private let commits: CommitSignal
        private let pollInterval: Duration
        private let time: TimeSource
        private let state = Mutex(State())
        private let wake = WakePipe()

        init(
            options: PostgreSQLConnection.Options, log: PostgreSQLLog, commits: CommitSignal, pollInterval: Duration,
            time: TimeSource,
        ) {
            self.options = options
            self.log = log
            self.commits = commits
            self.pollInterval = max(pollInterval, .milliseconds(10))
            self.time = time
        }

        func close() {
            self.state.withLock { $0.isClosed = true }
            self.wake.signal()
        }

        func tell(_ head: Position) {
            let isFirst = self.state.withLock { state in
                defer { state.untold = max(head, state.untold ?? head) }
                return state.untold == nil
            }
            if isFirst { self.wake.signal() }
        }

        func run() {
            while !self.state.withLock(\.isClosed) {
                do {
                    try self.listen()
                } catch {
                    // The server is away or restarts. Nothing is missed: the next connection begins with a poll.
                    self.wake.wait(besides: nil, atMost: self.pollInterval)
                }
            }
        }

        private var channel: String { "mainstay_\(String(UInt64(bitPattern: self.log.lock), radix: 16))" }

        /// Returns when the listener is closed.
        private func listen() throws {
            let connection = try PostgreSQLConnection(self.options, time: self.time)
            // A notification that is lost in a crash of the server has nobody left to hear it.
            _ = try connection.query("SELECT set_config('synchronous_commit', 'off', false)")
            if !connection.isPooled { _ = try connection.query("LISTEN \(self.channel)") }
            var nextPoll = self.time.now
            while !self.state.withLock(\.isClosed) {
                if self.time.now >= nextPoll {
                    try self.poll(connection)
                    nextPoll = self.time.now + self.pollInterval
                }
                self.wake.wait(besides: connection.socket, atMost: nextPoll - self.time.now)
                if let head = self.state.withLock({ $0.untold.take() }) { try self.notify(head, connection) }
                for text in connection.notifications() {
                    if let head = Int64(text) { self.commits.committed(upTo: Position(head)) }
                }
                guard !connection.isBroken else { throw PostgreSQLError.lost("the connection is lost") }
            }
        }

        private func poll(_ connection: PostgreSQLConnection) throws {
            let sql = "SELECT coalesce(max(position), 0) FROM \(SQLDialect.quoted(self.log.schema)).events"
            self.commits.committed(upTo: Position(try connection.query(sql).integer(0, 0)))
        }

        private func notify(_ head: Position, _ connection: PostgreSQLConnection) throws {
            let values = try WireValues([.text(self.channel), .text(head.description)])
            _ = try connection.query("SELECT pg_notify($1, $2)", values)
        }
    }

    /// Wakes a thread that polls a socket.
    private final class WakePipe: Sendable {
        private let readEnd: Int32
        private let writeEnd: Int32

        init() {
            var ends: [Int32] = [0, 0]
            precondition(pipe(&ends) == 0, "no file descriptor is left for a pipe")
            (self.readEnd, self.writeEnd) = (ends[0], ends[1])
            for end in ends {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
        }

        deinit {
            close(self.readEnd)
            close(self.writeEnd)
        }

        /// A pipe that is full wakes as well.
        func signal() {
            var byte: UInt8 = 1
            _ = write(self.writeEnd, &byte, 1)
        }

        /// Returns at a signal, when `socket` has something to read, or when the time is over.
        func wait(besides socket: Int32?, atMost duration: Duration) {
            // A negative descriptor is passed over.
            var descriptors = [
                pollfd(fd: self.readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let milliseconds = max(0, duration.nanoseconds / 1_000_000)
            _ = Glibc.poll(&descriptors, 2, Int32(clamping: milliseconds + 1))
            var bytes = [UInt8](repeating: 0, count: 64)
            while read(self.readEnd, &bytes, bytes.count) > 0 {}
        }
    }
#endif
