public import Chassis
public import Essentials
public import EssentialsTesting
public import EventSourcing
public import HTTPTypes
public import Identity
import Ledger
import Logging
import Messaging
import Sagas
import StorageSQLite

/// Services in one process without sockets: virtual time, seeded ids, SQLite in memory, calls through a
/// ``LocalTransport``, and tokens for whoever a test wants to be.
///
/// ```swift
/// let platform = try TestPlatform()
/// let catalog = try CatalogService(platform.environment(.catalog, migrations: CatalogService.migrations))
/// platform.host(catalog.service)
/// let answer = try await platform.call(.catalog, .get, "/v1/products", as: platform.customer)
/// ```
public final class TestPlatform: Sendable {
    public let clock = TestClock()
    public let wallClock = ManualWallClock()
    public let transport = LocalTransport()
    public let ids: IDSource
    public let chance: Chance
    private let serviceKey: SigningKey
    private let userKey: SigningKey
    private let userTokens: TokenIssuer

    public init(seed: UInt64 = 1) throws {
        let chance = Chance(seed: seed)
        self.chance = chance
        self.ids = IDSource(wallClock: self.wallClock.wallClock, chance: chance)
        self.serviceKey = .generate(.edDSA, chance: chance)
        self.userKey = .generate(.edDSA, chance: chance)
        self.userTokens = try TokenIssuer(
            issuer: TokenAuthenticator.userIssuer, key: self.userKey, ids: self.ids, wallClock: self.wallClock.wallClock
        )
    }

    /// The time of all services.
    public var time: TimeSource { TimeSource(self.clock) }

    /// An environment with a fresh database in memory, or with `store`.
    /// - Parameter path: a file instead of memory, for tests that restart a service.
    public func environment(
        _ name: ServiceName, migrations: [Migration], path: String = ":memory:",
    ) throws -> ServiceEnvironment {
        let store = try SQLiteStore(
            path: path, service: name.rawValue, migrations: SQLiteStore.kitMigrations + migrations, ids: self.ids,
            writeExecutor: InlineExecutor(), readExecutor: InlineExecutor())
        return ServiceEnvironment(
            name: name, store: store.transactor.map { $0 }, transport: self.transport,
            authenticator: try self.authenticator(name),
            credentials: try SignedServiceCredentials(
                service: name, key: self.serviceKey, ids: self.ids, wallClock: self.wallClock.wallClock),
            time: self.time, wallClock: self.wallClock.wallClock, ids: self.ids, chance: self.chance,
            logger: Logger(label: name.rawValue, factory: { _ in SwiftLogNoOpLogHandler() }), version: "test")
    }

    /// What checks the tokens of a service.
    public func authenticator(_ name: ServiceName) throws -> TokenAuthenticator {
        TokenAuthenticator(
            service: name, serviceKeys: try JWKSet([self.serviceKey.publicKey]),
            userKeys: try JWKSet([self.userKey.publicKey]), wallClock: self.wallClock.wallClock)
    }

    /// The key that signs people's tokens, for a users service under test.
    public var userSigningKey: SigningKey { self.userKey }

    /// Makes a service reachable for the others and for ``call(_:_:_:as:headers:json:)``.
    public func host(_ service: Service) {
        self.transport.register(service.name, service.handler)
    }

    /// A person with a role of their own.
    public func person(_ role: Role = .user) -> Principal {
        let id = self.ids.next()
        return Principal(subject: id, role: role, email: "\(id)@example.com")
    }

    /// A token of this person.
    public func token(of principal: Principal) throws -> String {
        try self.userTokens.issue(to: principal, audience: [TokenAuthenticator.userIssuer]).token
    }

    /// Sends a request to a service.
    /// - Parameters:
    ///   - principal: who calls: a person, `.service("orders")`, or nobody.
    ///   - json: the body.
    public func call(
        _ service: ServiceName, _ method: HTTPRequest.Method, _ path: String, as principal: Principal? = nil,
        headers: HTTPFields = [:], json: JSONValue? = nil,
    ) async throws -> TestAnswer {
        var request = ServiceRequest(method, path, headers: headers)
        if let principal {
            let token =
                principal.role == .service
                ? try SignedServiceCredentials(
                    service: ServiceName(rawValue: principal.clientID ?? "test"), key: self.serviceKey, ids: self.ids,
                    wallClock: self.wallClock.wallClock
                ).token(for: service) : try self.token(of: principal)
            request.head.headerFields[.authorization] = "Bearer \(token)"
        }
        if let json {
            request.body = json.serialized
            request.head.headerFields[.contentType] = "application/json"
        }
        let deadline = Deadline(at: self.time.now + .seconds(60))
        return TestAnswer(try await self.transport.call(service, request, deadline: deadline))
    }
}

/// What a service answered, read as JSON.
public struct TestAnswer: Sendable {
    public let response: ServiceResponse
    /// The body; null when it is empty or no JSON.
    public let json: JSONValue

    init(_ response: ServiceResponse) {
        self.response = response
        self.json = (try? JSONReader.parse(response.body)) ?? .null
    }

    public var status: Int { self.response.head.status.code }
    /// The `code` of problem details.
    public var code: String? { self.json["code"]?.string }
}
