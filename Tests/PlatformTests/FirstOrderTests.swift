import Essentials
import Foundation
import Testing

@Suite(.serialized) struct FirstOrderTests {
    private let scratch = Scratch()

    private func order(_ customer: String, _ product: String, quantity: Int = 1, method: String = "pm_ok") -> JSONValue
    {
        [
            "customerId": .string(customer), "paymentMethod": .string(method),
            "items": [["productId": .string(product), "quantity": .integer(quantity)]],
        ]
    }

    private func product(_ platform: RunningPlatform, sku: String? = nil) async throws -> String {
        let page = try await platform.call("GET", "/v1/products?limit=100")
        let items = page.json["items"]?.array ?? []
        let item = items.first { sku == nil ? $0["sku"] != "SOLD-OUT" : $0["sku"]?.string == sku }
        return try #require(item?["productId"]?.string)
    }

    /// Asks until the order has one of the statuses. Bounded by attempts; the platform decides how long that takes.
    private func wait(
        for statuses: Set<String>, _ id: String, _ token: String, on platform: RunningPlatform,
    ) async throws -> JSONValue {
        for _ in 0..<600 {
            let order = try await platform.call("GET", "/v1/orders/\(id)", token: token).json
            if statuses.contains(order["status"]?.string ?? "") { return order }
            try await TimeSource.system.sleep(for: .milliseconds(50))
        }
        throw UnexpectedAnswer(description: "order \(id) never became \(statuses): \(platform.output)")
    }

    @Test func `an order goes all the way, through a kill`() async throws {
        let first = try await RunningPlatform(in: self.scratch.path)
        let customer = try await first.customer("ada")
        let product = try await self.product(first)
        let placed = try await first.call(
            "POST", "/v1/orders", token: customer.token, key: IDSource.system.next().description,
            body: self.order(customer.id, product, quantity: 2))
        #expect(placed.status == 201)
        #expect(placed.json["status"] == "PENDING")
        let id = try #require(placed.json["orderId"]?.string)
        await first.kill()
        let second = try await RunningPlatform(in: self.scratch.path)
        let delivered = try await self.wait(for: ["DELIVERED"], id, customer.token, on: second)
        #expect(delivered["itemCount"] == 2)
        #expect(await second.stop() == 0)
        let verified = try await MainstayProcess.run(["events", "verify", "--data", self.scratch.path])
        #expect(verified.status == 0, "\(verified)")
        let replayed = try await MainstayProcess.run(
            ["events", "replay", "order-summaries", "--data", self.scratch.path])
        #expect(replayed.status == 0, "\(replayed)")
        let again = try await MainstayProcess.run(["events", "verify", "--data", self.scratch.path])
        #expect(again.output == verified.output)
        let sagas = try await MainstayProcess.run(["sagas", "list", "--data", self.scratch.path])
        #expect(sagas.output.contains(id))
        #expect(sagas.output.contains("completed"))
        let shown = try await MainstayProcess.run(["sagas", "show", id, "--data", self.scratch.path])
        #expect(shown.output.contains("authorize payment"))
        let unknown = try await MainstayProcess.run(["events", "replay", "nothing", "--data", self.scratch.path])
        #expect(unknown.status == 1)
    }

    @Test func `fifty parallel requests with one key make one order`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let customer = try await platform.customer("bob")
        let body = self.order(customer.id, try await self.product(platform))
        let key = IDSource.system.next().description
        let answers = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let answer = try await platform.call(
                        "POST", "/v1/orders", token: customer.token, key: key, body: body)
                    return (answer.status, answer.json["orderId"]?.string)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.0 == 201 } == 1)
        #expect(answers.count { $0.0 == 409 } == 49)
        #expect(Set(answers.map(\.1)).count == 1)
        let orders = try await platform.call("GET", "/v1/orders", token: customer.token)
        #expect(orders.json["items"]?.array?.count == 1)
        #expect(await platform.stop() == 0)
    }

    @Test func `what is refused is refused as documented`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let ada = try await platform.customer("ada")
        let eve = try await platform.customer("eve")
        let product = try await self.product(platform)
        let key = IDSource.system.next().description
        let body = self.order(ada.id, product)
        let placed = try await platform.call("POST", "/v1/orders", token: ada.token, key: key, body: body)
        let id = try #require(placed.json["orderId"]?.string)
        let again = try await platform.call("POST", "/v1/orders", token: ada.token, key: key, body: body)
        #expect(again.status == 409)
        #expect(again.json["orderId"]?.string == id)
        let other = try await platform.call(
            "POST", "/v1/orders", token: ada.token, key: key, body: self.order(ada.id, product, quantity: 2))
        #expect(other.status == 422)
        #expect(try await platform.call("GET", "/v1/orders/\(id)", token: eve.token).status == 404)
        let fresh = { IDSource.system.next().description }
        let foreign = try await platform.call(
            "POST", "/v1/orders", token: eve.token, key: fresh(), body: self.order(ada.id, product))
        #expect(foreign.status == 403)
        for quantity in [0, -1, 101] {
            let answer = try await platform.call(
                "POST", "/v1/orders", token: ada.token, key: fresh(),
                body: self.order(ada.id, product, quantity: quantity))
            #expect(answer.status == 400, "\(quantity)")
        }
        for key in [nil, "", " ", "not-a-uuid"] {
            #expect(
                try await platform.call("POST", "/v1/orders", token: ada.token, key: key, body: body).status == 400)
        }
        let unknown = try await platform.call(
            "POST", "/v1/orders", token: ada.token, key: fresh(), body: self.order(ada.id, fresh()))
        #expect(unknown.status == 422)
        #expect(try await platform.call("GET", "/v1/orders/not-a-uuid", token: ada.token).status == 400)
        #expect(try await platform.call("GET", "/v1/orders").status == 401)
        #expect(try await platform.call("POST", "/v1/products", token: ada.token, body: .object([:])).status == 403)
        #expect(try await platform.call("PUT", "/v1/orders", token: ada.token).status == 405)
        let large = try await platform.firstLine(
            answering: "POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Length: \(11 << 20)\r\n\r\n{")
        #expect(large == "HTTP/1.1 413 Content Too Large")
        #expect(await platform.stop() == 0)
    }

    @Test func `ready means that every service is, and a stop answers what was accepted`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let ready = try await platform.call("GET", "/health/ready")
        #expect(ready.status == 200)
        #expect(ready.json["checks"]?.object?.members.count == 10)
        let customer = try await platform.customer("dora")
        let product = try await self.product(platform)
        let refusedOrAnswered = await withTaskGroup(of: Int?.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let answer = try? await platform.call(
                        "POST", "/v1/orders", token: customer.token, key: IDSource.system.next().description,
                        body: self.order(customer.id, product))
                    if index == 20 { platform.process.terminate() }
                    return answer?.status
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(await platform.end() == 0)
        // A connection that was refused gives nil; whatever was accepted has an answer.
        #expect(refusedOrAnswered.allSatisfy { $0 == nil || $0 == 201 || $0 == 503 })
    }
}
