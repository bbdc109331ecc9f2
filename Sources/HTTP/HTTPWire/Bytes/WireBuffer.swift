/// A queue of bytes: written at its end, read at its front, contiguous. It borrows its memory from a ``WirePool`` and
/// returns it when it is empty.
///
/// This file and `WirePool` are the only ones of the module that handle memory by hand; everything else sees spans.
/// Every function keeps `0 ≤ head ≤ tail ≤ block.count`, and all memory between `head` and `tail` is initialised.
public struct WireBuffer: ~Copyable {
    @usableFromInline let pool: WirePool
    @usableFromInline var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    @usableFromInline var head = 0
    @usableFromInline var tail = 0

    public init(_ pool: WirePool) {
        self.pool = pool
    }

    deinit {
        if self.block.baseAddress != nil { self.pool.give(self.block) }
    }

    /// Bytes that wait to be read.
    @inlinable public var count: Int { self.tail &- self.head }
    @inlinable public var isEmpty: Bool { self.tail == self.head }
    /// Bytes of memory that are held.
    @inlinable public var capacity: Int { self.block.count }

    /// Reads what waits.
    @inlinable @inline(__always)
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: self.block[self.head..<self.tail]).bytes)
    }

    /// What waits as memory, for system calls.
    @inlinable @inline(__always)
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(rebasing: self.block[self.head..<self.tail]))
    }

    /// Lets `body`, a system call, write into free memory.
    /// - Parameters:
    ///   - count: bytes of memory that are offered at least.
    ///   - body: returns how many it wrote, or a negative number or zero for none.
    /// - Returns: what `body` returned.
    @inlinable @inline(__always)
    public mutating func fill(atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        self.reserve(count)
        let free = UnsafeMutableRawBufferPointer(rebasing: self.block[self.tail...])
        let written = body(free)
        precondition(written <= (free.count), "more was written than there was room for")
        if written > 0 { self.tail &+= written }
        return written
    }

    /// Makes room for `count` more bytes.
    @inlinable @inline(__always)
    public mutating func reserve(_ count: Int) {
        if self.block.count &- self.tail < count { self.makeRoom(count) }
    }

    @usableFromInline
    mutating func makeRoom(_ count: Int) {
        precondition(count >= 0 && count < Int(Int32.max), "so much memory is not for one message")
        let waiting = self.count
        if self.block.count >= waiting + count, self.block.baseAddress != nil {
            self.block.baseAddress!.copyMemory(from: self.block.baseAddress! + self.head, byteCount: waiting)
        } else {
            let larger = self.pool.take(atLeast: waiting + count)
            if waiting > 0 {
                larger.baseAddress!.copyMemory(from: self.block.baseAddress! + self.head, byteCount: waiting)
            }
            if self.block.baseAddress != nil { self.pool.give(self.block) }
            self.block = larger
        }
        self.head = 0
        self.tail = waiting
    }

    /// Removes bytes from the front. Memory that is empty then is not yet returned: see ``release()``.
    @inlinable @inline(__always)
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more is consumed than there is")
        self.head &+= count
        if self.head == self.tail {
            self.head = 0
            self.tail = 0
        }
    }

    /// Returns the memory when nothing waits.
    @inlinable
    public mutating func release() {
        guard self.isEmpty, self.block.baseAddress != nil else { return }
        self.pool.give(self.block)
        self.block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        self.head = 0
        self.tail = 0
    }

    public mutating func removeAll() {
        self.head = 0
        self.tail = 0
    }

    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        self.reserve(1)
        self.block[self.tail] = byte
        self.tail &+= 1
    }

    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        self.reserve(count)
        (self.block.baseAddress! + self.tail).copyMemory(from: text.utf8Start, byteCount: count)
        self.tail &+= count
    }

    /// Appends `range` of `bytes`, which may not be this buffer's own.
    @inlinable @inline(__always)
    public mutating func append(_ bytes: RawSpan, _ range: WireRange) {
        guard range.count > 0 else { return }
        precondition(range.end <= bytes.byteCount, "the range does not lie in these bytes")
        self.reserve(range.count)
        bytes.withUnsafeBytes { source in
            (self.block.baseAddress! + self.tail).copyMemory(
                from: source.baseAddress! + range.start, byteCount: range.count)
        }
        self.tail &+= range.count
    }

    public mutating func append(contentsOf bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        self.reserve(bytes.count)
        bytes.withUnsafeBytes { source in
            (self.block.baseAddress! + self.tail).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
        self.tail += bytes.count
    }
}
