import Essentials
import EventSourcing
import GRDB
import GRDBSQLite

/// Opens connections with the settings that our guarantees rest on, and checks that they took.
enum SQLiteConnection {
    static func open(
        _ path: String, _ configuration: SQLiteStore.Configuration, readOnly: Bool,
    ) throws -> DatabaseQueue {
        var settings = GRDB.Configuration()
        settings.readonly = readOnly
        settings.busyMode = .timeout(configuration.busyTimeout / .seconds(1))
        settings.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -\(configuration.pageCache.bytes / 1_024)")
            try database.execute(sql: "PRAGMA foreign_keys = ON")
            // Without it a REPLACE would remove events behind the back of the trigger that forbids it.
            try database.execute(sql: "PRAGMA recursive_triggers = ON")
            guard !readOnly else { return }
            try database.execute(sql: "PRAGMA synchronous = \(configuration.durability.rawValue)")
        }
        settings.label = path
        let queue =
            path == ":memory:"
            ? try DatabaseQueue(configuration: settings)
            : try DatabaseQueue(path: Self.location(of: path, configuration), configuration: settings)
        if !readOnly, path != ":memory:" { try Self.requireDurability(queue, configuration, path: path) }
        #if PlantedFaults
            if PlantedFault.acknowledgeBeforeFlush.isPlanted, !readOnly {
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
            }
        #endif
        return queue
    }

    /// What SQLite is asked to open. https://www.sqlite.org/uri.html
    private static func location(of path: String, _ configuration: SQLiteStore.Configuration) throws -> String {
        guard let fileSystem = configuration.fileSystem?.name else { return path }
        guard sqlite3_compileoption_used("USE_URI") != 0 else {
            throw EventStoreError(
                .unavailable, "\(path) is to be on '\(fileSystem)', but this SQLite takes no 'file:' names (USE_URI)")
        }
        let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
        let escaped = path.utf8.map { byte in
            unreserved.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "file:\(escaped.joined())?vfs=\(fileSystem)"
    }

    private static func requireDurability(
        _ queue: DatabaseQueue, _ configuration: SQLiteStore.Configuration, path: String,
    ) throws {
        try queue.writeWithoutTransaction { database in
            // The setting answers before it has reached the file, and an error behind its answer would go unheard: it is
            // run to its end, and asked for again.
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
            let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            let wanted = configuration.durability == .full ? 2 : 1
            guard journal == "wal", synchronous == wanted else {
                throw EventStoreError(
                    .unavailable,
                    "\(path) cannot be made durable: journal_mode is \(journal ?? "unknown"), synchronous is \(synchronous ?? -1)"
                )
            }
        }
    }
}

extension Database {
    /// Moves all of the write-ahead log into the file and lets the log begin again, with every byte of it written anew.
    ///
    /// To be done whenever the log may hold what looks written and is not: after a sync that failed, which Linux answers
    /// by taking the data for written, and in a log that a process before this one left (Rebello et al., "Can
    /// Applications Recover from fsync Failures?", 2020). What would be appended to it could be lost with it.
    ///
    /// - Returns: false when a reader is in the way.
    func foldLog() throws -> Bool {
        do {
            _ = try self.checkpoint(.truncate)
            return true
        } catch let error as DatabaseError {
            guard error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED else { throw error }
            return false
        }
    }
}

extension DatabaseQueue {
    /// The path that the store was given, for messages.
    var file: String { self.configuration.label ?? self.path }
}

extension EventStoreError {
    /// What an SQLite error means to a caller.
    init(_ error: DatabaseError, path: String) {
        let reason = error.message ?? "result code \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.diskFull, "no room is left for \(path); nothing of the transaction was kept")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(.corrupt, "\(path) is damaged or no database: \(reason)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.locked, "\(path) is held by another process: \(reason)")
        case .SQLITE_READONLY:
            self.init(.readOnly, "\(path) cannot be written: \(reason)")
        case .SQLITE_CANTOPEN:
            self.init(.unavailable, "\(path) cannot be opened: \(reason)")
        default:
            self.init(.unavailable, "\(path): \(reason) (SQLite \(error.extendedResultCode.rawValue))")
        }
    }
}
