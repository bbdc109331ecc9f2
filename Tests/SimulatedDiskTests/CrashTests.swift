import Essentials
import EventSourcing
import GRDB
import StorageSQLite
import StorageSQLiteTesting
import Synchronization
import Testing

/// What was acknowledged survives every loss of power, and the rest is there whole or not at all.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    /// A checkpoint from outside, after which the log begins again at its start.
    private static func checkpoint(_ disk: SimulatedDisk) {
        // It may lose power in the middle: then it has failed, which is no one's concern here.
        let queue = try? DatabaseQueue(path: "file:log.sqlite?vfs=\(disk.name)")
        _ = try? queue?.inDatabase { try $0.checkpoint(.restart) }
    }

    /// A small life: tables, transactions, a checkpoint, a log that begins again, a clean end, and a second start.
    private static func live(_ run: inout CrashRun) async throws {
        let ends = run.disk.counters.ends
        let hasPower = { [disk = run.disk] in disk.counters.ends == ends }
        for _ in 0..<2 {
            guard hasPower(), let store = try? run.open() else { return }
            for number in 0..<4 where hasPower() {
                try await run.step(store)
                if number == 1 { Self.checkpoint(run.disk) }
            }
        }
    }

    private static func smallRun(
        _ seed: UInt64, _ change: @escaping @Sendable (inout SQLiteStore.Configuration) -> Void = { _ in },
    ) -> CrashRun {
        CrashRun(on: SimulatedDisk(.init(seed: seed)), seed: 1, largest: 3_000) {
            // A small cache makes SQLite spill half-done transactions into the files.
            $0.pageCache = .kibibytes(16)
            change(&$0)
        }
    }

    private static func changes() async throws -> Int {
        var run = Self.smallRun(0)
        try await Self.live(&run)
        #expect(run.acknowledged.count == 7, "one of eight aborts")
        #expect(await run.anomalies() == [])
        return run.disk.counters.changes
    }

    @Test(arguments: [SimulatedDisk.Loss.everything, .nothing, .mixed, .ordered])
    func `a loss of power before any change of a file loses nothing acknowledged`(
        _ loss: SimulatedDisk.Loss
    ) async throws {
        let changes = try await Self.changes()
        #expect(changes > 150)
        for change in 1...changes {
            var run = Self.smallRun(UInt64(change))
            run.disk.crash(beforeChange: change, loss)
            try await Self.live(&run)
            #expect(run.disk.counters.crashes == 1)
            #expect(await run.anomalies() == [], "before change \(change)")
            guard change % 5 == 0 else { continue }
            // And life goes on.
            try await Self.live(&run)
            #expect(await run.anomalies() == [], "after a second life behind change \(change)")
        }
    }

    @Test func `the end of a process before any change of its files loses nothing acknowledged`() async throws {
        for change in stride(from: 1, through: try await Self.changes(), by: 3) {
            let place = Mutex<SimulatedDisk?>(nil)
            let disk = SimulatedDisk(.init(seed: UInt64(change))) { fault in
                guard fault.kind == .powerLoss else { return true }
                place.withLock { $0 }?.kill("log.sqlite")
                return false
            }
            place.withLock { $0 = disk }
            defer { place.withLock { $0 = nil } }
            var run = CrashRun(on: disk, seed: 1, largest: 3_000) { $0.pageCache = .kibibytes(16) }
            disk.crash(beforeChange: change)
            try await Self.live(&run)
            #expect(disk.counters.kills == 1 && disk.counters.crashes == 0)
            #expect(await run.anomalies() == [], "before change \(change)")
            // And life goes on.
            try await Self.live(&run)
            #expect(await run.anomalies() == [], "after a second life behind change \(change)")
        }
    }

    @Test(arguments: UInt64(1)...80)
    func `transactions among crashes, kills and honest errors are acknowledged and kept, or neither`(
        seed: UInt64
    ) async throws {
        let chance = Chance(seed: seed)
        var configuration = SimulatedDisk.Configuration(seed: seed)
        configuration.sectorSize = chance.below(2) == 0 ? .bytes(512) : .bytes(4_096)
        configuration.isPowersafe = chance.below(4) > 0
        configuration.faults = .honest([0, 0.001, 0.01, 0.05][chance.below(4)])
        let largest = [200, 4_000, 40_000][chance.below(3)]
        var run = CrashRun(on: SimulatedDisk(configuration), seed: seed, largest: largest)
        for _ in 0..<6 {
            let store = try run.openAtLast()
            if chance.below(2) == 0 { run.disk.crash(beforeChange: 1 + chance.below(400)) }
            for _ in 0..<chance.below(25) { try await run.step(store) }
            switch chance.below(4) {
            case 0: run.disk.kill(chance.below(2) == 0 ? nil : "log.sqlite")
            case 1: break
            default: run.disk.crash()
            }
            let found = await run.anomalies()
            #expect(found == [], "seed \(seed)")
            guard found.isEmpty else { return }
        }
        #expect(run.disk.counters.crashes > 0 || run.disk.counters.kills > 0)
    }

    @Test func `a run without a sync before the acknowledgement loses, and the check says so`() async throws {
        var lost = 0
        for seed in UInt64(1)...30 {
            var run = CrashRun(on: SimulatedDisk(.init(seed: seed)), seed: seed) { $0.durability = .normal }
            let store = try run.open()
            for _ in 0..<6 { try await run.step(store) }
            run.disk.crash(.mixed)
            let found = await run.anomalies()
            // In this mode SQLite promises a whole state, and not the last one.
            let isLoss = found.allSatisfy { if case .lostWrite = $0 { true } else { false } }
            #expect(isLoss, "\(found)")
            lost += found.isEmpty ? 0 : 1
        }
        #expect(lost >= 15)
    }

    @Test func `a disk that lies about syncs loses, and the check says so`() async throws {
        var kinds: Set<String> = []
        for seed in UInt64(1)...60 {
            var configuration = SimulatedDisk.Configuration(seed: seed)
            configuration.faults.lyingSync = 0.5
            var run = CrashRun(on: SimulatedDisk(configuration), seed: seed)
            let store = try run.open()
            for number in 0..<12 {
                try await run.step(store)
                if number % 4 == 3 { Self.checkpoint(run.disk) }
            }
            run.disk.crash(.mixed)
            kinds.formUnion(await run.anomalies().map { String("\($0)".prefix(4)) })
        }
        #expect(kinds.contains("lost") && kinds.contains("corr"), "\(kinds)")
    }
}

extension DiskCounters {
    /// How often what used the disk ended without wanting to.
    fileprivate var ends: Int { self.crashes + self.kills }
}
