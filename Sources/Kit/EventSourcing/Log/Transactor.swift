/// Whether a transaction may write.
public enum TransactionMode: Hashable, Sendable {
    case read
    case write
}

/// How long the commits of a task may wait for others to share a flush with. Read by stores; set by
/// ``Transactor/write(patience:_:)``, whatever stands between the two.
public enum CommitPatience {
    /// Default: zero.
    @TaskLocal public static var current = Duration.zero
}

/// Runs closures as transactions on one database.
///
/// `Unit` is the set of stores that a transaction reaches, such as `any UnitOfWork` or `any UnitOfWork & LedgerUnit`;
/// ``map(_:)`` narrows it.
///
/// ```swift
/// let version = try await transactor.write { unit in
///     try unit.append([event], to: stream, expecting: .exactly(.zero)).version
/// }
/// ```
public struct Transactor<Unit>: Sendable {
    private let perform:
        @Sendable (TransactionMode, @escaping @Sendable (Unit) throws -> any Sendable) async throws -> any Sendable

    /// Tells when something has been committed.
    public let commits: CommitSignal

    /// - Parameter perform: runs the closure in a transaction of its own and returns after the commit is durable. When
    ///   the closure throws, nothing that it wrote is kept and its error is thrown unchanged.
    public init(
        commits: CommitSignal,
        perform:
            @escaping @Sendable (TransactionMode, @escaping @Sendable (Unit) throws -> any Sendable) async throws ->
            any Sendable,
    ) {
        self.commits = commits
        self.perform = perform
    }

    /// Runs `body` in a writing transaction. When this returns, what `body` wrote is durable.
    ///
    /// Cancelling the task does not undo a transaction that has begun.
    /// - Throws: what `body` throws, unchanged and with nothing kept, or an ``EventStoreError``.
    public func write<Value: Sendable>(_ body: @escaping @Sendable (Unit) throws -> Value) async throws -> Value {
        try await self.run(.write, body)
    }

    /// Runs `body` in a writing transaction that nobody waits for: its commit may come up to `patience` later, so that it
    /// can share the flush of another one. When this returns, what `body` wrote is durable all the same.
    ///
    /// For followers of logs, outboxes and other work in the background. A store that flushes nothing, and one that
    /// cannot wait, commits at once.
    /// - Parameter patience: 0 or more; beyond some 10 milliseconds it saves little.
    /// - Throws: as ``write(_:)``.
    public func write<Value: Sendable>(
        patience: Duration, _ body: @escaping @Sendable (Unit) throws -> Value,
    ) async throws -> Value {
        try await CommitPatience.$current.withValue(patience) { try await self.run(.write, body) }
    }

    /// Runs `body` in a reading transaction: it sees one consistent state of the database.
    public func read<Value: Sendable>(_ body: @escaping @Sendable (Unit) throws -> Value) async throws -> Value {
        try await self.run(.read, body)
    }

    private func run<Value: Sendable>(
        _ mode: TransactionMode, _ body: @escaping @Sendable (Unit) throws -> Value,
    ) async throws -> Value {
        let result = try await self.perform(mode, body)
        guard let value = result as? Value else {
            preconditionFailure("the store returned a \(type(of: result)) for a transaction that gave a \(Value.self)")
        }
        return value
    }

    /// The same database, its reading transactions let in by `admit`: a bound on how many there are at one time, say.
    /// - Parameter admit: runs what it is given and returns what that returns, or throws without having run it.
    public func admittingReads(
        _ admit:
            @escaping @Sendable (_ reading: @Sendable () async throws -> any Sendable) async throws -> any Sendable,
    ) -> Transactor {
        let perform = self.perform
        return Transactor(commits: self.commits) { mode, body in
            switch mode {
            case .read: try await admit { try await perform(mode, body) }
            case .write: try await perform(mode, body)
            }
        }
    }

    /// The same database, its transactions seen as `Narrow`.
    public func map<Narrow>(_ narrow: @escaping @Sendable (Unit) -> Narrow) -> Transactor<Narrow> {
        let perform = self.perform
        return Transactor<Narrow>(commits: self.commits) { mode, body in
            try await perform(mode) { try body(narrow($0)) }
        }
    }
}
