import CSimulatedDisk

/// Something that goes wrong with a disk.
public struct DiskFault: Hashable, Sendable {
    // In the order of the C header.
    @nonexhaustive public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A read fails: `SQLITE_IOERR_READ`.
        case readError
        /// A write fails, and a part of it may have happened: `SQLITE_IOERR_WRITE`.
        case writeError
        /// A sync fails: `SQLITE_IOERR_FSYNC`. Half of these make the system forget that there is something to sync.
        case syncError
        /// A file does not open: `SQLITE_CANTOPEN`.
        case openError
        /// A file cannot be deleted: `SQLITE_IOERR_DELETE`.
        case deleteError
        /// A file cannot be cut: `SQLITE_IOERR_TRUNCATE`.
        case truncateError
        /// A sync says that it is done and does nothing.
        case lyingSync
        /// A read ends early as if the file did, with zeros for the rest: `SQLITE_IOERR_SHORT_READ`.
        case shortRead
        /// A bit turns over in what a read is about to find, for good.
        case bitRot
        /// There is no room: `SQLITE_FULL`. What fits was written.
        case diskFull
        /// The power goes.
        case powerLoss
    }

    public var kind: Kind
    /// The number of the file operation that it struck, counted from 1 over the life of the disk.
    public var operation: Int
    /// The file, as it was opened.
    public var file: String
    /// Where in the file, in bytes.
    public var offset: Int
    /// How many bytes were wanted.
    public var length: Int
}

extension DiskFault: CustomStringConvertible {
    public var description: String {
        "\(self.kind.rawValue) #\(self.operation) \(self.file) \(self.offset)+\(self.length)"
    }
}

/// How often what goes wrong: for each kind a probability per operation that it can strike, from 0 to 1. Default: 0.
///
/// The first six are honest: SQLite is told, so nothing that was acknowledged may be lost. The others are lies, and what
/// runs on the disk cannot but lose: a checker must find it.
public struct DiskFaults: Hashable, Sendable {
    public var readError = 0.0
    public var writeError = 0.0
    public var syncError = 0.0
    public var openError = 0.0
    public var deleteError = 0.0
    public var truncateError = 0.0
    public var lyingSync = 0.0
    public var shortRead = 0.0
    public var bitRot = 0.0

    public init() {}

    public static let none = DiskFaults()

    /// All honest kinds with one probability.
    public static func honest(_ probability: Double) -> DiskFaults {
        var faults = DiskFaults()
        faults.readError = probability
        faults.writeError = probability
        faults.syncError = probability
        faults.openError = probability
        faults.deleteError = probability
        faults.truncateError = probability
        return faults
    }

    /// The probability of one kind. ``DiskFault/Kind/diskFull`` and ``DiskFault/Kind/powerLoss`` have none: they follow
    /// from the capacity and from ``SimulatedDisk/crash(beforeChange:_:)``.
    public subscript(kind: DiskFault.Kind) -> Double {
        get { Self.place(of: kind).map { self[keyPath: $0] } ?? 0 }
        set {
            guard let place = Self.place(of: kind) else { preconditionFailure("\(kind) is not drawn") }
            self[keyPath: place] = newValue
        }
    }

    private static func place(of kind: DiskFault.Kind) -> WritableKeyPath<DiskFaults, Double>? {
        switch kind {
        case .readError: \.readError
        case .writeError: \.writeError
        case .syncError: \.syncError
        case .openError: \.openError
        case .deleteError: \.deleteError
        case .truncateError: \.truncateError
        case .lyingSync: \.lyingSync
        case .shortRead: \.shortRead
        case .bitRot: \.bitRot
        case .diskFull, .powerLoss: nil
        }
    }

    var values: simdisk_faults {
        var values = simdisk_faults()
        withUnsafeMutableBytes(of: &values.probability) { bytes in
            let probabilities = bytes.bindMemory(to: Double.self)
            for (place, kind) in DiskFault.Kind.allCases.enumerated() {
                precondition((0...1).contains(self[kind]), "\(kind): \(self[kind]) is no probability")
                probabilities[place] = self[kind]
            }
        }
        return values
    }
}

/// How long a disk takes, in whole microseconds.
public struct DiskLatency: Hashable, Sendable {
    /// A time, and what is added to it at most, evenly drawn.
    public struct Time: Hashable, Sendable {
        public var base: Duration
        public var jitter: Duration

        public init(_ base: Duration, jitter: Duration = .zero) {
            self.base = base
            self.jitter = jitter
        }
    }

    public var read = Time(.zero)
    public var write = Time(.zero)
    public var sync = Time(.zero)
    /// How often an operation stalls, from 0 to 1. Default: 0.
    public var stallProbability = 0.0
    /// How long a stall lasts. Default: 0.
    public var stall = Duration.zero

    public init() {}

    public static let none = DiskLatency()

    var values: simdisk_latency {
        var values = simdisk_latency()
        let times = [self.read, self.write, self.sync]
        values.base = (times[0].base.microseconds, times[1].base.microseconds, times[2].base.microseconds)
        values.jitter = (times[0].jitter.microseconds, times[1].jitter.microseconds, times[2].jitter.microseconds)
        values.stall_probability = self.stallProbability
        values.stall = self.stall.microseconds
        return values
    }
}

extension Duration {
    fileprivate var microseconds: UInt64 { UInt64(max(0, self / .microseconds(1))) }
}
