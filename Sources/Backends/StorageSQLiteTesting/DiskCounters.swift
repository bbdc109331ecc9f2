import CSimulatedDisk

/// What a simulated disk has done since it was made, and what it holds now.
public struct DiskCounters: Hashable, Sendable {
    /// File operations, the number that ``DiskFault/operation`` counts.
    public var operations: Int
    /// Writes, truncations, syncs, creations and deletions: where ``SimulatedDisk/crash(beforeChange:_:)`` can strike.
    public var changes: Int
    public var reads: Int
    public var writes: Int
    public var syncs: Int
    public var truncations: Int
    public var creations: Int
    public var deletions: Int
    public var bytesRead: Int
    public var bytesWritten: Int
    /// Losses of power.
    public var crashes: Int
    /// Ends of processes.
    public var kills: Int
    public var sectorsKept: Int
    public var sectorsLost: Int
    public var namesKept: Int
    public var namesLost: Int
    /// How often what went wrong; kinds that never did are left out.
    public var faults: [DiskFault.Kind: Int]

    /// Bytes in files, now.
    public var bytesStored: Int
    /// Bytes that are held to undo what is not synced, now.
    public var bytesUnsynced: Int
    /// Open files, now.
    public var openHandles: Int
    /// Files that were open when the power went or their process ended, and were not closed yet.
    public var deadHandles: Int

    init(_ counters: simdisk_counters) {
        self.operations = Int(counters.operations)
        self.changes = Int(counters.changes)
        self.reads = Int(counters.reads)
        self.writes = Int(counters.writes)
        self.syncs = Int(counters.syncs)
        self.truncations = Int(counters.truncations)
        self.creations = Int(counters.creations)
        self.deletions = Int(counters.deletions)
        self.bytesRead = Int(counters.bytes_read)
        self.bytesWritten = Int(counters.bytes_written)
        self.crashes = Int(counters.crashes)
        self.kills = Int(counters.kills)
        self.sectorsKept = Int(counters.sectors_kept)
        self.sectorsLost = Int(counters.sectors_lost)
        self.namesKept = Int(counters.names_kept)
        self.namesLost = Int(counters.names_lost)
        self.faults = withUnsafeBytes(of: counters.faults) { bytes in
            let counts = zip(DiskFault.Kind.allCases, bytes.bindMemory(to: UInt64.self))
            return Dictionary(uniqueKeysWithValues: counts.lazy.filter { $1 > 0 }.map { ($0, Int($1)) })
        }
        self.bytesStored = Int(counters.bytes_stored)
        self.bytesUnsynced = Int(counters.bytes_unsynced)
        self.openHandles = Int(counters.open_handles)
        self.deadHandles = Int(counters.dead_handles)
    }
}
