import Essentials
import Testing

@testable import Identity

@Suite struct PasswordTests {
    /// Small parameters: the rules are the same, and the tests are many.
    private func hasher(seed: UInt64 = 1, memory: ByteCount = .kibibytes(64), passes: Int = 1) -> PasswordHasher {
        var configuration = PasswordHasher.Configuration()
        configuration.parameters = Argon2Parameters(memory: memory, passes: passes)
        return PasswordHasher(configuration: configuration, chance: Chance(seed: seed)) { _ in InlineExecutor() }
    }

    /// From test.c of the reference implementation, version 0x13.
    @Test(arguments: [
        (256, 2, 1, "password", "somesalt", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
        (256, 2, 2, "password", "somesalt", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
        (65_536, 1, 1, "password", "somesalt", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
        (65_536, 2, 1, "password", "somesalt", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
        (65_536, 2, 1, "password", "diffsalt", "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"),
        (
            65_536, 2, 1, "differentpassword", "somesalt",
            "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"
        ),
    ])
    func `argon2id gives the known answers`(
        kibibytes: Int, passes: Int, lanes: Int, password: String, salt: String, tag: String
    ) throws {
        let parameters = Argon2Parameters(memory: .kibibytes(kibibytes), passes: passes, lanes: lanes)
        #expect(try Argon2.hash(bytes(password), salt: bytes(salt), parameters: parameters) == bytes(hexadecimal: tag))
    }

    @Test func `the stored text is the reference implementation's`() async throws {
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        let stored = try PasswordHash(text)
        #expect(try await self.hasher().verify("password", against: stored) == .matchesAndNeedsRehash)
        #expect(try await self.hasher().verify("Password", against: stored) == .mismatch)
        guard case .argon2id(let hash) = stored.scheme else { return #expect(Bool(false)) }
        #expect(hash.text == text)
    }

    @Test func `a hash matches its password and no other`() async throws {
        let hasher = self.hasher()
        let stored = try PasswordHash(try await hasher.hash("correct horse").text)
        #expect(stored.text.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
        #expect(try await hasher.verify("correct horse", against: stored) == .matches)
        #expect(try await hasher.verify("correct horsE", against: stored) == .mismatch)
        #expect(try await hasher.verify("", against: stored) == .mismatch)
        #expect(try await hasher.verify(String(repeating: "x", count: 5_000), against: stored) == .mismatch)
        #expect(try await hasher.hash("correct horse") != stored, "each hash has a salt of its own")
        #expect("\(stored)" == "argon2id hash")
    }

    @Test func `the same characters from another keyboard are the same password`() async throws {
        let hasher = self.hasher()
        let stored = try await hasher.hash("Gr\u{FC}\u{DF}e aus K\u{F6}ln")
        #expect(try await hasher.verify("Gru\u{308}\u{DF}e aus Ko\u{308}ln", against: stored) == .matches)
    }

    @Test func `other parameters ask for a rehash`() async throws {
        let stored = try await self.hasher().hash("correct horse")
        #expect(
            try await self.hasher(memory: .kibibytes(128)).verify("correct horse", against: stored)
                == .matchesAndNeedsRehash)
        #expect(try await self.hasher(passes: 2).verify("correct horse", against: stored) == .matchesAndNeedsRehash)
        #expect(try await self.hasher(passes: 2).verify("wrong horse", against: stored) == .mismatch)
    }

    /// From Openwall's crypt_blowfish (wrapper.c), and made with the system's crypt(3).
    @Test(arguments: [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("Grüße, Ada!", "$2b$04$abcdefghijklmnopqrstuu88IapDzXdlGY1RRL9FgWUWQ2Ba09gnC"),
    ])
    func `an imported bcrypt hash is checked and asks for a rehash`(password: String, text: String) async throws {
        let stored = try PasswordHash(text)
        #expect(try await self.hasher().verify(password, against: stored) == .matchesAndNeedsRehash)
        #expect(try await self.hasher().verify(password + "!", against: stored) == .mismatch)
        #expect(try await self.hasher().verify(password + "\0", against: stored) == .mismatch)
    }

    @Test(arguments: [
        "", "password", "$argon2id$", "$1$abc$def",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=17,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1,p=9$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPd",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe!",
    ])
    func `a stored text that is not quite a hash is refused`(text: String) {
        #expect(throws: PasswordError.self) { try PasswordHash(text) }
    }

    @Test func `the policy counts characters and knows what everybody uses`() {
        let policy = PasswordPolicy()
        #expect(policy.problem(with: "seven 7") == .tooShort(minimum: 8))
        #expect(policy.problem(with: "u\u{308}u\u{308}u\u{308}u\u{308}u\u{308}") == .tooShort(minimum: 8))
        #expect(policy.problem(with: String(repeating: "ab", count: 65)) == .tooLong(maximum: 128))
        #expect(policy.problem(with: String(repeating: "ab", count: 64)) == nil)
        #expect(policy.problem(with: "PassWord123") == .tooCommon)
        #expect(policy.problem(with: "zzzzzzzzzzzz") == .tooCommon)
        #expect(policy.problem(with: "ada.lovelace", email: "Ada.Lovelace@example.org") == .sameAsEmail)
        #expect(policy.problem(with: "ada@example.org", email: "ada@example.org") == .sameAsEmail)
        #expect(policy.problem(with: "correct horse", email: "ada@example.org") == nil)
        #expect(CommonPasswords.all.allSatisfy { $0.unicodeScalars.count >= 8 && $0 == $0.lowercased() })
    }

    @Test func `the defaults are those of the documents`() {
        let configuration = PasswordHasher.Configuration()
        #expect(configuration.permits == 2)
        #expect(configuration.queueLimit == 64)
        #expect(configuration.parameters.memory == .kibibytes(47_104))
        #expect(configuration.parameters.passes == 1)
        #expect(configuration.parameters.lanes == 1)
    }
}
