import CSimulatedDisk
import Essentials

/// What the disk in C asks of Swift. It lives as long as the disk or anything that is open on it.
final class DiskWorld: Sendable {
    private let wallClock: WallClock
    private let onFault: @Sendable (DiskFault) -> Bool

    init(wallClock: WallClock, onFault: @escaping @Sendable (DiskFault) -> Bool) {
        self.wallClock = wallClock
        self.onFault = onFault
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> DiskWorld? {
        context.map { Unmanaged<DiskWorld>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Retains itself until `released` is called.
    var callbacks: simdisk_world {
        simdisk_world(
            context: Unmanaged.passRetained(self).toOpaque(),
            allows: { context, fault in
                guard let world = DiskWorld.at(context), let fault = DiskFault(fault?.pointee) else { return 1 }
                return world.onFault(fault) ? 1 : 0
            },
            now: { context in DiskWorld.at(context)?.wallClock.now.microseconds ?? 0 },
            released: { context in
                if let context { Unmanaged<DiskWorld>.fromOpaque(context).release() }
            })
    }
}

extension DiskFault {
    fileprivate init?(_ fault: simdisk_fault?) {
        guard let fault, let file = fault.file, Int(fault.kind.rawValue) < Kind.allCases.count else { return nil }
        self.init(
            kind: Kind.allCases[Int(fault.kind.rawValue)], operation: Int(fault.operation), file: String(cString: file),
            offset: Int(fault.offset), length: Int(fault.length))
    }
}
