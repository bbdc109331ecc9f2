public import Chassis
public import Essentials
public import EventSourcing
public import Identity
public import ShopContracts

/// Users: registration, login, sessions, roles. It signs the access tokens that everybody else checks.
public struct UsersService: Sendable {
    /// What the service is given besides its environment.
    public struct Configuration: Sendable {
        /// Signs access tokens.
        public var signingKey: SigningKey
        /// Keys that signed before; they stay published until the last of their tokens has expired. Default: none.
        public var retiredKeys: [VerificationKey] = []
        /// Makes and checks password hashes.
        public var hasher: any PasswordHashing
        /// Which new passwords are accepted.
        public var passwordPolicy = PasswordPolicy()
        /// How long an access token is good. 1 second to 24 hours. Default: 15 minutes.
        public var accessLifetime: Duration = .seconds(900)
        /// How long a refresh token is good. At least 1 minute. Default: 30 days.
        public var refreshLifetime: Duration = .seconds(30 * 86_400)
        /// How long a client may repeat an exchange of a refresh token whose answer was lost. Default: 10 seconds.
        public var refreshRepeatWindow: Duration = .seconds(10)
        /// Wrong passwords for one e-mail address from one client address within ``loginWindow``. At least 1. Behind as
        /// many from anywhere the pauses begin. Default: 5.
        public var triesPerEmail = 5
        /// Wrong passwords from one client address within ``loginWindow``. At least 1. Default: 100.
        public var triesPerClient = 100
        /// Default: 15 minutes.
        public var loginWindow: Duration = .seconds(900)
        /// The pause between the log-ins of an e-mail address when ``triesPerEmail`` were wrong, from wherever they came.
        /// It doubles with each further wrong one. Not asked of a client address that has logged in before. Default: 1
        /// second.
        public var firstLoginPause: Duration = .seconds(1)
        /// The longest such pause. Default: 1 minute.
        public var longestLoginPause: Duration = .seconds(60)
        /// How often rows that nobody can use any more are removed. Default: 10 minutes.
        public var pruneInterval: Duration = .seconds(600)
        /// Where called-back tokens become known in this process; pass the list that authenticators ask.
        public var revocations: RevocationList

        public init(
            signingKey: SigningKey, hasher: any PasswordHashing, revocations: RevocationList = RevocationList(),
        ) {
            self.signingKey = signingKey
            self.hasher = hasher
            self.revocations = revocations
        }
    }

    /// The tables of the service, besides those of the kit.
    public static let migrations = UsersSchema.migrations

    public let service: Service
    private let users: UserBook
    private let passwords: Passwords

    /// - Throws: `JOSEError` for an access lifetime beyond 24 hours or two keys of one name.
    public init(_ environment: ServiceEnvironment, configuration: Configuration) throws {
        var tokens = TokenIssuer.Configuration()
        tokens.lifetime = configuration.accessLifetime
        let issuer = try TokenIssuer(
            issuer: TokenAuthenticator.userIssuer, key: configuration.signingKey, configuration: tokens,
            ids: environment.ids, wallClock: environment.wallClock)
        let sessions = SessionBook(
            issuer: issuer, refreshLifetime: max(.seconds(60), configuration.refreshLifetime),
            repeatWindow: configuration.refreshRepeatWindow, chance: environment.chance, ids: environment.ids,
            wallClock: environment.wallClock)
        let users = UserBook(environment, sessions: sessions, revocations: configuration.revocations)
        let passwords = Passwords(hasher: configuration.hasher, policy: configuration.passwordPolicy)
        let health = HealthRegistry(time: environment.time)
        let store = environment.store
        health.addCheck("database", critical: true) { _ = try await store.read { try $0.query("SELECT 1 AS one") } }
        self.users = users
        self.passwords = passwords
        self.service = Service(
            environment,
            routes: Self.routes(
                users, passwords, LoginLimits(configuration, time: environment.time),
                keys: try issuer.keySet(with: configuration.retiredKeys)),
            health: health, background: [Self.pruning(users, every: configuration.pruneInterval, environment.time)],
            readModels: users.projector, prepare: { try await Self.prepare(users) })
    }

    private static func routes(
        _ users: UserBook, _ passwords: Passwords, _ limits: LoginLimits, keys: JWKSet,
    ) -> [Route] {
        RegisterUser.routes(users, passwords) + [LogIn(users: users, passwords: passwords, limits: limits).route]
            + KeepSession.routes(users) + OwnProfile(users: users, passwords: passwords, limits: limits).routes
            + AdministerUsers.routes(users)
            + [ImportUser.route(users), PublishKeys.route(keys), ReadUser.route(users.store)]
    }

    private static func prepare(_ users: UserBook) async throws {
        let since = users.wallClock.now + (.zero - Revocations.memory)
        for fact in try await users.store.read({ try UserRows.revocations(since: since, in: $0) }) {
            users.revocations.insert(fact.revocation)
        }
    }

    private static func pruning(_ users: UserBook, every interval: Duration, _ time: TimeSource) -> BackgroundWork {
        BackgroundWork("users.pruning") {
            while true {
                do { try await time.sleep(for: interval) } catch { return }
                while try await users.store.write({ try users.sessions.prune(in: $0) }) > 0 {}
            }
        }
    }

    /// Registers the first administrator of a database without users.
    /// - Returns: nil when there are users already; nothing is changed then.
    /// - Throws: a ``Problem`` for an address that is none or a password that the policy refuses.
    public func seedAdministrator(
        email: String, password: Redacted<String>, name: String = "Administrator",
    ) async throws -> UserID? {
        let users = self.users
        guard try await users.store.read({ try UserRows.isEmpty(in: $0) }) else { return nil }
        let email = try EmailAddress.checked(email)
        let hash = try await self.passwords.hash(password, email: email, at: "/password")
        let metadata = EventMetadata(correlationID: users.ids.next(), actor: "service:users")
        return try await users.write { unit in
            guard try UserRows.isEmpty(in: unit) else { return Changed(value: nil) }
            let row = try users.register(
                email: email, name: name, role: .admin, hash: hash, metadata: metadata, in: unit)
            return Changed(value: row.id)
        }
    }
}
