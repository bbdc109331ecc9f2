public import Essentials
public import EventSourcing
import GRDB

/// Files that SQLite reaches through a VFS other than the operating system's: a simulated disk, say. A store keeps its own
/// alive.
public protocol SQLiteFileSystem: Sendable {
    /// The name under which it is registered with SQLite.
    var name: String { get }
}

/// A service's database in one SQLite file: its log, read models, inbox, sagas and ledger, all in the same transactions.
///
/// One writer with group commit: transactions that arrive while the disk is busy share the next flush. WAL,
/// `synchronous=FULL` by default: when a write returns, it survives the loss of power. Readers see the last commit and
/// never wait for the writer.
public final class SQLiteStore: Sendable {
    /// How the file is opened.
    public struct Configuration: Sendable {
        /// When a commit counts as done.
        public enum Durability: String, Sendable {
            /// After the write-ahead log has been flushed to the disk.
            case full
            /// After it has been handed to the operating system: the last commits may be lost with power, not with the process.
            case normal
        }

        /// Default: ``Durability/full``.
        public var durability = Durability.full
        /// Opens the file for reading only; nothing is created or migrated. Default: false.
        public var isReadOnly = false
        /// How many transactions may share one commit, at least 1. Default: 256.
        public var maximumBatch = 256
        /// How long a commit waits for others at most while several writers are at work. One writer alone never waits.
        /// Zero: no commit waits, not even as long as its writer has patience; so it is for a database in memory and with
        /// an executor that was given. 0 to 100 milliseconds. Default: 4 milliseconds.
        public var gatherDelay = Duration.milliseconds(4)
        /// How many transactions may wait for the writer before more are refused, at least 1. Default: 4,096.
        public var maximumPending = 4_096
        /// How many reading transactions may run at one time, each on a connection and a thread of its own, which are opened
        /// when they are needed. One for a database in memory and with an executor that was given. At least 1. Default: 4.
        public var readers = 4
        /// The page cache of each connection. Default: 1 MiB.
        public var pageCache = ByteCount.mebibytes(1)
        /// How long to wait for another process that holds the file, 0 or more. Default: 5 seconds.
        public var busyTimeout = Duration.seconds(5)
        /// Where the file is. Default: nil, the operating system's files.
        public var fileSystem: (any SQLiteFileSystem)?

        public init() {}
    }

    /// Whose log this is.
    public let source: EventSource
    /// The file, or `:memory:`.
    public let path: String

    // Closed in this order: the writer, closed last, moves the rest of the write-ahead log into the file.
    private let readers: SQLiteReaders
    private let writer: GroupCommitWriter
    private let commits: CommitSignal
    private let isReadOnly: Bool

    /// Opens or creates a database, brings its tables up to date, and checks that it is what it should be.
    ///
    /// - Parameters:
    ///   - path: the file, or `:memory:` for a database that ends with the store.
    ///   - service: the service that owns it; a file of another service is refused.
    ///   - migrations: the tables of the kit modules and of the service, in order.
    ///   - ids: draws the epoch of a new database.
    ///   - writeExecutor: where transactions run that write; a thread of their own by default.
    ///   - readExecutor: where the others run.
    ///   - time: by which commits wait for each other.
    /// - Throws: ``EventStoreError``: `corrupt` for a file that is no such database, `newerSchema`, `locked`,
    ///   `unavailable` when it cannot be opened.
    public init(
        path: String, service: String, migrations: [Migration] = [], configuration: Configuration = Configuration(),
        ids: IDSource = .system, writeExecutor: (any BlockingExecutor)? = nil,
        readExecutor: (any BlockingExecutor)? = nil, time: TimeSource = .system,
    ) throws {
        let commits = CommitSignal()
        self.path = path
        self.commits = commits
        self.isReadOnly = configuration.isReadOnly
        do {
            let queue = try SQLiteConnection.open(path, configuration, readOnly: configuration.isReadOnly)
            let isSound =
                try configuration.isReadOnly || path == ":memory:" || queue.inDatabase { try $0.foldLog() }
            self.source = try SQLiteSchema.prepare(
                queue, service: service, migrations: SQLiteSchema.base + migrations,
                readOnly: configuration.isReadOnly, ids: ids)
            let sharedExecutor = path == ":memory:" ? writeExecutor : nil
            let reader = try path == ":memory:" ? queue : SQLiteConnection.open(path, configuration, readOnly: true)
            self.readers = SQLiteReaders(
                reader, path: path, name: "\(service)-read", configuration: configuration,
                executor: readExecutor ?? sharedExecutor, time: time)
            let head = try queue.read { try Int64.fetchOne($0, sql: "SELECT max(position) FROM events") ?? 0 }
            commits.committed(upTo: Position(head))
            let executor = writeExecutor ?? DedicatedThread(name: "\(service)-write")
            var pace = configuration
            // Nothing to share where nothing is flushed; and a given executor may have a time of its own.
            if writeExecutor != nil || path == ":memory:" { pace.gatherDelay = .zero }
            self.writer = GroupCommitWriter(
                queue: queue, source: self.source, configuration: pace, executor: executor, commits: commits,
                isLogSound: isSound, time: time)
        } catch let error as DatabaseError {
            throw EventStoreError(error, path: path)
        }
    }

    /// Transactions on this database.
    public var transactor: Transactor<SQLiteUnit> {
        Transactor(commits: self.commits) { mode, body in
            switch mode {
            case .write where self.isReadOnly:
                throw EventStoreError(.readOnly, "\(self.path) was opened for reading only")
            case .write: try await self.writer.run(body)
            case .read: try await self.read(body)
            }
        }
    }

    /// How many transactions and commits the writer has made since the start.
    public var statistics: WriterStatistics { self.writer.statistics }

    private func read(_ body: @escaping @Sendable (SQLiteUnit) throws -> any Sendable) async throws -> any Sendable {
        let source = self.source
        return try await self.readers.read { try body(SQLiteUnit($0, source: source, mode: .read)) }
    }
}
