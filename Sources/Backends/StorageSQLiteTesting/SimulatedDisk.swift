import CSimulatedDisk
public import Essentials
public import StorageSQLite
import Synchronization

/// A machine's disk, in memory, that loses power and fails on purpose: the real SQLite runs on it.
///
/// It is one directory of files behind an SQLite file system (VFS) of its own. What programs write is there for all of
/// them at once; what was not synced is lost or kept by draw when the power goes. Every draw follows from the seed.
///
/// It may be used from any thread. Only one thread at a time gives the same run for the same seed, though.
public final class SimulatedDisk: SQLiteFileSystem {
    public struct Configuration: Hashable, Sendable {
        /// Decides every draw. Default: 0.
        public var seed: UInt64
        /// What the disk writes as one piece: a power of two from 512 B to 64 KiB. Default: 512 B.
        public var sectorSize = ByteCount.bytes(512)
        /// Whether bytes beside an interrupted write stay as they were. SQLite is told, and takes more care if not.
        /// Default: true, as SQLite assumes of disks.
        public var isPowersafe = true
        /// The size of all files together that the disk has room for. Default: nil, endless.
        public var capacity: ByteCount?
        /// What goes wrong by chance. Default: nothing.
        public var faults = DiskFaults.none
        /// How long operations take. Default: no time.
        public var latency = DiskLatency.none

        public init(seed: UInt64 = 0) {
            self.seed = seed
        }
    }

    /// What becomes of data, lengths and names that were not synced when the power goes.
    @nonexhaustive public enum Loss: Hashable, Sendable, CaseIterable {
        /// One of the others, by draw.
        case drawn
        /// Nothing survives.
        case everything
        /// All of it survives.
        case nothing
        /// Each sector, length and name survives or not by itself, a sector in any of the states that it had.
        case mixed
        /// What was written before some moment survives.
        case ordered
    }

    /// What a loss of power did.
    public struct CrashReport: Hashable, Sendable {
        /// Sectors that were written and not synced, and hold what was written last.
        public var sectorsKept: Int
        /// Those that hold something older, or nothing.
        public var sectorsLost: Int
        /// Creations and deletions that were not synced and lasted.
        public var namesKept: Int
        /// Those that were undone.
        public var namesLost: Int
    }

    private static let number = Atomic(0)

    /// How it was made.
    public let configuration: Configuration
    /// The name of its SQLite file system (VFS). Unique in the process, and the same after crashes.
    public let name: String

    // The disk has a lock of its own, so any thread may use it, but a pointer is not Sendable: its address is.
    private let address: UInt
    private var disk: OpaquePointer? { OpaquePointer(bitPattern: self.address) }

    /// Makes an empty disk.
    ///
    /// - Parameters:
    ///   - wallClock: what time SQLite's own functions say it is; by default a moment that never passes.
    ///   - onFault: hears of each fault before it happens, on the thread of the call that it strikes. Answer false to
    ///     suppress it. It may use the disk, but not SQLite.
    public init(
        _ configuration: Configuration = Configuration(),
        wallClock: WallClock = WallClock { Timestamp(microseconds: 1_767_225_600_000_000) },
        onFault: @escaping @Sendable (DiskFault) -> Bool = { _ in true },
    ) {
        let sector = configuration.sectorSize.bytes
        precondition(
            sector >= 512 && sector <= 65_536 && sector & (sector - 1) == 0,
            "a sector of \(configuration.sectorSize) is no power of two from 512 B to 64 KiB")
        let number = Self.number.wrappingAdd(1, ordering: .relaxed).newValue
        self.configuration = configuration
        self.name = "simulated-disk-\(number)"
        var settings = simdisk_settings(
            seed: configuration.seed, sector_size: sector, is_powersafe: configuration.isPowersafe ? 1 : 0)
        var world = DiskWorld(wallClock: wallClock, onFault: onFault).callbacks
        let disk = simdisk_create(self.name, &settings, &world)
        precondition(disk != nil, "SQLite registers no file system")
        self.address = UInt(bitPattern: disk)
        self.setFaults(configuration.faults)
        self.setLatency(configuration.latency)
        self.setCapacity(configuration.capacity)
    }

    /// Stores that are still open find their disk gone.
    deinit { simdisk_release(self.disk) }

    // MARK: Faults

    /// What goes wrong by chance from now on.
    public func setFaults(_ faults: DiskFaults) {
        var values = faults.values
        simdisk_set_faults(self.disk, &values)
    }

