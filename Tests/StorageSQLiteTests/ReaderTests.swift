import Dispatch
import EventSourcing
import StorageSQLite
import Synchronization
import Testing

/// Counts who is in a reading transaction, and keeps them there until as many are in it as are awaited.
private final class Meeting: Sendable {
    private let state = Mutex((inside: 0, most: 0))
    private let complete = DispatchSemaphore(value: 0)
    private let size: Int

    init(of size: Int) {
        self.size = size
    }

    var most: Int { self.state.withLock(\.most) }

    /// Blocks until all are here.
    func attend() {
        let isLast = self.state.withLock { state in
            state.inside += 1
            state.most = max(state.most, state.inside)
            return state.inside == self.size
        }
        if isLast { for _ in 0..<self.size { self.complete.signal() } }
        self.complete.wait()
        self.state.withLock { $0.inside -= 1 }
    }
}

@Suite("Readers of a database", .timeLimit(.minutes(1)))
struct ReaderTests {
    private let directory: TestDirectory

    init() throws {
        self.directory = try TestDirectory()
    }

    private func store(readers: Int) throws -> SQLiteStore {
        var configuration = SQLiteStore.Configuration()
        configuration.readers = readers
        return try SQLiteStore(path: self.directory.path("log.sqlite"), service: "test", configuration: configuration)
    }

    @Test(arguments: [1, 2, 5])
    func `run side by side, as many as are allowed and no more`(readers: Int) async throws {
        let store = try self.store(readers: readers)
        let meeting = Meeting(of: readers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Twice as many as fit: the second half meets when the first has left.
            for _ in 0..<2 * readers { group.addTask { try await store.transactor.read { _ in meeting.attend() } } }
            try await group.waitForAll()
        }
        #expect(meeting.most == readers)
    }

    @Test func `each sees what was committed before it began, whichever connection it has`() async throws {
        let store = try self.store(readers: 3)
        _ = try await store.transactor.write { try $0.execute("CREATE TABLE notes (text TEXT)", []) }
        for count in 1...20 {
            _ = try await store.transactor.write { try $0.execute("INSERT INTO notes VALUES ('x')", []) }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await store.transactor.read { try $0.query("SELECT text FROM notes", []).count }
                    }
                }
                for try await seen in group { #expect(seen == count) }
            }
        }
    }

    @Test func `a reading that throws gives its connection back`() async throws {
        struct Stop: Error {}
        let store = try self.store(readers: 1)
        for _ in 0..<3 {
            await #expect(throws: Stop.self) { try await store.transactor.read { _ in throw Stop() } }
        }
        #expect(try await store.transactor.read { _ in 7 } == 7)
    }
}
