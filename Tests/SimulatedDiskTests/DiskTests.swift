import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import StorageSQLite
import StorageSQLiteTesting
import Synchronization
import Testing

/// The disk itself.
@Suite(.timeLimit(.minutes(10)))
struct DiskTests {
    // MARK: Determinism

    /// What a run with all kinds of faults left, as text that two runs can be compared by.
    private static func story(seed: UInt64, withBytes: Bool = false) async throws -> String {
        let faults = Mutex<[String]>([])
        var configuration = SimulatedDisk.Configuration(seed: seed)
        configuration.faults = .honest(0.01)
        configuration.faults.lyingSync = 0.05
        configuration.faults.bitRot = 0.001
        configuration.latency.write = .init(.microseconds(5), jitter: .microseconds(50))
        let disk = SimulatedDisk(configuration) { fault in
            faults.withLock { $0.append("\(fault)") }
            return true
        }
        var run = CrashRun(on: disk, seed: seed, largest: 5_000)
        for _ in 0..<4 {
            guard let store = try? run.open() else {
                disk.crash()
                continue
            }
            disk.crash(beforeChange: 300)
            for _ in 0..<15 { try await run.step(store) }
            disk.crash()
        }
        let counters = disk.counters
        var lines = faults.withLock { $0 }
        lines.append("digest \(disk.digest), trace \(disk.traceDigest), latency \(disk.takeLatency())")
        lines.append("\(counters.operations) operations, \(counters.sectorsLost) of \(counters.sectorsKept) lost")
        if withBytes {
            lines += disk.files().sorted { $0.key < $1.key }.map { name, bytes in
                "\(name) \(bytes.count) \(bytes.reduce(UInt64(5_381)) { $0 &* 33 &+ UInt64($1) })"
            }
        }
        return lines.joined(separator: "\n")
    }

    @Test func `the same seed gives the same files and faults, and another gives others`() async throws {
        var stories: Set<String> = []
        for seed in UInt64(1)...10 {
            let story = try await Self.story(seed: seed)
            #expect(story == (try await Self.story(seed: seed)))
            stories.insert(story)
        }
        #expect(stories.count == 10)
        for fault in ["readError #", "writeError #", "syncError #", "lyingSync #", "powerLoss #"] {
            #expect(stories.contains { $0.contains(fault) }, "no \(fault)")
        }
    }

    /// The variable that tells a child of the test below where to write.
    private static let childVariable = "SIMULATED_DISK_STORY"

    @Test(.enabled(if: ProcessInfo.processInfo.environment[Self.childVariable] != nil, "only as a child"))
    func `tells its story`() async throws {
        let path = try #require(ProcessInfo.processInfo.environment[Self.childVariable])
        let story = try await Self.story(seed: 7, withBytes: true)
        try story.write(toFile: path, atomically: true, encoding: .utf8)
    }

