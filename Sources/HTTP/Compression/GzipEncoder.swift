import CZLIB
public import HTTPWire

/// Writes content as gzip (RFC 1952) with zlib, piece by piece: bytes in, bytes out, no I/O.
///
/// It holds 64 KiB (a window of 8 KiB), whatever is written through it, and can be used for one content after another.
public final class GzipEncoder {
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether something was written since the last flush, and may still be held back.
    public private(set) var isPending = false

    /// - Parameter level: 1, the fastest, to 9, the smallest. Default: 4.
    public init(level: Int = 4) {
        precondition((1...9).contains(level), "levels of compression lie in 1...9")
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // 16 stands for gzip's head and checksum around the content.
        let result = deflateInit2_(
            self.stream, Int32(level), Z_DEFLATED, 13 + 16, 6, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib is there in another version, or no memory is left")
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deinitialize(count: 1)
        self.stream.deallocate()
    }

    /// Makes ready for other content.
    public func reset() {
        deflateReset(self.stream)
        self.isPending = false
    }

    /// Takes `range` of `bytes`. What it makes of them may come now or later.
    public func write(_ bytes: RawSpan, _ range: WireRange, to output: inout WireBuffer) {
        guard !range.isEmpty else { return }
        self.isPending = true
        bytes.withUnsafeBytes { all in
            let piece = UnsafeRawBufferPointer(rebasing: all[range.start..<range.end])
            // zlib only reads from it.
            self.stream.pointee.next_in = UnsafeMutablePointer(
                mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
            self.stream.pointee.avail_in = UInt32(piece.count)
            self.deflate(Z_NO_FLUSH, &output)
        }
    }

    /// Brings everything out that was taken so far, so that the reader can read it.
    public func flush(to output: inout WireBuffer) {
        self.isPending = false
        self.deflate(Z_SYNC_FLUSH, &output)
    }

    /// Ends the content.
    public func finish(to output: inout WireBuffer) {
        self.isPending = false
        self.deflate(Z_FINISH, &output)
    }

    private func deflate(_ mode: Int32, _ output: inout WireBuffer) {
        var isFull = true
        while isFull {
            _ = output.fill(atLeast: 1_024) { memory in
                self.stream.pointee.next_out = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
                self.stream.pointee.avail_out = UInt32(memory.count)
                _ = CZLIB.deflate(self.stream, mode)
                isFull = self.stream.pointee.avail_out == 0
                return memory.count - Int(self.stream.pointee.avail_out)
            }
        }
        self.stream.pointee.next_in = nil
        self.stream.pointee.avail_in = 0
    }

    /// The whole of `content`.
    public static func encode(_ content: [UInt8], level: Int = 4) -> [UInt8] {
        let encoder = GzipEncoder(level: level)
        var output = WireBuffer(WirePool())
        content.withUnsafeBytes { bytes in
            encoder.write(bytes.bytes, WireRange(start: 0, count: bytes.count), to: &output)
        }
        encoder.finish(to: &output)
        return output.withUnsafeBytes { Array($0) }
    }
}
