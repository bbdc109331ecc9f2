import CArgon2

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// argon2id of version 19 (RFC 9106) through libargon2. It blocks its thread for as long as the work takes.
enum Argon2 {
    /// The hash of `password`.
    ///
    /// The memory block is mapped for this one call and unmapped after it, so that it goes back to the system at once
    /// instead of staying in the heap; libargon2 wipes it before.
    /// - Throws: `hashingFailed`.
    static func hash(
        _ password: [UInt8], salt: [UInt8], parameters: Argon2Parameters, tagBytes: Int = Argon2Hash.tagBytes
    ) throws(PasswordError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: tagBytes)
        var password = password
        var salt = salt
        let status = tag.withUnsafeMutableBufferPointer { tag in
            password.withUnsafeMutableBufferPointer { password in
                salt.withUnsafeMutableBufferPointer { salt in
                    var context = argon2_context()
                    context.out = tag.baseAddress
                    context.outlen = UInt32(tag.count)
                    context.pwd = password.isEmpty ? nil : password.baseAddress
                    context.pwdlen = UInt32(password.count)
                    context.salt = salt.baseAddress
                    context.saltlen = UInt32(salt.count)
                    context.t_cost = UInt32(parameters.passes)
                    context.m_cost = UInt32(parameters.kibibytes)
                    context.lanes = UInt32(parameters.lanes)
                    // Lanes give the same hash on one thread; more threads would be started and joined each time.
                    context.threads = 1
                    context.version = UInt32(ARGON2_VERSION_13.rawValue)
                    context.allocate_cbk = { Argon2.map($0, $1) }
                    context.free_cbk = { Argon2.unmap($0, $1) }
                    return argon2_ctx(&context, Argon2_id)
                }
            }
        }
        guard status == ARGON2_OK.rawValue else {
            throw PasswordError(
                .hashingFailed, "libargon2 failed with \(status): \(String(cString: argon2_error_message(status)))")
        }
        return tag
    }

    private static func map(_ memory: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ bytes: Int) -> Int32 {
        let block = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let block, block != MAP_FAILED else { return ARGON2_MEMORY_ALLOCATION_ERROR.rawValue }
        memory?.pointee = block.assumingMemoryBound(to: UInt8.self)
        return ARGON2_OK.rawValue
    }

    private static func unmap(_ memory: UnsafeMutablePointer<UInt8>?, _ bytes: Int) {
        if let memory { munmap(memory, bytes) }
    }
}
