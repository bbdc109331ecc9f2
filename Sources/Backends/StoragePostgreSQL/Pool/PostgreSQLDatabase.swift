#if PostgreSQL
    public import Essentials

    /// A PostgreSQL database as a process reaches it: one pool of connections for what writes and one for what reads, shared by
    /// all stores that live in schemas of this database.
    public final class PostgreSQLDatabase: Sendable {
        /// How connections are made and lent.
        public struct Configuration: Sendable {
            /// Connections for transactions that write, at least 1. Default: 10.
            public var writeConnections = 10
            /// Connections for transactions that only read, at least 1. Default: 20.
            public var readConnections = 20
            /// How long a transaction waits for a connection at most, above 0. Default: 5 seconds.
            public var waitLimit = Duration.seconds(5)
            /// How many transactions may wait for a connection of one pool, 0 or more. Default: 1,000.
            public var maximumWaiting = 1_000
            /// The longest time for the answer to a statement, above 0; then the connection is given up. Default: 30 seconds.
            public var answerLimit = Duration.seconds(30)
            /// After this time a connection is made anew before its next use, above 0. Default: 30 minutes.
            public var maximumAge = Duration.seconds(1_800)
            /// A connection that has not been used for so long is closed, above 0. Default: 5 minutes.
            public var idleTime = Duration.seconds(300)
            /// The share of a pool in use from which ``observe`` is told, above 0 to 1. Default: 0.8.
            public var saturationAlert = 0.8
            /// Told when a pool becomes short of connections and when that is over. Default: nobody.
            public var observe: @Sendable (PoolReport) -> Void = { _ in }

            public init() {}
        }

        /// What messages call the database: its address without user and password.
        public let name: String
        let writers: ConnectionPool
        let readers: ConnectionPool
        let options: PostgreSQLConnection.Options
        let time: TimeSource

        /// Makes no connection yet.
        /// - Parameters:
        ///   - url: `postgres://user:password@host:port/database?option=value`, or `service=NAME`: whatever libpq reads,
        ///     `sslmode`, `sslrootcert` and the environment's `PG…` included.
        ///   - time: by which waiting ends.
        /// - Throws: `EventStoreError.unavailable` when the address cannot be read.
        public init(
            url: Redacted<String>, configuration: Configuration = Configuration(), time: TimeSource = .system,
        ) throws {
            precondition(
                configuration.writeConnections > 0 && configuration.readConnections > 0, "a pool needs a connection")
            self.name = try PostgreSQLConnection.name(of: url)
            self.time = time
            self.options = PostgreSQLConnection.Options(
                url: url, patience: configuration.answerLimit, name: "mainstay")
            self.writers = ConnectionPool(
                "write", size: configuration.writeConnections, self.options, configuration, time: time)
            self.readers = ConnectionPool(
                "read", size: configuration.readConnections, self.options, configuration, time: time)
        }

        /// What the pools are doing.
        public var statistics: (write: PoolStatistics, read: PoolStatistics) {
            (self.writers.statistics, self.readers.statistics)
        }
    }

    /// What a pool of connections is doing.
    public struct PoolStatistics: Hashable, Sendable {
        /// The most connections at one time.
        public var limit: Int
        /// Connections that are lent.
        public var inUse: Int
        /// Transactions that wait for one.
        public var waiting: Int
        /// Connections made since the start.
        public var opened: Int
        /// Transactions that got none in time.
        public var refused: Int

        /// The share that is lent, 0 to 1.
        public var saturation: Double { Double(self.inUse) / Double(self.limit) }
    }

    /// What happens in a pool that somebody should know of.
    public enum PoolReport: Hashable, Sendable {
        /// So much of a pool is in use that it will soon be exhausted.
        case saturated(pool: String, inUse: Int, limit: Int)
        /// There is room again.
        case relaxed(pool: String)
    }
#endif
