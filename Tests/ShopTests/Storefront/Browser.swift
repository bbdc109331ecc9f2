import Catalog
import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import Foundation
import HTTPTypes
import ShopContracts
import Storefront
import Synchronization

/// A page as a browser got it.
struct ShownPage {
    let response: ServiceResponse

    var status: Int { self.response.head.status.code }
    var text: String { String(decoding: self.response.body, as: UTF8.self) }
    var location: String? { self.response.head.headerFields[.location] }

    /// The value of the first hidden or typed field of that name.
    func value(of field: String) -> String? {
        guard let start = self.text.range(of: "name=\"\(field)\" value=\"") else { return nil }
        return String(self.text[start.upperBound...].prefix { $0 != "\"" })
    }
}

/// Somebody who looks at pages: keeps cookies, fills in forms.
final class Browser: Sendable {
    private let platform: TestPlatform
    private let cookies = Mutex<[String: String]>([:])

    init(_ platform: TestPlatform) {
        self.platform = platform
    }

    /// What the browser holds.
    var visit: String? {
        get { self.cookies.withLock { $0["mainstay_visit"] } }
        set { self.cookies.withLock { $0["mainstay_visit"] = newValue } }
    }

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> ShownPage {
        try await self.ask(.get, path, headers: headers, body: [])
    }

    /// Sends a form with the token of the page before.
    /// - Parameter token: another one than the browser was given.
    func send(_ path: String, _ fields: [String: String], token: String? = nil) async throws -> ShownPage {
        let own = if let token { token } else { try await self.get("/login").value(of: "token") ?? "" }
        let pairs = fields.merging(["token": own]) { _, new in new }
            .map { "\(PercentEncoding.encode($0))=\(PercentEncoding.encode($1))" }.sorted()
        return try await self.ask(
            .post, path, headers: [.contentType: "application/x-www-form-urlencoded"],
            body: Array(pairs.joined(separator: "&").utf8))
    }

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields, body: [UInt8],
    ) async throws -> ShownPage {
        var request = ServiceRequest(method, path, headers: headers, body: body)
        let jar = self.cookies.withLock { $0.sorted { $0.key < $1.key }.map { "\($0)=\($1)" } }
        if !jar.isEmpty { request.head.headerFields[.cookie] = jar.joined(separator: "; ") }
        let deadline = Deadline(at: self.platform.time.now + .seconds(60))
        let response = try await self.platform.transport.call(.storefront, request, deadline: deadline)
        if let cookie = response.head.headerFields[.setCookie] {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", omittingEmptySubsequences: false)
            self.cookies.withLock { $0[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1]) }
        }
        return ShownPage(response: response)
    }
}

/// Orders as the storefront sees them: takes what is ordered, and says what a test wants.
final class StandInOrders: Sendable {
    struct Call: Sendable {
        var method: String
        var path: String
        var key: String?
        var body: JSONValue
    }

    private struct State {
        var calls: [Call] = []
        var answer = (status: 201, state: "PENDING")
    }

    private let state = Mutex(State())
    let order: OrderID

    init(_ order: OrderID) {
        self.order = order
    }

    var calls: [Call] { self.state.withLock(\.calls) }
    func answers(_ status: Int, _ state: String) { self.state.withLock { $0.answer = (status, state) } }

    func handle(_ request: ServiceRequest) -> ServiceResponse {
        let call = Call(
            method: request.head.method.rawValue, path: request.head.path ?? "",
            key: request.head.headerFields[.idempotencyKey], body: (try? JSONReader.parse(request.body)) ?? .null)
        let (status, state) = self.state.withLock { all in
            all.calls.append(call)
            return all.answer
        }
        guard status < 400 else {
            return .document(
                ["code": "refused", "detail": "no <such> thing", "status": .integer(status)],
                status: HTTPResponse.Status(code: status))
        }
        return .document(self.document(state), status: HTTPResponse.Status(code: status))
    }

    private func document(_ state: String) -> JSONValue {
        [
            "orderId": .string(self.order.description), "status": .string(state), "items": [],
            "totalAmount": ["amount": "12.50", "currency": "EUR"], "createdAt": "2026-01-01T00:00:00.000Z",
            "reason": "<b>because</b>",
        ]
    }
}

/// The storefront with real users and a real catalogue.
struct StorefrontFixture {
    let users: UsersFixture
    let orders: StandInOrders
    let browser: Browser
    let pen = DemoCatalog.product("DSK-PEN-1")!

    var platform: TestPlatform { self.users.platform }

    init() async throws {
        self.users = try await UsersFixture()
        let platform = self.users.platform
        self.orders = StandInOrders(platform.ids.next())
        let orders = self.orders
        platform.transport.register(.orders) { orders.handle($0) }
        let catalog = try CatalogService(platform.environment(.catalog, migrations: CatalogService.migrations))
        let storefront = try StorefrontService(
            platform.environment(.storefront, migrations: StorefrontService.migrations))
        for service in [catalog.service, storefront.service] {
            try await service.prepare()
            platform.host(service)
        }
        _ = try await catalog.seedDemo()
        self.browser = Browser(platform)
    }

    /// Registers Ada, who is logged in afterwards.
    @discardableResult
    func register(_ name: String = "Ada", target: String = "/") async throws -> ShownPage {
        try await self.browser.send(
            "/register",
            ["name": name, "email": "ada@example.org", "password": UsersFixture.password, "target": target])
    }

    func put(_ quantity: String = "2") async throws -> ShownPage {
        try await self.browser.send("/basket", ["product": self.pen.id.description, "quantity": quantity])
    }

    func checkOut(key: String) async throws -> ShownPage {
        try await self.browser.send(
            "/checkout",
            [
                "key": key, "name": "Ada", "street": "1 Main Street", "city": "Paris", "postalCode": "75001",
                "country": "fr", "method": "pm_ok",
            ])
    }
}
