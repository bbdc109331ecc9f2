import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Inventory

/// A platform with the inventory alone.
struct InventoryBench {
    let platform: TestPlatform
    let inventory: InventoryService
    let store: ServiceStore
    let orders = Principal.service("orders")

    init(_ stock: [(ProductID, Int)] = []) async throws {
        self.platform = try TestPlatform()
        let environment = try self.platform.environment(.inventory, migrations: InventoryService.migrations)
        self.store = environment.store
        self.inventory = try InventoryService(environment)
        self.platform.host(self.inventory.service)
        try await self.inventory.seed(stock)
    }

    func hold(
        _ order: OrderID, _ lines: [(ProductID, Int)], seconds: Int = 600, key: UniqueID? = nil,
    ) async throws -> TestAnswer {
        let lines = lines.map { product, quantity -> JSONValue in
            ["productId": .string(product.description), "quantity": .integer(quantity)]
        }
        return try await self.platform.call(
            .inventory, .post, "/internal/holds", as: self.orders,
            headers: [.idempotencyKey: (key ?? self.platform.ids.next()).description],
            json: [
                "orderId": .string(order.description), "lines": .array(lines), "seconds": .integer(seconds),
            ])
    }

    func settle(_ order: OrderID, _ verb: String, key: UniqueID? = nil) async throws -> TestAnswer {
        try await self.platform.call(
            .inventory, .post, "/internal/holds/\(order)/\(verb)", as: self.orders,
            headers: [.idempotencyKey: (key ?? self.platform.ids.next()).description])
    }

    func available(_ product: ProductID) async throws -> Int64? {
        try await self.platform.call(.inventory, .get, "/v1/stock/\(product)").json["available"]?.integer
    }

    func isBalanced() async throws -> Bool {
        let answer = try await self.platform.call(
            .inventory, .get, "/internal/ledger/trial-balance", as: self.orders)
        return answer.json["equal"]?.bool == true
    }

    func facts() async throws -> [String] {
        try await self.store.read { try $0.readAll(after: .start, limit: 1_000).map(\.type) }
    }
}

@Suite struct InventoryTests {
    private let product = ProductID(UniqueID(high: 1, low: 1))
    private let other = ProductID(UniqueID(high: 1, low: 2))
    private let order = OrderID(UniqueID(high: 2, low: 1))

