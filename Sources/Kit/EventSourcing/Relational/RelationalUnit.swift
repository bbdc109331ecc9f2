/// A value in a column.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// One row of a result.
public struct SQLRow: Hashable, Sendable {
    private let columns: [String]
    private let values: [SQLValue]

    public init(columns: [String], values: [SQLValue]) {
        precondition(columns.count == values.count, "a row has \(columns.count) names and \(values.count) values")
        self.columns = columns
        self.values = values
    }

    /// The value of a column. Naming one that the statement does not select is a programmer's mistake.
    public subscript(_ column: String) -> SQLValue {
        guard let index = self.columns.firstIndex(of: column) else {
            preconditionFailure("no column '\(column)' among \(self.columns.joined(separator: ", "))")
        }
        return self.values[index]
    }

    /// - Throws: `EventStoreError.corrupt` when the column holds something else.
    public func integer(_ column: String) throws -> Int64 {
        guard case .integer(let value) = self[column] else { throw self.mismatch(column, "an integer") }
        return value
    }

    public func text(_ column: String) throws -> String {
        guard case .text(let value) = self[column] else { throw self.mismatch(column, "a text") }
        return value
    }

    public func blob(_ column: String) throws -> [UInt8] {
        guard case .blob(let value) = self[column] else { throw self.mismatch(column, "a blob") }
        return value
    }

    public func optionalText(_ column: String) throws -> String? {
        if case .null = self[column] { return nil }
        return try self.text(column)
    }

    public func optionalInteger(_ column: String) throws -> Int64? {
        if case .null = self[column] { return nil }
        return try self.integer(column)
    }

    public func optionalBlob(_ column: String) throws -> [UInt8]? {
        if case .null = self[column] { return nil }
        return try self.blob(column)
    }

    private func mismatch(_ column: String, _ wanted: String) -> EventStoreError {
        EventStoreError(.corrupt, "column \(column) should hold \(wanted), found \(self[column])")
    }
}

/// A unit of work that also reaches the tables of the service's own read models.
public protocol RelationalUnit: UnitOfWork {
    /// Runs one statement with `?` placeholders. Returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Runs one query with `?` placeholders and returns all its rows: put a `LIMIT` into it.
    func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow]
}

extension RelationalUnit {
    @discardableResult
    public func execute(_ sql: String) throws -> Int { try self.execute(sql, []) }

    public func query(_ sql: String) throws -> [SQLRow] { try self.query(sql, []) }
}

/// One step in the life of a database's tables. Steps are immutable once released and only go forward.
public struct Migration: Hashable, Sendable {
    /// Unique and stable, in order of application: `orders/001-summaries`.
    public var name: String
    /// Statements, each run once, in this order, in one transaction with the record that they ran.
    public var statements: [String]

    public init(_ name: String, _ statements: [String]) {
        self.name = name
        self.statements = statements
    }
}
