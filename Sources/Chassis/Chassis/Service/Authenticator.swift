public import Identity

/// Finds out who a bearer token speaks for.
public protocol Authenticator: Sendable {
    /// - Parameter token: the text behind `Bearer `.
    /// - Throws: a ``Problem`` `unauthenticated` with the reason, or `unavailable` when the keys cannot be had.
    func authenticate(_ token: String) async throws -> Principal
}

/// Makes the tokens with which a service calls others.
public protocol ServiceCredentials: Sendable {
    /// A short-lived token of this service for `audience`.
    func token(for audience: ServiceName) throws -> String
}
