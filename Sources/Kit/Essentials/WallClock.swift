#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Where the date comes from. It may jump; elapsed time is measured by ``TimeSource``.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    public init(_ read: @escaping @Sendable () -> Timestamp) {
        self.read = read
    }

    /// The operating system's clock.
    public static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public var now: Timestamp { self.read() }
}
