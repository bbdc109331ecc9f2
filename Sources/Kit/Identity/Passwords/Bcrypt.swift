import CCrypt

/// Checks imported bcrypt hashes through libxcrypt. New hashes are never made with it.
enum Bcrypt {
    /// Costs above this would let an imported row block a thread for seconds.
    private static let costs = 4...14

    /// - Throws: `malformedHash` unless the text is `$2a$`, `$2b$` or `$2y$`, a cost from 4 to 14, and 53 characters.
    static func check(_ text: String) throws(PasswordError) {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(text.prefix(4))),
            bytes[6] == UInt8(ascii: "$"),
            let cost = Int(String(decoding: bytes[4..<6], as: UTF8.self)), bytes[4...5].allSatisfy({ 48...57 ~= $0 }),
            bytes[7...].allSatisfy({ 46...57 ~= $0 || 65...90 ~= $0 || 97...122 ~= $0 })
        else { throw PasswordError(.malformedHash, "the stored text is neither an argon2id nor a bcrypt hash") }
        guard Self.costs.contains(cost) else {
            throw PasswordError(.malformedHash, "a bcrypt cost is from 4 to 14, not \(cost)")
        }
    }

    /// Whether `password` has this hash. bcrypt sees the first 72 bytes only, and none with a zero byte in it.
    /// - Throws: `hashingFailed`.
    static func matches(_ password: [UInt8], hash: String) throws(PasswordError) -> Bool {
        guard !password.contains(0) else { return false }
        let computed: [UInt8]? = withUnsafeTemporaryAllocation(of: crypt_data.self, capacity: 1) { data in
            data.initialize(repeating: crypt_data())
            let phrase = password.map(CChar.init(bitPattern:)) + [0]
            guard let address = data.baseAddress, let text = crypt_r(phrase, hash, address) else { return nil }
            return Array(String(cString: text).utf8)
        }
        guard let computed, computed.first != UInt8(ascii: "*") else {
            throw PasswordError(.hashingFailed, "libcrypt refused the stored bcrypt hash")
        }
        return equalInConstantTime(computed, Array(hash.utf8))
    }
}
