import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// What a transaction gave, and the access tokens that it called back.
struct Changed<Value: Sendable>: Sendable {
    var value: Value
    var revoked: [TokensRevoked] = []
}

/// Changes users inside a transaction: events, addresses, hashes, sessions and read model together.
struct UserBook: Sendable {
    let store: ServiceStore
    let projector: Projector<any ServiceUnit>
    let sessions: SessionBook
    let revocations: RevocationList
    let ids: IDSource
    let wallClock: WallClock
    private let users: Repository<User>

    init(_ environment: ServiceEnvironment, sessions: SessionBook, revocations: RevocationList) {
        self.store = environment.store
        self.projector = Projector([UserProjection()]) { $0 }
        self.sessions = sessions
        self.revocations = revocations
        self.ids = environment.ids
        self.wallClock = environment.wallClock
        self.users = Repository(ids: environment.ids, wallClock: environment.wallClock)
    }

    /// Runs a writing transaction; what it called back is known to this process before this returns.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any ServiceUnit) throws -> Changed<Value>,
    ) async throws -> Value {
        let changed: Changed<Value>
        do {
            changed = try await self.store.write(body)
        } catch let refusal as UserRefusal {
            throw refusal.problem
        }
        for fact in changed.revoked { self.revocations.insert(fact.revocation) }
        return changed.value
    }

    /// Registers somebody.
    /// - Throws: ``UserRefusal/emailTaken``.
    func register(
        email: EmailAddress, name: String, role: AccountRole, hash: Redacted<String>, metadata: EventMetadata,
        in unit: any ServiceUnit,
    ) throws -> UserRow {
        guard try !Credentials.isTaken(email, in: unit) else { throw UserRefusal.emailTaken(email) }
        let id = self.ids.next(UserID.self)
        try Credentials.create(id, email: email, hash: hash, at: self.wallClock.now, in: unit)
        _ = try self.execute(.register(id, email: email, name: name, role: role), on: id, metadata, in: unit)
        return try self.row(id, in: unit)
    }

    /// Decides a command, appends what follows and brings the read model up to date. Returns what it called back.
    func execute(
        _ command: User.Command, on id: UserID, _ metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws -> [UserEvent] {
        let events = try self.users.execute(command, on: id.rawValue, metadata: metadata, in: unit).events
        try self.projector.advance(in: unit)
        return events
    }

    /// Ends all sessions of somebody and calls back all their access tokens.
    func revokeEverything(
        of id: UserID, _ metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws -> [TokensRevoked] {
        let revocation = try self.sessions.everyAccessToken(of: id, in: unit)
        try self.sessions.endAll(of: id, in: unit)
        return try self.execute(.revoke(revocation), on: id, metadata, in: unit).revocations
    }

    func row(_ id: UserID, in unit: any ServiceUnit) throws -> UserRow {
        guard let row = try UserRows.find(id, in: unit) else { throw UserRefusal.unknown }
        return row
    }

    /// Who calls, with a token that is still good at this moment of the database.
    /// - Throws: a ``Problem`` `unauthenticated`.
    func caller(_ request: RoutedRequest, in unit: any ServiceUnit) throws -> UserRow {
        let principal = try request.caller()
        guard let user = try UserRows.find(UserID(principal.subject), in: unit), !user.isBlocked else {
            throw Self.unauthenticated("the account is closed")
        }
        guard try !UserRows.isRevoked(principal, user: user, in: unit) else {
            throw Self.unauthenticated("the token has been revoked")
        }
        return user
    }

    /// Refuses an administrator whose token has been called back or whose account is closed.
    func requireGoodToken(_ request: RoutedRequest, in unit: any ServiceUnit) throws {
        let principal = try request.caller()
        let user = try UserRows.find(UserID(principal.subject), in: unit)
        let isClosed = user?.isBlocked ?? false
        guard try !isClosed && !UserRows.isRevoked(principal, user: user, in: unit) else {
            throw Self.unauthenticated("the token has been revoked")
        }
    }

    private static func unauthenticated(_ reason: String) -> Problem {
        Problem(
            .unauthenticated, "the bearer token is refused: \(reason)",
            headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }
}

extension UserRefusal {
    /// What a client is told.
    var problem: Problem {
        switch self {
        case .unknown: Problem(.notFound, "there is no such user")
        case .exists(let id): Problem(.conflict, "the user \(id) exists already")
        case .emailTaken(let email):
            Problem(
                .emailTaken, "somebody has registered with \(email.text) already",
                details: ["email": .string(email.text)])
        }
    }
}

extension [UserEvent] {
    /// The access tokens that these facts called back.
    var revocations: [TokensRevoked] {
        self.compactMap { if case .tokensRevoked(let fact) = $0 { fact } else { nil } }
    }
}
