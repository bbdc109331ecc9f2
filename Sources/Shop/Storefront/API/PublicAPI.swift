import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// The public API, called for a visitor with the visitor's own token: the storefront may nothing that the visitor may not.
struct PublicAPI: Sendable {
    private let catalog: ServiceClient
    private let users: ServiceClient
    private let orders: ServiceClient

    init(_ environment: ServiceEnvironment) {
        self.catalog = ServiceClient(.catalog, in: environment)
        self.users = ServiceClient(.users, in: environment)
        self.orders = ServiceClient(.orders, in: environment)
    }

    func products(
        category: String?, words: String?, cursor: String?, _ metadata: EventMetadata,
    ) async throws -> Listing<Product> {
        let parameters = [("category", category), ("q", words), ("cursor", cursor), ("limit", "24")]
            .compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
        return try await self.catalog.call(
            .get, "/v1/products?\(parameters.joined(separator: "&"))", metadata: metadata)
    }

    func categories(_ metadata: EventMetadata) async throws -> [Category] {
        try await self.catalog.call(
            .get, "/v1/categories?limit=100", metadata: metadata, as: Listing<Category>.self
        ).items
    }

    func product(_ id: ProductID, _ metadata: EventMetadata) async throws -> Product {
        try await self.catalog.call(.get, "/v1/products/\(id)", metadata: metadata)
    }

    /// How many pieces there are; nil when nobody knows.
    func availability(of id: ProductID, _ metadata: EventMetadata) async -> Int? {
        let answer = try? await self.catalog.call(
            .get, "/v1/products/\(id)/availability", metadata: metadata, as: Availability.self)
        return answer?.available
    }

    func register(
        email: String, name: String, password: Redacted<String>, _ call: VisitorCall,
    ) async throws -> Profile {
        try await self.users.call(
            .post, "/v1/users", body: ["email": email, "name": name, "password": password.exposed],
            metadata: call.metadata, by: call.person)
    }

    func logIn(email: String, password: Redacted<String>, _ call: VisitorCall) async throws -> Session {
        try await self.users.call(
            .post, "/v1/sessions", body: ["email": email, "password": password.exposed], metadata: call.metadata,
            by: call.person)
    }

    func refresh(_ token: Redacted<String>, _ metadata: EventMetadata) async throws -> Session {
        try await self.users.call(
            .post, "/v1/sessions/refresh", body: ["refreshToken": token.exposed], metadata: metadata)
    }

    /// - Returns: false when the session had ended before.
    @discardableResult
    func logOut(_ call: VisitorCall) async throws -> Bool {
        do {
            _ = try await self.users.send(.delete, "/v1/sessions", metadata: call.metadata, by: call.person)
            return true
        } catch let problem as RemoteProblem where problem.status == 401 {
            return false
        }
    }

    func profile(_ call: VisitorCall) async throws -> Profile {
        try await self.users.call(.get, "/v1/users/me", metadata: call.metadata, by: call.person)
    }

    func orders(cursor: String?, _ call: VisitorCall) async throws -> Listing<Order> {
        let parameter = cursor.map { "&cursor=\(PercentEncoding.encode($0))" } ?? ""
        return try await self.orders.call(
            .get, "/v2/orders?limit=20\(parameter)", metadata: call.metadata, by: call.person)
    }

    func order(_ id: OrderID, _ call: VisitorCall) async throws -> Order {
        try await self.orders.call(.get, "/v2/orders/\(id)", metadata: call.metadata, by: call.person)
    }

    /// - Parameter key: the same for every try to place this basket.
    func place(_ order: OrderRequest, key: UniqueID, _ call: VisitorCall) async throws -> Order {
        try await self.orders.call(
            .post, "/v2/orders", body: order, key: key, metadata: call.metadata, by: call.person)
    }

    /// Asks for a transition that customers may ask for, such as `cancel`.
    func change(_ id: OrderID, _ transition: OrderTransition, _ call: VisitorCall) async throws {
        let method = ["paymentMethod": PaymentMethod.ok.rawValue]
        _ = try await self.orders.send(
            .post, "/v1/orders/\(id)/\(transition.rawValue)", body: transition == .retryPayment ? method : nil,
            metadata: call.metadata, by: call.person)
    }
}

/// What a customer may ask of an order of theirs, by the last part of its path.
enum OrderTransition: String, CaseIterable, Sendable {
    case cancel
    case retryPayment = "retry-payment"
    case sendBack = "return"
}

/// On whose behalf a call is made, and as part of what.
struct VisitorCall: Sendable {
    var metadata: EventMetadata
    var person: CallingPerson
}