    /// How long operations take from now on.
    public func setLatency(_ latency: DiskLatency) {
        var values = latency.values
        simdisk_set_latency(self.disk, &values)
    }

    /// How much room there is from now on. Files that are larger already stay.
    public func setCapacity(_ capacity: ByteCount?) {
        simdisk_set_capacity(self.disk, capacity.map { Int64($0.bytes) } ?? -1)
    }

    // MARK: Power

    /// The machine loses power and gets it back. All that was open is dead: every call of it fails without touching a
    /// file, and closing it changes nothing. What is opened next finds what survived.
    @discardableResult
    public func crash(_ loss: Loss = .drawn) -> CrashReport {
        let before = self.counters
        simdisk_crash(self.disk, loss.value)
        let after = self.counters
        return CrashReport(
            sectorsKept: after.sectorsKept - before.sectorsKept, sectorsLost: after.sectorsLost - before.sectorsLost,
            namesKept: after.namesKept - before.namesKept, namesLost: after.namesLost - before.namesLost)
    }

    /// The power goes by itself just before one of the next changes: writes, truncations, syncs, creations, deletions.
    ///
    /// ``DiskFault/Kind/powerLoss`` is reported at that moment, in the middle of a call of SQLite's: whoever hears it
    /// should take for dead what runs on the machine. Whoever calls ``kill(_:)`` there and answers false has the process
    /// end at this moment instead, between two changes of its files, and the machine goes on.
    /// - Parameter number: which change, counted from 1; nil takes it back.
    public func crash(beforeChange number: Int?, _ loss: Loss = .drawn) {
        precondition(number.map { $0 > 0 } ?? true, "changes are counted from 1")
        simdisk_schedule_crash(self.disk, UInt64(number ?? 0), loss.value)
    }

    /// The process that has a database open ends, and the machine goes on: what it wrote is there, synced or not.
    /// - Parameter path: the database, as it was opened; nil when all processes of the machine end.
    public func kill(_ path: String? = nil) { simdisk_kill(self.disk, path) }

    // MARK: What there is

    /// The files as programs see them now, by name.
    public func files() -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        withUnsafeMutablePointer(to: &files) { place in
            simdisk_each_file(self.disk, place) { context, name, bytes, length in
                guard let context, let name else { return }
                let contents = Array(UnsafeRawBufferPointer(start: bytes, count: length))
                let files = context.assumingMemoryBound(to: [String: [UInt8]].self)
                files.pointee[String(cString: name)] = contents
            }
        }
        return files
    }

    /// Puts a file there, synced, in place of what has the name. What is open keeps what it had.
    public func put(_ bytes: [UInt8], as name: String) { simdisk_put_file(self.disk, name, bytes, bytes.count) }

    /// Another disk with the same files and without faults, for a checker to open them on.
    public func fork() -> SimulatedDisk {
        var configuration = Configuration(seed: self.configuration.seed)
        configuration.sectorSize = self.configuration.sectorSize
        configuration.isPowersafe = self.configuration.isPowersafe
        let fork = SimulatedDisk(configuration)
        for (name, bytes) in self.files().sorted(by: { $0.key < $1.key }) { fork.put(bytes, as: name) }
        return fork
    }

    /// A digest of all names and contents, what was not synced included.
    ///
    /// The salts of write-ahead logs and the checksums that build on them are left out: they come from a generator that
    /// SQLite has once for a process. It is fed from the seed before each use, but another thread may come between.
    public var digest: UInt64 { simdisk_content_digest(self.disk) }

    /// A digest of all operations and faults so far, in their order.
    public var traceDigest: UInt64 { simdisk_trace_digest(self.disk) }

    /// What was done so far.
    public var counters: DiskCounters {
        var counters = simdisk_counters()
        simdisk_read_counters(self.disk, &counters)
        return DiskCounters(counters)
    }

    /// How long the operations since the last call would have taken: for the simulated clock, which nothing here moves.
    public func takeLatency() -> Duration { .microseconds(Int64(simdisk_take_latency(self.disk))) }
}

extension SimulatedDisk.Loss {
    fileprivate var value: simdisk_loss {
        switch self {
        case .drawn: SIMDISK_LOSS_DRAWN
        case .everything: SIMDISK_LOSS_EVERYTHING
        case .nothing: SIMDISK_LOSS_NOTHING
        case .mixed: SIMDISK_LOSS_MIXED
        case .ordered: SIMDISK_LOSS_ORDERED
        }
    }
}
