import Essentials
import EventSourcing
import GRDB
import GRDBSQLite

/// One execution of a prepared statement: values go in and rows come out without boxes between them.
///
/// GRDB prepares and caches the statement; its own bindings cost an array and a box for every value, which on the
/// append path is as much as SQLite's own work.
struct StatementRun {
    private let handle: OpaquePointer
    private let connection: OpaquePointer?
    private var bound: CInt = 0
    private var failure = SQLITE_OK

    init(_ statement: Statement, on database: Database) {
        self.handle = statement.sqliteStatement
        self.connection = database.sqliteConnection
    }

    /// Whether the statement neither changes rows nor gives any: it begins or ends a transaction, or sets an option.
    var isControl: Bool { sqlite3_column_count(self.handle) == 0 && sqlite3_stmt_readonly(self.handle) != 0 }

    // MARK: Values

    /// SQLite copies what it is given at once.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    mutating func bind(_ number: Int64) {
        self.bound += 1
        self.note(sqlite3_bind_int64(self.handle, self.bound, number))
    }

    mutating func bind(_ number: Double) {
        self.bound += 1
        self.note(sqlite3_bind_double(self.handle, self.bound, number))
    }

    mutating func bindNull() {
        self.bound += 1
        self.note(sqlite3_bind_null(self.handle, self.bound))
    }

    mutating func bind(_ text: String) {
        var text = text
        text.withUTF8 { self.bind(text: $0) }
    }

    mutating func bind(_ text: String?) {
        if let text { self.bind(text) } else { self.bindNull() }
    }

    /// Bytes that are known to be UTF-8.
    mutating func bind(text bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { self.bind(text: $0) }
    }

    private mutating func bind(text bytes: UnsafeBufferPointer<UInt8>) {
        self.bound += 1
        // An empty buffer may have no address, which SQLite would take for NULL.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            self.note(sqlite3_bind_text(self.handle, self.bound, "", 0, Self.copied))
            return
        }
        let result = start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { characters in
            sqlite3_bind_text64(
                self.handle, self.bound, characters, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
        }
        self.note(result)
    }

    mutating func bind(blob bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.bind(blob: $0) }
    }

    mutating func bind(_ id: UniqueID) {
        withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { self.bind(blob: $0) }
    }

    mutating func bind(_ id: UniqueID?) {
        if let id { self.bind(id) } else { self.bindNull() }
    }

    private mutating func bind(blob bytes: UnsafeRawBufferPointer) {
        self.bound += 1
        if bytes.isEmpty {
            self.note(sqlite3_bind_zeroblob(self.handle, self.bound, 0))
        } else {
            self.note(
                sqlite3_bind_blob64(self.handle, self.bound, bytes.baseAddress, UInt64(bytes.count), Self.copied))
        }
    }

    mutating func bind(_ value: SQLValue) {
        switch value {
        case .null: self.bindNull()
        case .integer(let number): self.bind(number)
        case .real(let number): self.bind(number)
        case .text(let text): self.bind(text)
        case .blob(let bytes): self.bind(blob: bytes)
        }
    }

    private mutating func note(_ code: CInt) {
        if self.failure == SQLITE_OK { self.failure = code }
    }

    // MARK: Running

    /// To be called once all values are bound, before the first ``step()``.
    func checkBindings() throws {
        guard self.failure == SQLITE_OK else { throw self.error(self.failure) }
        let wanted = sqlite3_bind_parameter_count(self.handle)
        guard self.bound == wanted else {
            throw DatabaseError(
                resultCode: .SQLITE_MISUSE, message: "\(wanted) values are wanted, \(self.bound) were given",
                sql: String(cString: sqlite3_sql(self.handle)))
        }
    }

    /// Whether there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(self.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw self.error(code)
        }
    }

    /// Leaves the statement fit for its next run.
    func finish() {
        sqlite3_reset(self.handle)
        sqlite3_clear_bindings(self.handle)
    }

    private func error(_ code: CInt) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: self.connection.map(sqlite3_extended_errcode) ?? code),
            message: self.connection.map { String(cString: sqlite3_errmsg($0)) },
            sql: String(cString: sqlite3_sql(self.handle)))
    }

    // MARK: Columns

    func isNull(_ column: CInt) -> Bool { sqlite3_column_type(self.handle, column) == SQLITE_NULL }

    func integer(_ column: CInt) -> Int64 { sqlite3_column_int64(self.handle, column) }

    func text(_ column: CInt) -> String { String(decoding: self.characters(column), as: UTF8.self) }

    func optionalText(_ column: CInt) -> String? { self.isNull(column) ? nil : self.text(column) }

    /// The bytes of a text.
    func utf8(_ column: CInt) -> [UInt8] { Array(self.characters(column)) }

    func blob(_ column: CInt) -> [UInt8] {
        guard let start = sqlite3_column_blob(self.handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.handle, column))))
    }

    func id(_ column: CInt) throws -> UniqueID {
        let count = sqlite3_column_bytes(self.handle, column)
        guard count == 16, let start = sqlite3_column_blob(self.handle, column) else {
            throw EventStoreError(.corrupt, "an identifier has \(count) bytes instead of 16")
        }
        return UniqueID(
            high: UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    func optionalID(_ column: CInt) throws -> UniqueID? { self.isNull(column) ? nil : try self.id(column) }

    func value(_ column: CInt) -> SQLValue {
        switch sqlite3_column_type(self.handle, column) {
        case SQLITE_INTEGER: .integer(self.integer(column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(self.handle, column))
        case SQLITE_TEXT: .text(self.text(column))
        case SQLITE_BLOB: .blob(self.blob(column))
        default: .null
        }
    }

    /// The values of the current row, in the order of the statement's columns.
    var values: [SQLValue] { (0..<sqlite3_column_count(self.handle)).map(self.value) }

    private func characters(_ column: CInt) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_text(self.handle, column)
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.handle, column)))
    }
}

extension Database {
    /// Runs a statement that gives no rows, prepared once for the life of the connection.
    func run(_ sql: String) throws {
        let statement = StatementRun(try self.cachedStatement(sql: sql), on: self)
        defer { statement.finish() }
        while try statement.step() {}
    }

    /// Whether foreign keys that are checked at the commit are violated now.
    var violatesDeferredKeys: Bool {
        var current: CInt = 0
        var highest: CInt = 0
        sqlite3_db_status(self.sqliteConnection, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0)
        return current != 0
    }
}
