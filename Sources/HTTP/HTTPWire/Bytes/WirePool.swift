/// Blocks of memory that the buffers of one thread share, so that an idle connection holds none and a busy one need not
/// ask the allocator. Not `Sendable`: it belongs to one event loop.
public final class WirePool {
    /// Bytes of a small block: most heads fit.
    @usableFromInline static let smallBlock = 4_096
    /// Bytes of a large block.
    @usableFromInline static let largeBlock = 32_768

    @usableFromInline var small: [UnsafeMutableRawPointer] = []
    @usableFromInline var large: [UnsafeMutableRawPointer] = []
    /// How many unused blocks of each size are kept.
    @usableFromInline let limit: Int

    /// - Parameter limit: unused blocks of each size that are kept. Default: 256.
    public init(keeping limit: Int = 256) {
        self.limit = limit
        self.small.reserveCapacity(limit)
        self.large.reserveCapacity(limit)
    }

    deinit {
        for block in self.small + self.large { block.deallocate() }
    }

    /// A block of at least `count` bytes.
    @inlinable
    func take(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
        if count <= Self.smallBlock { return self.take(&self.small, Self.smallBlock) }
        if count <= Self.largeBlock { return self.take(&self.large, Self.largeBlock) }
        var size = Self.largeBlock
        while size < count { size *= 2 }
        return .allocate(byteCount: size, alignment: 16)
    }

    /// - Parameter block: from ``take(atLeast:)``; not to be used any more.
    @inlinable
    func give(_ block: UnsafeMutableRawBufferPointer) {
        guard let start = block.baseAddress else { return }
        if block.count == Self.smallBlock, self.small.count < self.limit {
            self.small.append(start)
        } else if block.count == Self.largeBlock, self.large.count < self.limit {
            self.large.append(start)
        } else {
            start.deallocate()
        }
    }

    @inlinable
    func take(_ free: inout [UnsafeMutableRawPointer], _ size: Int) -> UnsafeMutableRawBufferPointer {
        if let start = free.popLast() { return UnsafeMutableRawBufferPointer(start: start, count: size) }
        return .allocate(byteCount: size, alignment: 16)
    }
}