    #if os(Linux)
        @Test func `the same seed gives the same bytes in two processes`() async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "disk-\(IDSource.system.next())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            var stories: [String] = []
            for number in 0..<2 {
                let file = folder.appending(path: "\(number)")
                let child = Process()
                child.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                child.arguments = ["--testing-library", "swift-testing", "--filter", "tells its story"]
                child.environment = ProcessInfo.processInfo.environment.merging([Self.childVariable: file.path]) { $1 }
                child.standardOutput = FileHandle.nullDevice
                try child.run()
                child.waitUntilExit()
                stories.append(try String(contentsOf: file, encoding: .utf8))
            }
            #expect(stories[0] == stories[1])
            // Salts and checksums of the log included: this process has one thread at a time on SQLite.
            #expect(stories[0].contains("log.sqlite-wal "))
        }
    #endif

    // MARK: Incarnations

    @Test func `what was open when the power went is dead, and closing it changes nothing`() async throws {
        let disk = SimulatedDisk(.init(seed: 1))
        var run = CrashRun(on: disk)
        var old: SQLiteStore? = try run.open()
        for _ in 0..<3 { try await run.step(try #require(old)) }
        disk.crash(.nothing)
        let digest = disk.digest
        try await run.step(try #require(old))
        #expect(run.refused == [4: .unavailable])
        await #expect(throws: EventStoreError.self) { _ = try await old?.log() }
        let new = try run.open()
        let opened = disk.digest
        old = nil
        #expect(disk.counters.deadHandles == 0)
        #expect(disk.digest == opened && digest != 0)
        for _ in 0..<3 { try await run.step(new) }
        #expect(run.acknowledged.count == 6)
        #expect(await run.anomalies() == [])
    }

    @Test func `the end of a process loses nothing, synced or not, and ends nothing else`() async throws {
        let disk = SimulatedDisk(.init(seed: 1))
        let other = try disk.open("other.sqlite")
        var run = CrashRun(on: disk) { $0.durability = .normal }
        let store = try run.open()
        for _ in 0..<3 { try await run.step(store) }
        disk.kill("log.sqlite")
        try await run.step(store)
        #expect(run.refused == [4: .unavailable])
        #expect(await run.anomalies() == [])
        #expect(try await other.log().isEmpty)
        let again = try run.open()
        try await run.step(again)
        #expect(run.acknowledged.count == 4)
        disk.kill()
        await #expect(throws: EventStoreError.self) { _ = try await other.log() }
        #expect(await run.anomalies() == [])
    }

    @Test func `thousands of crashes leave no memory behind`() async throws {
        let disk = SimulatedDisk(.init(seed: 3))
        let stream = StreamID(category: "count", aggregateID: UniqueID(high: 1, low: 1))
        for number in 0..<2_000 {
            let store = try disk.open(seed: UInt64(number))
            let event = NewEvent(
                id: UniqueID(high: 1, low: UInt64(number)), type: "Counted", schemaVersion: 1,
                timestamp: Timestamp(milliseconds: 0), metadata: EventMetadata(correlationID: stream.aggregateID),
                data: Array("{}".utf8))
            let end = try await store.transactor.write { try $0.append([event], to: stream, expecting: .any) }
            #expect(end.position.value == Int64(number + 1))
            disk.crash()
        }
        let counters = disk.counters
        #expect(counters.crashes == 2_000)
        #expect(counters.openHandles + counters.deadHandles == 0)
        #expect(counters.bytesUnsynced == 0)
        #expect(counters.bytesStored < 3_000_000)
    }

    @Test func `a disk that hears of a fault may be crashed by who hears it`() async throws {
        let box = Mutex<SimulatedDisk?>(nil)
        let disk = SimulatedDisk(.init(seed: 1)) { _ in
            box.withLock { $0 }?.crash(.everything)
            return false
        }
        defer { box.withLock { $0 = nil } }
        for faults in [DiskFaults.honest(1), Self.lies] {
            var run = CrashRun(on: disk, seed: 2)
            let store = try run.open()
            box.withLock { $0 = disk }
            disk.setFaults(faults)
            let crashes = disk.counters.crashes
            try await run.step(store)
            #expect(disk.counters.crashes > crashes)
            #expect(run.refused == [1: .unavailable])
            disk.setFaults(.none)
            #expect(await run.anomalies() == [])
        }
    }

    private static var lies: DiskFaults {
        var faults = DiskFaults()
        faults.lyingSync = 1
        faults.shortRead = 1
        faults.bitRot = 1
        return faults
    }

    // MARK: The world

    @Test func `two disks have nothing in common, and two databases of a disk have its power`() async throws {
        let (one, two) = (SimulatedDisk(), SimulatedDisk())
        let stores = [try one.open("a.sqlite"), try one.open("b c?&.sqlite"), try two.open("a.sqlite")]
        #expect(one.files().keys.contains("b c?&.sqlite") && !two.files().keys.contains("b c?&.sqlite"))
        one.crash()
        await #expect(throws: EventStoreError.self) { _ = try await stores[0].log() }
        await #expect(throws: EventStoreError.self) { _ = try await stores[1].log() }
        #expect(try await stores[2].log().isEmpty)
    }

    @Test func `time is what the simulation says it is`() async throws {
        let clock = ManualWallClock()
        let disk = SimulatedDisk(.init(), wallClock: clock.wallClock)
        let store = try disk.open()
        for _ in 0..<2 {
            let seconds = try await store.transactor.read {
                try $0.query("SELECT CAST(strftime('%s', 'now') AS INTEGER) AS now")[0].integer("now")
            }
            #expect(seconds == clock.now.seconds)
            clock.advance(by: .seconds(86_400))
        }
    }

    @Test func `operations take the time that they are given`() throws {
        var configuration = SimulatedDisk.Configuration()
        configuration.latency.sync = .init(.milliseconds(2))
        let disk = SimulatedDisk(configuration)
        _ = try disk.open()
        #expect(disk.takeLatency() == .milliseconds(2) * disk.counters.syncs)
        #expect(disk.takeLatency() == .zero)
    }

    @Test func `a fault that is not allowed does not happen`() async throws {
        let heard = Mutex(0)
        var configuration = SimulatedDisk.Configuration(seed: 1)
        configuration.faults = .honest(0.5)
        let disk = SimulatedDisk(configuration) { _ in
            heard.withLock { $0 += 1 }
            return false
        }
        var run = CrashRun(on: disk)
        let store = try run.open()
        for _ in 0..<3 { try await run.step(store) }
        #expect(run.acknowledged.count == 3)
        #expect(disk.counters.faults.isEmpty)
        #expect(heard.withLock { $0 } > 20)
    }

    @Test func `a fork is read without touching what it was made from`() async throws {
        let disk = SimulatedDisk(.init(seed: 1))
        var run = CrashRun(on: disk)
        let store = try run.open()
        for _ in 0..<3 { try await run.step(store) }
        let digest = disk.digest
        let expected = try await store.log()
        let trace = disk.traceDigest
        let fork = disk.fork()
        #expect(fork.digest == digest)
        let reader = try fork.open(migrations: CrashRun.migrations) { $0.isReadOnly = true }
        #expect(try await reader.log() == expected)
        #expect(disk.digest == digest && disk.traceDigest == trace)
        #expect(fork.digest == digest)
    }
}
