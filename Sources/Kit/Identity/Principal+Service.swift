import Crypto
public import Essentials

extension Principal {
    /// A service that calls on its own behalf.
    public static func service(_ name: String) -> Principal {
        Principal(subject: Self.subject(ofService: name), role: .service, clientID: name)
    }

    /// The identifier of a service: UUID version 8 (RFC 9562 §5.8) from the SHA-256 of its name.
    public static func subject(ofService name: String) -> UniqueID {
        let digest = Array(SHA256.hash(data: Array("mainstay/service/\(name)".utf8)))
        let high = digest[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let low = digest[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return UniqueID(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000, low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
