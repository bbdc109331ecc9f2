import CZLIB

/// Reading gzip, for whole contents of known origin: it has no limit.
package enum Gzip {
    /// What gzip holds; nil when it is cut short or wrong.
    /// - Parameter isWhole: false for the beginning of one that has not ended.
    package static func content(of bytes: [UInt8], isWhole: Bool = true) -> [UInt8]? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer {
            inflateEnd(stream)
            stream.deallocate()
        }
        var (input, output) = (bytes, [UInt8]())
        return input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            while true {
                var block = [UInt8](repeating: 0, count: 10_000)
                let (result, count) = block.withUnsafeMutableBufferPointer { block in
                    stream.pointee.next_out = block.baseAddress
                    stream.pointee.avail_out = UInt32(block.count)
                    return (inflate(stream, Z_NO_FLUSH), block.count - Int(stream.pointee.avail_out))
                }
                output += block[..<count]
                if result == Z_STREAM_END { return output }
                if result != Z_OK || count == 0 { return !isWhole && count == 0 ? output : nil }
            }
        }
    }
}
