import Essentials
import EssentialsTesting
import EventSourcing
import EventSourcingTesting
import Foundation
import GRDB
import StorageSQLite
import Synchronization
import Testing

/// What a crash leaves: the files as they are at one instant. Each image is opened again and must hold whole
/// transactions, none of those missing that were acknowledged by then.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    private static let table = Migration("test/001-tally", ["CREATE TABLE tally (events INTEGER NOT NULL) STRICT"])

    /// Events a transaction.
    private static let size = 3

    /// Appends to two streams, moves a checkpoint and writes a row; tells of each statement that is over.
    private static func transaction(
        _ number: Int, _ sample: SampleEvents, _ streams: [StreamID], padding: Int = 0,
        between: @escaping @Sendable () throws -> Void = {},
    ) -> @Sendable (SQLiteUnit) throws -> Void {
        var events = sample.events(Self.size)
        for index in events.indices {
            events[index].data = Array(#"{"text":"\#(String(repeating: "x", count: padding))"}"#.utf8)
        }
        let batch = events
        return { unit in
            try between()
            for (index, event) in batch.enumerated() {
                try unit.append([event], to: streams[index % 2], expecting: .any)
                try between()
            }
            try unit.setCheckpoint("reader", to: try unit.head())
            try between()
            try unit.execute("INSERT INTO tally VALUES (?)", [.integer(Int64(Self.size))])
            try between()
        }
    }

    /// Opens an image and says how many transactions it holds, having checked that each is whole.
    private static func transactions(
        in image: DiskImage, _ name: String, _ directory: TestDirectory, expected: [RecordedEvent],
    ) async throws -> Int {
        let store = try SQLiteStore.open(
            try image.restore(as: name, in: directory), migrations: [Self.table])
        let log = try await store.log()
        #expect(log == Array(expected.prefix(log.count)), "no prefix")
        #expect(log.count % Self.size == 0, "half a transaction")
        try await store.transactor.read { unit throws in
            #expect(try unit.checkpoint("reader").value == Int64(log.count))
            let rows = try unit.query("SELECT coalesce(sum(events), 0) AS events FROM tally")
            #expect(try rows[0].integer("events") == Int64(log.count))
        }
        // And life goes on.
        let sample = SampleEvents(seed: 77)
        let (stream, event) = (sample.stream(), sample.event())
        let end = try await store.transactor.write { try $0.append([event], to: stream, expecting: .any) }
        #expect(end.position.value == Int64(log.count) + 1)
        return log.count / Self.size
    }

    @Test(arguments: [0, 30_000])
    func `a crash between any two statements keeps what was acknowledged and nothing else`(padding: Int) async throws {
        let directory = try TestDirectory()
        let sample = SampleEvents()
        let streams = [sample.stream(), sample.stream()]
        let images = Mutex<[(acknowledged: Int, image: DiskImage)]>([])
        let take: @Sendable (Int) throws -> Void = { acknowledged in
            let image = try DiskImage(in: directory)
            images.withLock { $0.append((acknowledged, image)) }
        }
        // A small cache makes SQLite spill half-done transactions into the files.
        let store = try SQLiteStore.open(directory.path(), migrations: [Self.table]) { $0.pageCache = .kibibytes(16) }
        for number in 0..<6 {
            let body = Self.transaction(number, sample, streams, padding: padding) { try take(number) }
            try await store.transactor.write(body)
            try take(number + 1)
        }
        let expected = try await store.log()
        for (index, entry) in images.withLock({ $0 }).enumerated() {
            let count = try await Self.transactions(
                in: entry.image, "image-\(index).sqlite", directory, expected: expected)
            #expect(count == entry.acknowledged, "image \(index)")
        }
        #expect(images.withLock(\.count) == 6 * 7)
    }

    @Test func `a log that was torn at any byte holds the transactions before it, whole`() async throws {
        let directory = try TestDirectory()
        let sample = SampleEvents()
        let streams = [sample.stream(), sample.stream()]
        let store = try SQLiteStore.open(directory.path(), migrations: [Self.table])
        var lengths: [Int] = []
        for number in 0..<8 {
            try await store.transactor.write(Self.transaction(number, sample, streams))
            lengths.append(try DiskImage(in: directory).log.count)
        }
        let expected = try await store.log()
        let whole = try DiskImage(in: directory)
        // From the first of these transactions on; what is before it made the tables.
        let step = 777
        for (index, length) in stride(from: lengths[0], through: whole.log.count, by: step).enumerated() {
            var image = whole
            image.log = whole.log.prefix(length)
            let survived = lengths.count { $0 <= length }
            let count = try await Self.transactions(in: image, "torn-\(index).sqlite", directory, expected: expected)
            #expect(count == survived, "cut at \(length) of \(whole.log.count)")
        }
    }

    @Test(arguments: UInt64(1)...12)
    func `a log with a damaged frame ends before the transaction that the frame belongs to`(seed: UInt64) async throws {
        let directory = try TestDirectory()
        let sample = SampleEvents()
        let streams = [sample.stream(), sample.stream()]
        let store = try SQLiteStore.open(directory.path(), migrations: [Self.table])
        var lengths: [Int] = []
        for number in 0..<6 {
            try await store.transactor.write(Self.transaction(number, sample, streams))
            lengths.append(try DiskImage(in: directory).log.count)
        }
        let expected = try await store.log()
        var image = try DiskImage(in: directory)
        // A byte of page content: 24 bytes of frame header come before each page.
        let place = lengths[0] + 24 + Chance(seed: seed).below(image.log.count - lengths[0] - 24)
        image.log[place] ^= 0x5A
        let survived = lengths.count { $0 <= place }
        let count = try await Self.transactions(in: image, "flipped.sqlite", directory, expected: expected)
        #expect(count == survived, "byte \(place)")
    }

    @Test(arguments: UInt64(1)...12)
    func `a crash during a checkpoint loses nothing, whichever pages had been written`(seed: UInt64) async throws {
        let directory = try TestDirectory()
        let sample = SampleEvents()
        let streams = [sample.stream(), sample.stream()]
        let store = try SQLiteStore.open(directory.path(), migrations: [Self.table])
        for number in 0..<8 { try await store.transactor.write(Self.transaction(number, sample, streams)) }
        let expected = try await store.log()
        let before = try DiskImage(in: directory)
        let checkpointer = try DatabaseQueue(path: directory.path())
        try checkpointer.inDatabase { _ = try $0.checkpoint(.truncate) }
        let after = try DiskImage(in: directory)
        try #require(after.log.isEmpty && after.database.count > before.database.count)
        var chance = Chance(seed: seed)
        var mixed = DiskImage(database: after.database, log: before.log)
        for start in stride(from: 0, to: before.database.count, by: 4_096) where Bool.random(using: &chance) {
            mixed.database[start..<start + 4_096] = before.database[start..<start + 4_096]
        }
        let pages = before.database.count / 4_096 + chance.below((after.database.count - before.database.count) / 4_096)
        mixed.database = mixed.database.prefix(pages * 4_096)
        let count = try await Self.transactions(in: mixed, "mixed.sqlite", directory, expected: expected)
        #expect(count == 8)
    }

    @Test func `a crash while the tables are being made leaves a file that opens`() async throws {
        let directory = try TestDirectory()
        _ = try SQLiteStore.open(directory.path(), migrations: [Self.table])
        let store = try SQLiteStore.open(directory.path("second.sqlite"), migrations: [Self.table])
        let whole = try DiskImage(of: "second.sqlite", in: directory)
        #expect(try await store.log().isEmpty)
        for (index, length) in stride(from: 0, through: whole.log.count, by: 1_501).enumerated() {
            let image = DiskImage(database: whole.database, log: whole.log.prefix(length))
            _ = try await Self.transactions(in: image, "young-\(index).sqlite", directory, expected: [])
        }
    }
}
