import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity

/// Finds out who asks, and lets operators in.
struct Operators: Sendable {
    private let environment: ServiceEnvironment
    private let users: ServiceClient
    let cookie: PageCookie

    init(_ environment: ServiceEnvironment, cookie: PageCookie) {
        self.environment = environment
        self.users = ServiceClient("users", in: environment)
        self.cookie = cookie
    }

    /// Who asks by a bearer token: a person with the operators' role, or a service.
    func bearer(_ request: RoutedRequest) async throws -> ConsoleOperator? {
        guard let header = request.header(.authorization), header.lowercased().hasPrefix("bearer ") else { return nil }
        let principal = try await self.environment.authenticator.authenticate(String(header.dropFirst(7)))
        guard principal.role == .service else { return try Self.admitted(principal) }
        return ConsoleOperator(id: principal.clientID ?? "service", email: principal.clientID ?? "", role: .service)
    }

    /// Who asks by the cookie of a session. The access token is checked each time, so that whoever is no longer an operator,
    /// or was called back, is out.
    func session(of request: RoutedRequest) async throws -> (secret: BrowserSecret, who: ConsoleOperator)? {
        guard let secret = self.cookie.value(in: request).flatMap({ BrowserSecret($0) }) else { return nil }
        guard var session = try await self.environment.store.read({ try SessionRows.find(secret.hash, in: $0) }) else {
            return nil
        }
        if session.renewAt <= self.environment.wallClock.now {
            guard let renewed = try await self.renew(session, request) else {
                try await self.forget(secret)
                return nil
            }
            session = renewed
            let kept = renewed
            try await self.remember(kept, secret)
        }
        do {
            let who = try Self.admitted(try await self.environment.authenticator.authenticate(session.accessToken))
            return (secret, who)
        } catch let problem as Problem where [.unauthenticated, .forbidden].contains(problem.type) {
            try await self.forget(secret)
            return nil
        }
    }

    /// Logs somebody in.
    /// - Throws: a `RemoteProblem` for wrong credentials, a ``Problem`` `forbidden` for somebody who is no operator.
    func begin(_ email: String, _ password: Redacted<String>, _ request: RoutedRequest) async throws -> BrowserSecret {
        let person = CallingPerson(token: nil, address: request.header(.clientIP) ?? request.raw.peer)
        let tokens = try await self.users.call(
            .post, "/v1/sessions", body: ["email": email, "password": password.exposed],
            metadata: request.metadata, by: person, as: Tokens.self)
        let principal = try await self.environment.authenticator.authenticate(tokens.accessToken)
        let who = try Self.admitted(principal)
        let secret = BrowserSecret(self.environment.chance)
        try await self.remember(self.session(tokens, who), secret)
        return secret
    }

    func forget(_ secret: BrowserSecret) async throws {
        try await self.environment.store.write { try SessionRows.remove(secret.hash, in: $0) }
    }

    /// Forgets sessions that nobody used for as long as browsers keep the cookie.
    func prune() async throws {
        while !Task.isCancelled {
            let limit = self.environment.wallClock.now - .seconds(Int64(self.cookie.lifetime))
            try await self.environment.store.write { try SessionRows.prune(before: limit, in: $0) }
            try await self.environment.time.sleep(for: .seconds(3_600))
        }
    }

    private struct Tokens: Codable, Sendable {
        var accessToken: String
        var refreshToken: String
        var expiresIn: Int
    }

    private func remember(_ session: OperatorSession, _ secret: BrowserSecret) async throws {
        let now = self.environment.wallClock.now
        try await self.environment.store.write { try SessionRows.put(session, secret.hash, at: now, in: $0) }
    }

    private func renew(_ session: OperatorSession, _ request: RoutedRequest) async throws -> OperatorSession? {
        do {
            let tokens = try await self.users.call(
                .post, "/v1/sessions/refresh", body: ["refreshToken": session.refreshToken],
                metadata: request.metadata, as: Tokens.self)
            return self.session(tokens, session.operator)
        } catch let problem as RemoteProblem where problem.isFinal {
            return nil
        }
    }

    private func session(_ tokens: Tokens, _ who: ConsoleOperator) -> OperatorSession {
        OperatorSession(
            operator: who, accessToken: tokens.accessToken, refreshToken: tokens.refreshToken,
            renewAt: self.environment.wallClock.now + .seconds(Int64(max(tokens.expiresIn - 60, 1))))
    }

    private static func admitted(_ principal: Principal) throws -> ConsoleOperator {
        guard principal.role == .operator || principal.role == .admin else {
            throw Problem(
                .forbidden, "the console is for operators; this account has the role \(principal.role.rawValue)")
        }
        return ConsoleOperator(
            id: principal.subject.description, email: principal.email ?? principal.subject.description,
            role: principal.role)
    }
}
