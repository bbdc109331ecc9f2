public import Essentials

/// How much work an argon2id hash is.
public struct Argon2Parameters: Hashable, Sendable {
    /// Between 8 KiB per lane and 256 MiB. Default: 46 MiB, which OWASP ASVS 5 asks for with one pass.
    public var memory: ByteCount = .mebibytes(46)
    /// From 1 to 16. Default: 1.
    public var passes: Int = 1
    /// From 1 to 16; they run one after another. Default: 1.
    public var lanes: Int = 1

    public init() {}

    public init(memory: ByteCount, passes: Int, lanes: Int = 1) {
        self.memory = memory
        self.passes = passes
        self.lanes = lanes
    }

    var kibibytes: Int { self.memory.bytes / 1_024 }

    /// What is wrong with them, if anything.
    var problem: String? {
        if !(1...16).contains(self.passes) { return "passes are from 1 to 16" }
        if !(1...16).contains(self.lanes) { return "lanes are from 1 to 16" }
        if !(8 * self.lanes...262_144).contains(self.kibibytes) { return "memory is from 8 KiB per lane to 256 MiB" }
        return self.memory.bytes % 1_024 == 0 ? nil : "memory is whole KiB"
    }
}

/// An argon2id hash with its salt, as the PHC string format writes it.
struct Argon2Hash: Hashable, Sendable {
    static let saltBytes = 16
    static let tagBytes = 32

    var parameters: Argon2Parameters
    var salt: [UInt8]
    var tag: [UInt8]

    init(parameters: Argon2Parameters, salt: [UInt8], tag: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.tag = tag
    }

    var text: String {
        let parameters = self.parameters
        return "$argon2id$v=19$m=\(parameters.kibibytes),t=\(parameters.passes),p=\(parameters.lanes)"
            + "$\(Base64.standard.encode(self.salt))$\(Base64.standard.encode(self.tag))"
    }

    /// Reads version 19 with the parameters in their order, canonical base64, nothing beside it.
    /// - Throws: `malformedHash`.
    init(parsing text: String) throws(PasswordError) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 256, fields.count == 6, fields[0].isEmpty, fields[1] == "argon2id",
            fields[2] == "v=19",
            let parameters = Self.parameters(fields[3]), let salt = Base64.standard.decode(fields[4].utf8),
            let tag = Base64.standard.decode(fields[5].utf8)
        else { throw PasswordError(.malformedHash, "the stored text is no argon2id hash of version 19") }
        if let problem = parameters.problem {
            throw PasswordError(.malformedHash, "the stored hash is beyond the limits: \(problem)")
        }
        guard (8...64).contains(salt.count), (16...64).contains(tag.count) else {
            throw PasswordError(.malformedHash, "a salt has 8 to 64 bytes, a tag 16 to 64")
        }
        self.init(parameters: parameters, salt: salt, tag: tag)
    }

    private static func parameters(_ text: Substring) -> Argon2Parameters? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 3, let memory = Self.number(fields[0], after: "m="),
            let passes = Self.number(fields[1], after: "t="), let lanes = Self.number(fields[2], after: "p=")
        else { return nil }
        return Argon2Parameters(memory: .kibibytes(memory), passes: passes, lanes: lanes)
    }

    private static func number(_ field: Substring, after prefix: String) -> Int? {
        guard field.hasPrefix(prefix), let number = Int32(field.dropFirst(prefix.count)) else { return nil }
        return "\(prefix)\(number)" == field ? Int(number) : nil
    }
}
