import AsyncHTTPClient
import Essentials
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// A customer's view of the shop, over its public API.
struct ShopClient: Sendable {
    struct Failure: Error {
        var message: String
    }

    struct Customer: Sendable {
        var id: String
        var token: String
    }

    let base: String

    func products() async throws -> [String] {
        let page = try await self.call("GET", "/v1/products?limit=50")
        let ids = (page.json["items"]?.array ?? []).filter { $0["sku"]?.string != "SOLD-OUT" }
            .compactMap { $0["productId"]?.string }
        guard !ids.isEmpty else {
            throw CommandFailure.environment(
                "the shop at \(self.base) has no products; start it with: mainstay up --demo")
        }
        return ids
    }

    /// Registers somebody new and logs them in.
    func newCustomer() async throws -> Customer {
        let email = "load-\(IDSource.system.next())@example.com"
        let password = "a load of orders \(email)"
        let user = try await self.call(
            "POST", "/v1/users",
            body: ["email": .string(email), "password": .string(password), "name": "Load"])
        let session = try await self.call(
            "POST", "/v1/sessions", body: ["email": .string(email), "password": .string(password)])
        guard let id = user.json["userId"]?.string, let token = session.json["accessToken"]?.string else {
            throw CommandFailure.environment("the shop at \(self.base) did not register a customer: \(user.status)")
        }
        return Customer(id: id, token: token)
    }

    /// Places an order and waits until it is confirmed.
    func checkout(_ customer: Customer, product: String, time: TimeSource) async -> Result<Duration, Failure> {
        let began = time.now
        do {
            let placed = try await self.call(
                "POST", "/v1/orders", token: customer.token, key: IDSource.system.next().description,
                body: [
                    "customerId": .string(customer.id),
                    "items": [["productId": .string(product), "quantity": 1]],
                ])
            guard placed.status == 201, let id = placed.json["orderId"]?.string else {
                return .failure(Failure(message: "\(placed.status) \(placed.json["code"]?.string ?? "")"))
            }
            while time.now - began < .seconds(30) {
                // Asked often enough to be right within an eighth, and no oftener: to ask is load as well.
                try await time.sleep(for: max(.milliseconds(10), (time.now - began) / 8))
                let order = try await self.call("GET", "/v1/orders/\(id)", token: customer.token)
                switch order.json["status"]?.string {
                case "PENDING": continue
                case "CANCELLED": return .failure(Failure(message: "the order was cancelled"))
                case nil: return .failure(Failure(message: "\(order.status) for the placed order"))
                default: return .success(time.now - began)
                }
            }
            return .failure(Failure(message: "not confirmed within 30 s"))
        } catch {
            return .failure(Failure(message: "\(error)"))
        }
    }

    func call(
        _ method: String, _ path: String, token: String? = nil, key: String? = nil, body: JSONValue? = nil,
    ) async throws -> (status: Int, json: JSONValue) {
        var request = HTTPClientRequest(url: self.base + path)
        request.method = .RAW(value: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.serialized))
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let bytes = try await response.body.collect(upTo: 16 << 20)
            return (Int(response.status.code), (try? JSONReader.parse(Array(bytes.readableBytesView))) ?? .null)
        } catch let error as HTTPClientError where error == .connectTimeout {
            throw CommandFailure.environment("the shop at \(self.base) cannot be reached")
        } catch is NIOConnectionError {
            throw CommandFailure.environment("the shop at \(self.base) cannot be reached")
        }
    }
}
