#if PostgreSQL
    public import Essentials
    public import EventSourcing

    /// A service's database in one schema of a PostgreSQL database: its log, read models, inbox, sagas and ledger, all in the
    /// same transactions.
    ///
    /// Transactions that write run one after another, in this process and in all others that use the schema; those that wait
    /// share a commit. When a write returns, it is on the server's disk. Readers see the last commit and wait for nobody.
    public final class PostgreSQLStore: Sendable {
        /// How the schema is used.
        public struct Configuration: Sendable {
            /// What the server must promise.
            public enum Durability: String, Sendable {
                /// `fsync` and `full_page_writes` are on, or the store is not opened; `synchronous_commit` is at least on.
                case full
                /// Whatever the server is set to: for tests.
                case server
            }

            /// Default: ``Durability/full``.
            public var durability = Durability.full
            /// How many transactions may share one commit, at least 1. Default: 256.
            public var maximumBatch = 256
            /// How many transactions may wait for the writer before more are refused, at least 1. Default: 4,096.
            public var maximumPending = 4_096
            /// How long another process's commit may go unnoticed when its notification is lost. At least 10 milliseconds.
            /// Default: 1 second.
            public var pollInterval = Duration.seconds(1)

            public init() {}
        }

        /// Whose log this is.
        public let source: EventSource
        private let database: PostgreSQLDatabase
        private let log: PostgreSQLLog
        private let writer: PostgreSQLWriter
        private let commits: CommitSignal
        private let listener: CommitListener

        /// Opens or creates the schema, brings its tables up to date, and checks that it is what it should be.
        ///
        /// - Parameters:
        ///   - schema: the schema's name; the service's by default.
        ///   - service: the service that owns it; a schema of another service is refused.
        ///   - migrations: the tables of the kit modules and of the service, in order, in the dialect of SQLite or PostgreSQL.
        ///   - ids: draws the epoch of a new log.
        /// - Throws: ``EventStoreError``: `corrupt` for a schema that is no such log, `newerSchema`, `unavailable` when the
        ///   server cannot be reached or would not keep what it acknowledges.
        public static func open(
            _ database: PostgreSQLDatabase, schema: String? = nil, service: String, migrations: [Migration] = [],
            configuration: Configuration = Configuration(), ids: IDSource = .system,
        ) async throws -> PostgreSQLStore {
            let schema = schema ?? service
            do {
                let (source, head) = try await database.writers.lend { connection in
                    if configuration.durability == .full {
                        try PostgreSQLSchema.requireDurability(connection, database: database.name)
                    }
                    do {
                        let source = try PostgreSQLSchema.prepare(
                            connection, schema: schema, service: service, migrations: migrations, ids: ids)
                        let log = PostgreSQLLog(database: database.name, schema: schema, source: source)
                        return (source, try log.read(connection) { try $0.head() })
                    } catch {
                        connection.abandon()
                        throw error
                    }
                }
                return PostgreSQLStore(database, schema, source, head, configuration)
            } catch let error as PostgreSQLError {
                throw EventStoreError(error, database: database.name)
            }
        }

        private init(
            _ database: PostgreSQLDatabase, _ schema: String, _ source: EventSource, _ head: Position,
            _ configuration: Configuration,
        ) {
            let commits = CommitSignal()
            commits.committed(upTo: head)
            let log = PostgreSQLLog(database: database.name, schema: schema, source: source)
            let listener = CommitListener(
                database.options, log: log, commits: commits, pollInterval: configuration.pollInterval,
                time: database.time)
            self.source = source
            self.database = database
            self.commits = commits
            self.log = log
            self.listener = listener
            self.writer = PostgreSQLWriter(pool: database.writers, log: log, configuration: configuration) { head in
                commits.committed(upTo: head)
                listener.tellOthers(head)
            }
        }

        /// Transactions on this log.
        public var transactor: Transactor<PostgreSQLUnit> {
            Transactor(commits: self.commits) { mode, body in
                switch mode {
                case .write: try await self.writer.run(PostgreSQLWriter.Job(body: body))
                case .read: try await self.read(body)
                }
            }
        }

        /// Appends events as a transaction of their own. Of all ways to write it is the fastest: what many ask for at one time
        /// takes two round trips to the server.
        /// - Throws: as ``UnitOfWork/append(_:to:expecting:)``.
        @discardableResult
        public func append(
            _ events: [NewEvent], to stream: StreamID, expecting: ExpectedVersion,
        ) async throws -> AppendResult {
            let job = PostgreSQLWriter.Job(streams: [stream]) {
                try $0.append(events, to: stream, expecting: expecting)
            }
            guard let result = try await self.writer.run(job) as? AppendResult else {
                preconditionFailure("an append gives the end of its stream")
            }
            return result
        }

        /// How many transactions and commits the writer has made since the start.
        public var statistics: WriterStatistics { self.writer.statistics }

        private func read(
            _ body: @escaping @Sendable (PostgreSQLUnit) throws -> any Sendable
        ) async throws -> any Sendable {
            let log = self.log
            do {
                return try await self.database.readers.lend { connection in try log.read(connection, body) }
            } catch {
                throw log.explained(error)
            }
        }
    }

    /// What a writer has done since the start.
    public struct WriterStatistics: Hashable, Sendable {
        /// Transactions that were kept.
        public var transactions = 0
        /// Commits that they shared.
        public var commits = 0
        /// Transactions that wait for their turn now.
        public var waiting = 0
    }
#endif
