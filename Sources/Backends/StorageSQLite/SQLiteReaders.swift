import Essentials
import EventSourcing
import GRDB
import Synchronization

/// The connections that reading transactions run on, each with a thread of its own. More are opened while all are busy, up
/// to a number; then whoever comes waits for the next that is free, in the order of coming.
final class SQLiteReaders: Sendable {
    private struct Reader: Sendable {
        let queue: DatabaseQueue
        let executor: any BlockingExecutor
        var idleSince = Tick.distantPast
    }

    private struct State {
        /// The one that was busy last is the last: those at the beginning are hardly needed.
        var idle: [Reader]
        /// Open ones, and those about to be.
        var count = 1
        var waiting: [CheckedContinuation<Reader, Never>] = []
    }

    /// How long a connection may have nothing to do before it is closed. One stays.
    private static let patience = Duration.seconds(30)

    /// The only one there is, when its executor was given: that one keeps the order.
    private let single: Reader?
    private let state: Mutex<State>
    private let path: String
    private let name: String
    private let configuration: SQLiteStore.Configuration
    private let limit: Int
    private let time: TimeSource

    /// - Parameters:
    ///   - first: is open already.
    ///   - executor: where all readings run; nil for threads of their own.
    init(
        _ first: DatabaseQueue, path: String, name: String, configuration: SQLiteStore.Configuration,
        executor: (any BlockingExecutor)?, time: TimeSource,
    ) {
        precondition(configuration.readers >= 1, "a store needs at least one reader, not \(configuration.readers)")
        let reader = Reader(queue: first, executor: executor ?? DedicatedThread(name: name))
        self.single = executor == nil ? nil : reader
        self.state = Mutex(State(idle: [reader]))
        self.path = path
        self.name = name
        self.configuration = configuration
        // A database in memory is one connection.
        self.limit = path == ":memory:" ? 1 : configuration.readers
        self.time = time
    }

    /// Runs a reading transaction.
    func read(_ body: @escaping @Sendable (Database) throws -> any Sendable) async throws -> any Sendable {
        if let single { return try await self.run(body, on: single) }
        let reader = try await self.take()
        defer { self.giveBack(reader) }
        return try await self.run(body, on: reader)
    }

    private func run(
        _ body: @escaping @Sendable (Database) throws -> any Sendable, on reader: Reader,
    ) async throws -> any Sendable {
        let (path, queue) = (self.path, reader.queue)
        return try await reader.executor.run {
            do {
                return try queue.read(body)
            } catch let error as DatabaseError {
                throw EventStoreError(error, path: path)
            }
        }
    }

    private func take() async throws -> Reader {
        let (idle, opens) = self.state.withLock { state -> (Reader?, Bool) in
            if let reader = state.idle.popLast() { return (reader, false) }
            guard state.count < self.limit else { return (nil, false) }
            state.count += 1
            return (nil, true)
        }
        if let idle { return idle }
        if opens { return try await self.open() }
        return await withCheckedContinuation { continuation in
            let idle = self.state.withLock { state -> Reader? in
                if let reader = state.idle.popLast() { return reader }
                state.waiting.append(continuation)
                return nil
            }
            if let idle { continuation.resume(returning: idle) }
        }
    }

    private func open() async throws -> Reader {
        let (path, configuration) = (self.path, self.configuration)
        let executor = DedicatedThread(name: self.name)
        do {
            let queue = try await executor.run {
                try SQLiteConnection.open(path, configuration, readOnly: true)
            }
            return Reader(queue: queue, executor: executor)
        } catch {
            self.state.withLock { $0.count -= 1 }
            guard let error = error as? DatabaseError else { throw error }
            throw EventStoreError(error, path: path)
        }
    }

    private func giveBack(_ reader: Reader) {
        let now = self.time.now
        let (waiter, surplus) = self.state.withLock { state -> (CheckedContinuation<Reader, Never>?, Reader?) in
            guard state.waiting.isEmpty else { return (state.waiting.removeFirst(), nil) }
            var reader = reader
            reader.idleSince = now
            state.idle.append(reader)
            guard state.count > 1, now - state.idle[0].idleSince >= Self.patience else { return (nil, nil) }
            state.count -= 1
            return (nil, state.idle.removeFirst())
        }
        waiter?.resume(returning: reader)
        // Closing waits for nobody: it has nothing to do.
        withExtendedLifetime(surplus) {}
    }
}
