public import Essentials
import Synchronization

/// A request to add one, under a key that its sender repeats when it does not know what became of it.
public struct Increment: Sendable {
    public var key: UniqueID

    public init(key: UniqueID) {
        self.key = key
    }
}

/// What the counter is kept in. It survives the process.
public protocol Journal: Sendable {
    var keys: [UniqueID] { get }
    func append(_ key: UniqueID)
}

/// Counts, once for each key.
public final class Counter: Sendable {
    private let journal: any Journal
    private let seen: Mutex<Set<UniqueID>>

    public init(journal: any Journal) {
        self.journal = journal
        self.seen = Mutex(Set(journal.keys))
    }

    public func handle(_ request: Increment) -> Int {
        self.seen.withLock { seen in
            if seen.insert(request.key).inserted { self.journal.append(request.key) }
            return seen.count
        }
    }
}

/// Increments until an answer comes, under one key.
public struct CounterClient: Sendable {
    public var send: @Sendable (Increment) async throws -> Int
    public var time: TimeSource
    public var ids: IDSource

    public init(time: TimeSource, ids: IDSource, send: @escaping @Sendable (Increment) async throws -> Int) {
        self.time = time
        self.ids = ids
        self.send = send
    }

    public func increment() async throws -> Int {
        let request = Increment(key: self.ids.next())
        while true {
            do { return try await self.send(request) } catch is CancellationError { throw CancellationError() } catch {
                try await self.time.sleep(for: .milliseconds(200))
            }
        }
    }
}
