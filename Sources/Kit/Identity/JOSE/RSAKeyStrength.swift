/// Refuses RSA keys that do not protect anything.
enum RSAKeyStrength {
    /// - Throws: `malformedKey`, `weakKey`.
    static func check(modulus: [UInt8], exponent: [UInt8]) throws(JOSEError) {
        guard let first = modulus.first, let last = modulus.last, let top = exponent.first else {
            throw JOSEError(.malformedKey, "n or e is empty")
        }
        guard first != 0, top != 0 else {
            throw JOSEError(.malformedKey, "n or e begins with a zero byte (RFC 7518 §2, Base64urlUInt)")
        }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard bits >= 2_048 else { throw JOSEError(.weakKey, "an RSA modulus has at least 2048 bits, not \(bits)") }
        guard bits <= 8_192 else { throw JOSEError(.weakKey, "an RSA modulus has at most 8192 bits, not \(bits)") }
        guard last & 1 == 1 else { throw JOSEError(.weakKey, "an RSA modulus is odd") }
        // FIPS 186-5 §A.1.1 asks for more than 16 bits; BoringSSL takes no more than 33.
        let value = exponent.count <= 4 ? exponent.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : nil
        guard let value, value > 65_536, value & 1 == 1 else {
            throw JOSEError(.weakKey, "a public exponent is odd, at least 65537 and has at most 32 bits")
        }
        guard !Self.comesFromInfineon(modulus) else {
            throw JOSEError(.weakKey, "the key comes from the broken generator of CVE-2017-15361 (ROCA)")
        }
    }

    private static let primes: [UInt32] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
        113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ]

    /// Keys of that generator are powers of 65537 modulo each small prime; other keys are so once in 2²⁷ (Nemec and
    /// others, 2017, §2).
    private static func comesFromInfineon(_ modulus: [UInt8]) -> Bool {
        Self.primes.allSatisfy { prime in
            let residue = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
            var power: UInt32 = 1
            for _ in 0..<prime {
                if power == residue { return true }
                power = power * (65_537 % prime) % prime
            }
            return false
        }
    }
}
