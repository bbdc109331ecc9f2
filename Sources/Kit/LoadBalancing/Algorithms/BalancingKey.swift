/// Keys for algorithms that choose by key: the same in every process and on every machine. Not for secrets.
public enum BalancingKey {
    /// FNV-1a (Fowler, Noll, Vo) of the bytes, mixed once more so that near keys lie far apart.
    public static func of(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<bytes.byteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return self.mixed(hash)
    }

    public static func of(_ text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return self.of(bytes.span.bytes)
    }

    /// A key for a client's address: all of IPv4 (4 bytes), the network of IPv6 (16 bytes), because one client has as
    /// many addresses of that as it likes.
    public static func ofAddress(_ bytes: RawSpan) -> UInt64 {
        self.of(bytes.byteCount == 16 ? bytes.extracting(first: 8) : bytes)
    }

    /// The finaliser of MurmurHash3 (Appleby 2011): every bit of the input changes half of those of the result.
    static func mixed(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}
