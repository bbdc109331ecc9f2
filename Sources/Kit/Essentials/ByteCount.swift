/// An amount of memory or data, in bytes.
public struct ByteCount: Hashable, Comparable, Sendable {
    public var bytes: Int

    public init(bytes: Int) {
        self.bytes = bytes
    }

    public static let zero = ByteCount(bytes: 0)
    public static func bytes(_ count: Int) -> ByteCount { ByteCount(bytes: count) }
    public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count * 1_024) }
    public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count * 1_024 * 1_024) }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
    public static func + (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(bytes: left.bytes + right.bytes) }
    public static func - (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(bytes: left.bytes - right.bytes) }
}

extension ByteCount: CustomStringConvertible {
    /// The largest binary unit that divides the count: `10 MiB`, `1536 B`.
    public var description: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = self.bytes
        var unit = 0
        while value != 0, value % 1_024 == 0, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        return "\(value) \(units[unit])"
    }
}