    @Test func `200 parallel buyers of 100 units sell exactly 100`() async throws {
        let bench = try await InventoryBench([(self.product, 100)])
        let product = self.product
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask { try await bench.hold(OrderID(bench.platform.ids.next()), [(product, 1)]).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == 201 } == 100)
        #expect(answers.count { $0 == 409 } == 100)
        #expect(try await bench.available(product) == 0)
        #expect(try await bench.isBalanced())
    }

    @Test func `a refusal names the product, what there is and what was asked, and holds nothing of the order`()
        async throws
    {
        let bench = try await InventoryBench([(self.product, 5), (self.other, 1)])
        let answer = try await bench.hold(self.order, [(self.product, 5), (self.other, 2)])
        #expect(answer.status == 409)
        #expect(answer.code == "out-of-stock")
        #expect(answer.json["details"]?["productId"]?.string == self.other.description)
        #expect(answer.json["details"]?["available"]?.integer == 1)
        #expect(answer.json["details"]?["asked"]?.integer == 2)
        #expect(try await bench.available(self.product) == 5)
        #expect(try await bench.facts() == ["StockReceived", "StockReceived"])
    }

    @Test func `a product that nobody has stocked is out of stock`() async throws {
        let bench = try await InventoryBench()
        let answer = try await bench.hold(self.order, [(self.product, 1)])
        #expect(answer.code == "out-of-stock")
        #expect(answer.json["details"]?["available"]?.integer == 0)
    }

    @Test func `two lines of one product count together`() async throws {
        let bench = try await InventoryBench([(self.product, 3)])
        #expect(try await bench.hold(self.order, [(self.product, 2), (self.product, 2)]).code == "out-of-stock")
        #expect(try await bench.hold(self.order, [(self.product, 2), (self.product, 1)]).status == 201)
        #expect(try await bench.available(self.product) == 0)
    }

    @Test func `a hold is committed once, however often it is asked`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        let key = bench.platform.ids.next()
        #expect(try await bench.hold(self.order, [(self.product, 4)], key: key).status == 201)
        #expect(try await bench.hold(self.order, [(self.product, 4)], key: key).status == 201)
        #expect(try await bench.hold(self.order, [(self.product, 4)]).status == 201)
        #expect(try await bench.settle(self.order, "commit", key: key).json["status"]?.string == "COMMITTED")
        #expect(try await bench.settle(self.order, "commit", key: key).json["status"]?.string == "COMMITTED")
        #expect(try await bench.settle(self.order, "commit").json["status"]?.string == "COMMITTED")
        #expect(try await bench.available(self.product) == 6)
        #expect(try await bench.facts() == ["StockReceived", "StockReserved", "StockCommitted"])
        #expect(try await bench.isBalanced())
    }

    @Test func `other lines for the same order are refused`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)])
        #expect(try await bench.hold(self.order, [(self.product, 5)]).code == "conflict")
    }

    @Test func `a release gives the stock back, and a commit after it is refused`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)])
        #expect(try await bench.settle(self.order, "release").json["status"]?.string == "RELEASED")
        #expect(try await bench.settle(self.order, "release").json["status"]?.string == "RELEASED")
        #expect(try await bench.available(self.product) == 10)
        #expect(try await bench.settle(self.order, "commit").code == "hold-released")
        #expect(try await bench.isBalanced())
    }

    @Test func `a release that overtakes its hold leaves a tombstone`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        #expect(try await bench.settle(self.order, "release").status == 200)
        let late = try await bench.hold(self.order, [(self.product, 4)])
        #expect(late.status == 409)
        #expect(late.code == "hold-released")
        #expect(try await bench.available(self.product) == 10)
    }

    @Test func `sold stock is returned once and cannot be released`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)])
        _ = try await bench.settle(self.order, "commit")
        #expect(try await bench.settle(self.order, "release").code == "conflict")
        #expect(try await bench.settle(self.order, "return").json["status"]?.string == "RETURNED")
        #expect(try await bench.settle(self.order, "return").json["status"]?.string == "RETURNED")
        #expect(try await bench.available(self.product) == 10)
        #expect(try await bench.settle(self.order, "release").json["status"]?.string == "RETURNED")
        #expect(try await bench.isBalanced())
    }

    @Test func `a return of what is only held releases it`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)])
        #expect(try await bench.settle(self.order, "return").json["status"]?.string == "RELEASED")
        #expect(try await bench.available(self.product) == 10)
    }

    @Test func `a hold ends with its time, whether the expiry has come by or not`() async throws {
        let bench = try await InventoryBench([(self.product, 10), (self.other, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4), (self.other, 1)], seconds: 60)
        #expect(try await bench.inventory.expireHolds() == 0)
        bench.platform.wallClock.advance(by: .seconds(60))
        #expect(try await bench.settle(self.order, "commit").code == "hold-released")
        #expect(try await bench.inventory.expireHolds() == 1)
        #expect(try await bench.inventory.expireHolds() == 0)
        #expect(try await bench.available(self.product) == 10)
        #expect(try await bench.settle(self.order, "commit").code == "hold-released")
        #expect(try await bench.facts().last == "StockReleased")
        #expect(try await bench.isBalanced())
    }

    @Test func `the expiry runs as long as the service`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)], seconds: 60)
        bench.platform.wallClock.advance(by: .seconds(61))
        await withThrowingTaskGroup { group in
            group.addTask { try await bench.inventory.service.background[0].run() }
            await bench.platform.clock.waitForSleepers()
            group.cancelAll()
            try? await group.waitForAll()
        }
        #expect(try await bench.available(self.product) == 10)
    }

    @Test func `a release after the time has run out leaves the ledger to the expiry`() async throws {
        let bench = try await InventoryBench([(self.product, 10)])
        _ = try await bench.hold(self.order, [(self.product, 4)], seconds: 60)
        bench.platform.wallClock.advance(by: .seconds(61))
        #expect(try await bench.settle(self.order, "release").json["status"]?.string == "RELEASED")
        _ = try await bench.inventory.expireHolds()
        #expect(try await bench.available(self.product) == 10)
        #expect(try await bench.facts().count { $0 == "StockReleased" } == 1)
        #expect(try await bench.isBalanced())
    }

    @Test func `operators receive stock once a key`() async throws {
        let bench = try await InventoryBench()
        let staff = bench.platform.person(.operator)
        let headers: HTTPFields = [.idempotencyKey: bench.platform.ids.next().description]
        let path = "/v1/stock/\(self.product)/receipts"
        let first = try await bench.platform.call(
            .inventory, .post, path, as: staff, headers: headers, json: ["quantity": 7])
        let again = try await bench.platform.call(
            .inventory, .post, path, as: staff, headers: headers, json: ["quantity": 7])
        let different = try await bench.platform.call(
            .inventory, .post, path, as: staff, headers: headers, json: ["quantity": 8])
        #expect(first.status == 201)
        #expect(again.status == 201)
        #expect(again.json == first.json)
        #expect(again.response.head.headerFields[.idempotencyReplayed] == "true")
        #expect(different.code == "idempotency-key-reused")
        #expect(try await bench.available(self.product) == 7)
        let customer = try await bench.platform.call(
            .inventory, .post, path, as: bench.platform.person(), headers: headers, json: ["quantity": 7])
        #expect(customer.status == 403)
        let none = try await bench.platform.call(
            .inventory, .post, path, as: staff, headers: headers, json: ["quantity": 0])
        #expect(none.status == 400)
    }

    @Test func `seeding twice changes nothing, and a product seeded with none is known`() async throws {
        let bench = try await InventoryBench([(self.product, 10), (self.other, 0)])
        try await bench.inventory.seed([(self.product, 10), (self.other, 0)])
        #expect(try await bench.available(self.product) == 10)
        #expect(try await bench.available(self.other) == 0)
        let unknown = ProductID(bench.platform.ids.next())
        #expect(try await bench.platform.call(.inventory, .get, "/v1/stock/\(unknown)").status == 404)
    }

    @Test func `every fact reads what its first version wrote`() throws {
        let id = "00000000-0000-0001-0000-000000000001"
        let line = #"{"productId":"\#(id)","quantity":2}"#
        let samples: [(String, String)] = [
            ("StockReserved", #"{"lines":[\#(line)],"orderId":"\#(id)","until":"2026-01-01T00:10:00.000Z"}"#),
            ("StockCommitted", #"{"lines":[\#(line)],"orderId":"\#(id)"}"#),
            ("StockReleased", #"{"lines":[\#(line)],"orderId":"\#(id)","reason":"expired"}"#),
            ("StockReturned", #"{"lines":[\#(line)],"orderId":"\#(id)"}"#),
            ("StockReceived", #"{"productId":"\#(id)","quantity":5,"receiptId":"\#(id)"}"#),
        ]
        #expect(samples.map(\.0).sorted() == StockEvent.catalog.types)
        for (type, json) in samples {
            let event = NewEvent(
                id: UniqueID(high: 9, low: 9), type: type, schemaVersion: 1, timestamp: Timestamp(microseconds: 0),
                metadata: EventMetadata(correlationID: UniqueID(high: 9, low: 9)), data: Array(json.utf8))
            let fact = try StockEvent.catalog.decode(event)
            #expect(String(decoding: try EventCoding.encode(fact.payload), as: UTF8.self) == json)
        }
    }
}
