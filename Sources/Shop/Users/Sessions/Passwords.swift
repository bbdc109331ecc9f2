import Chassis
public import Essentials
public import Identity

/// Makes and checks the hashes of passwords: slow in production, quick in a test.
public protocol PasswordHashing: Sendable {
    /// A new hash, as the text to store.
    /// - Throws: `PasswordError`.
    func storedHash(of password: Redacted<String>) async throws -> Redacted<String>

    /// Whether a stored hash was made of this password. Without one the same work is done for nothing.
    /// - Throws: `PasswordError`.
    func check(_ password: Redacted<String>, against stored: Redacted<String>?) async throws -> PasswordCheck
}

extension PasswordHasher: PasswordHashing {
    public func storedHash(of password: Redacted<String>) async throws -> Redacted<String> {
        Redacted(try await self.hash(password.exposed).text)
    }

    public func check(
        _ password: Redacted<String>, against stored: Redacted<String>?
    ) async throws -> PasswordCheck {
        try await self.verify(password.exposed, against: try stored.map { try PasswordHash($0.exposed) })
    }
}

/// Passwords as the routes use them: what goes wrong is a problem for the client.
struct Passwords: Sendable {
    let hasher: any PasswordHashing
    let policy: PasswordPolicy

    /// - Throws: a ``Problem`` that names `place` when the policy refuses the password, or `unavailable`.
    func hash(_ password: Redacted<String>, email: EmailAddress, at place: String) async throws -> Redacted<String> {
        try self.requireAllowed(password, email: email, at: place)
        return try await self.guarded { try await self.hasher.storedHash(of: password) }
    }

    /// - Throws: a ``Problem`` `unavailable`.
    func check(_ password: Redacted<String>, against stored: Redacted<String>?) async throws -> PasswordCheck {
        try await self.guarded { try await self.hasher.check(password, against: stored) }
    }

    /// A new hash of a password that has just been found right; nil when there is no room for the work now, because
    /// the next login will do.
    func rehash(_ password: Redacted<String>) async throws -> Redacted<String>? {
        do {
            return try await self.hasher.storedHash(of: password)
        } catch let error as PasswordError where error.code == .busy || error.code == .deadlinePassed {
            return nil
        }
    }

    /// - Throws: a ``Problem`` that names `place`.
    func requireAllowed(_ password: Redacted<String>, email: EmailAddress, at place: String) throws {
        guard let problem = self.policy.problem(with: password.exposed, email: email.text) else { return }
        throw Problem(
            .validationFailed, "\(place): \(problem.message)",
            details: ["violations": [["pointer": .string(place), "message": .string(problem.message)]]])
    }

    private func guarded<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as PasswordError where error.code == .busy || error.code == .deadlinePassed {
            throw Problem(
                .unavailable, "too many passwords are being checked; nothing was changed",
                retryAfter: error.retryAfter ?? .seconds(1))
        }
    }
}
