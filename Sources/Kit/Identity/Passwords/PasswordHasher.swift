public import Essentials
import Foundation

/// What checking a password found.
@nonexhaustive public enum PasswordCheck: Hashable, Sendable {
    /// It is the password.
    case matches
    /// It is the password, and its hash should be made anew now that the password is known.
    case matchesAndNeedsRehash
    /// It is not.
    case mismatch

    public var isMatch: Bool { self != .mismatch }
}

/// Hashes and checks passwords with argon2id, on threads of its own and behind a queue of its own.
///
/// A hash takes 46 MiB and tens of milliseconds by design. The permits bound the memory that a flood of logins can take
/// (92 MiB by default), and the queue bounds how long anybody waits; who comes after that is told when to come again.
/// The memory goes back to the system after each hash.
///
/// ```swift
/// let hasher = PasswordHasher()
/// let stored = try await hasher.hash(password).text
/// let check = try await hasher.verify(password, against: account.map { try PasswordHash($0.passwordHash) })
/// ```
public final class PasswordHasher: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How many hashes are computed at once, each on a thread of its own. From 1 to 64. Default: 2.
        public var permits: Int = 2
        /// How many callers may wait. Not negative. Default: 64.
        public var queueLimit: Int = 64
        /// The work of new hashes. Default: 46 MiB, 1 pass, 1 lane.
        public var parameters = Argon2Parameters()

        public init() {}
    }

    public let configuration: Configuration
    private let bulkhead: HashingBulkhead
    private let chance: Chance
    /// Checked when there is no account, so that an answer takes as long as when there is one.
    private let dummy: Argon2Hash

    /// Passwords longer than this are not looked at: no policy lets them in.
    private static let maximumBytes = 4_096

    /// - Parameters:
    ///   - chance: where salts come from.
    ///   - makeExecutor: makes the thread of one permit; the simulator passes `{ _ in InlineExecutor() }`.
    public init(
        configuration: Configuration = Configuration(), chance: Chance = .system,
        makeExecutor: (Int) -> any BlockingExecutor = { DedicatedThread(name: "password-\($0)") },
        time: TimeSource = .system
    ) {
        precondition((1...64).contains(configuration.permits), "a hasher has 1 to 64 permits")
        precondition(configuration.queueLimit >= 0, "a queue is not shorter than empty")
        if let problem = configuration.parameters.problem { preconditionFailure("argon2id: \(problem)") }
        self.configuration = configuration
        self.chance = chance
        self.bulkhead = HashingBulkhead(
            executors: (0..<configuration.permits).map(makeExecutor), capacity: configuration.queueLimit, time: time)
        self.dummy = Argon2Hash(
            parameters: configuration.parameters, salt: chance.bytes(Argon2Hash.saltBytes),
            tag: chance.bytes(Argon2Hash.tagBytes))
    }

    /// A new hash of `password` with a salt of its own. The password is taken in Unicode's composed form (NFC), so that
    /// the same characters from another keyboard are the same password.
    ///
    /// The deadline of the task is respected while the call waits for its turn; cancellation takes it out of the queue.
    /// - Throws: ``PasswordError`` `busy`, `deadlinePassed`, `hashingFailed`; `CancellationError`.
    public func hash(_ password: String) async throws -> PasswordHash {
        let bytes = Self.bytes(of: password)
        let salt = self.chance.bytes(Argon2Hash.saltBytes)
        let parameters = self.configuration.parameters
        return try await self.bulkhead.run {
            let tag = try Argon2.hash(bytes, salt: salt, parameters: parameters)
            return PasswordHash(Argon2Hash(parameters: parameters, salt: salt, tag: tag))
        }
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash, because there is no such account, the
    /// same work is done and the answer is ``PasswordCheck/mismatch``.
    /// - Throws: as ``hash(_:)``.
    public func verify(_ password: String, against hash: PasswordHash?) async throws -> PasswordCheck {
        let bytes = Self.bytes(of: password)
        let dummy = self.dummy
        let isKnown = hash != nil && bytes.count <= Self.maximumBytes
        let needsRehash = hash?.needsRehash(for: self.configuration.parameters) ?? false
        let isMatch = try await self.bulkhead.run {
            guard let hash, isKnown else {
                _ = try Self.matches(Array(bytes.prefix(Self.maximumBytes)), dummy)
                return false
            }
            switch hash.scheme {
            case .argon2id(let stored): return try Self.matches(bytes, stored)
            // Imported hashes were made of the bytes as they were typed.
            case .bcrypt: return try Bcrypt.matches(Array(password.utf8), hash: hash.text)
            }
        }
        guard isMatch else { return .mismatch }
        return needsRehash ? .matchesAndNeedsRehash : .matches
    }

    /// How busy a hasher is.
    public struct Snapshot: Hashable, Sendable {
        public var running: Int
        public var waiting: Int
    }

    public func snapshot() -> Snapshot {
        Snapshot(running: self.bulkhead.runningCount, waiting: self.bulkhead.waitingCount)
    }

    private static func matches(_ password: [UInt8], _ stored: Argon2Hash) throws(PasswordError) -> Bool {
        let tag = try Argon2.hash(
            password, salt: stored.salt, parameters: stored.parameters, tagBytes: stored.tag.count)
        return equalInConstantTime(tag, stored.tag)
    }

    private static func bytes(of password: String) -> [UInt8] {
        Array(password.precomposedStringWithCanonicalMapping.utf8)
    }
}
