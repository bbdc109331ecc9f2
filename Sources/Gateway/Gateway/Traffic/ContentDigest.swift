/// A digest of content that comes in pieces, to see whether two contents are the same: FNV-1a of 64 bits. Not against
/// somebody who wants them to look alike.
struct ContentDigest: Hashable, Sendable {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count = 0

    mutating func update(_ bytes: RawSpan) {
        for index in 0..<bytes.byteCount {
            self.hash = (self.hash ^ UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))) &* 0x100_0000_01B3
        }
        self.count += bytes.byteCount
    }

    init() {}

    init(_ bytes: [UInt8]) { self.update(bytes.span.bytes) }
}
