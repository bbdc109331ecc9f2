import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Sagas
import ShopContracts
import Testing

@testable import Orders

@Suite("POST and GET /v1/orders", .timeLimit(.minutes(10))) struct OrderRouteTests {
    @Test func `an order is created and placed in one call`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product(1_250)
        let answer = try await world.order([(product, 3)])
        #expect(answer.status == 201)
        #expect(answer.json["status"]?.string == "PENDING")
        #expect(answer.json["customerId"]?.string == world.customer.subject.description)
        #expect(answer.json["totalAmount"]?["amount"]?.string == "37.50")
        #expect(answer.json["itemCount"]?.integer == 3)
        #expect(answer.json["items"]?.array?.first?["lineTotal"]?["amount"]?.string == "37.50")
        let id = try #require(answer.json["orderId"]?.string)
        #expect(answer.response.head.headerFields[.location] == "/v1/orders/\(id)")
        let read = try await world.platform.call(.orders, .get, "/v1/orders/\(id)", as: world.customer)
        #expect(read.status == 200)
        #expect(read.json == answer.json)
        let violations = OrderV1.schema.violations(in: answer.json)
        #expect(violations.isEmpty, "\(violations)")
    }

    @Test func `a repeated key is answered with 409 and the existing order, another body with 422`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let key = world.platform.ids.next()
        let first = try await world.order([(product, 1)], key: key)
        let again = try await world.order([(product, 1)], key: key)
        #expect(again.status == 409)
        #expect(again.json["orderId"] == first.json["orderId"])
        #expect(again.response.head.headerFields[.contentType] == "application/json")
        let other = try await world.order([(product, 2)], key: key)
        #expect(other.status == 422)
        #expect(other.code == "idempotency-key-reused")
    }

    @Test func `the key of one customer says nothing about another's`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let key = world.platform.ids.next()
        #expect(try await world.order([(product, 1)], key: key).status == 201)
        let other = world.platform.person()
        #expect(try await world.order([(product, 1)], key: key, as: other).status == 201)
    }

    @Test func `50 parallel requests with one key make one order`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let key = world.platform.ids.next()
        let answers = try await withThrowingTaskGroup(of: TestAnswer.self) { group in
            for _ in 0..<50 { group.addTask { try await world.order([(product, 1)], key: key) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0.status == 201 }.count == 1)
        #expect(answers.filter { $0.status == 409 }.count == 49)
        #expect(Set(answers.map { $0.json["orderId"]?.string }).count == 1)
        let list = try await world.platform.call(.orders, .get, "/v1/orders", as: world.customer)
        #expect(list.json["items"]?.array?.count == 1)
        try await world.settle()
        #expect(world.shop.snapshot.charges.values.reduce(0, +) == 1)
    }

    @Test func `version 2 replays the first answer and shows the internal state`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let key = world.platform.ids.next()
        let first = try await world.order([(product, 1)], method: .declined, key: key, path: "/v2/orders")
        #expect(first.status == 201)
        try await world.settle()
        let again = try await world.order([(product, 1)], method: .declined, key: key, path: "/v2/orders")
        #expect(again.status == 201)
        #expect(again.response.head.headerFields[.idempotencyReplayed] == "true")
        #expect(again.json == first.json)
        let id = try #require(first.json["orderId"]?.string)
        let read = try await world.platform.call(.orders, .get, "/v2/orders/\(id)", as: world.customer)
        #expect(read.json["status"]?.string == "PAYMENT_FAILED")
        let violations = OrderV2.schema.violations(in: read.json)
        #expect(violations.isEmpty, "\(violations)")
    }

    @Test func `what a client can get wrong is refused by name`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let yen = world.shop.product(500, .jpy)
        let unknown: ProductID = world.platform.ids.next()
        #expect(try await world.order([(product, 0)]).status == 400)
        #expect(try await world.order([(product, 101)]).status == 400)
        #expect(try await world.order([(product, 1)]).status == 201)
        #expect(try await world.order([(product, 100)]).status == 201)
        #expect(try await world.order([]).status == 400)
        #expect(try await world.order([(unknown, 1)]).code == "unknown-product")
        #expect(try await world.order([(product, 1), (yen, 1)]).code == "mixed-currencies")
        let body: JSONValue = [
            "customerId": .string(world.customer.subject.description),
            "items": [
                [
                    "productId": .string(product.description), "quantity": 1,
                    "unitPrice": ["amount": "9.99", "currency": "EUR"],
                ]
            ],
        ]
        func post(_ headers: HTTPFields, _ json: JSONValue) async throws -> TestAnswer {
            try await world.platform.call(
                .orders, .post, "/v1/orders", as: world.customer, headers: headers, json: json)
        }
        let wrongPrice = try await post([.idempotencyKey: world.platform.ids.next().description], body)
        #expect(wrongPrice.status == 422)
        #expect(wrongPrice.json["details"]?["amount"]?.string == "12.50")
        #expect(try await post([:], body).status == 400)
        #expect(try await post([.idempotencyKey: " "], body).status == 400)
        #expect(try await post([.idempotencyKey: "not-a-uuid"], body).status == 400)
        let stranger = body.setting("customerId", to: .string(world.platform.ids.next().description))
        #expect(try await post([.idempotencyKey: world.platform.ids.next().description], stranger).status == 403)
    }

    @Test func `a given unit price that is the catalogue's is accepted, as a number too`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product(1_250)
        let body: JSONValue = [
            "customerId": .string(world.customer.subject.description),
            "items": [
                [
                    "productId": .string(product.description), "quantity": 1,
                    "unitPrice": ["amount": .number("12.5"), "currency": "EUR"],
                ]
            ],
        ]
        let answer = try await world.platform.call(
            .orders, .post, "/v1/orders", as: world.customer,
            headers: [.idempotencyKey: world.platform.ids.next().description], json: body)
        #expect(answer.status == 201)
    }

    @Test func `another customer's order does not exist, an operator sees it`() async throws {
        let world = try ShopWorld()
        let id = try #require(try await world.order([(world.shop.product(), 1)]).json["orderId"]?.string)
        func status(_ principal: Principal) async throws -> Int {
            try await world.platform.call(.orders, .get, "/v1/orders/\(id)", as: principal).status
        }
        #expect(try await status(world.platform.person()) == 404)
        #expect(try await status(world.platform.person(.operator)) == 200)
        #expect(try await status(world.platform.person(.admin)) == 200)
        let order = try #require(OrderID(id))
        #expect(try await world.post(order, "cancel", as: world.platform.person()).status == 404)
        #expect(try await world.post(world.platform.ids.next(), "cancel").status == 404)
    }

    @Test func `the history is the latest first, in pages`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        var made: [String?] = []
        for _ in 0..<5 {
            made.append(try await world.order([(product, 2)]).json["orderId"]?.string)
            world.platform.wallClock.advance(by: .milliseconds(1))
        }
        // Several in one millisecond.
        for _ in 0..<5 { made.append(try await world.order([(product, 2)]).json["orderId"]?.string) }
        var seen: [String?] = []
        var path = "/v1/orders?limit=3"
        for _ in 0..<4 {
            let page = try await world.platform.call(.orders, .get, path, as: world.customer)
            seen += (page.json["items"]?.array ?? []).map { $0["orderId"]?.string }
            guard let next = page.json["nextCursor"]?.string else { break }
            path = "/v1/orders?limit=3&cursor=\(next)"
        }
        #expect(seen == made.reversed())
        let bad = try await world.platform.call(.orders, .get, "/v1/orders?cursor=xyz", as: world.customer)
        #expect(bad.status == 400)
    }

    @Test(arguments: ["/v1/orders", "/v2/orders"])
    func `the history has ten orders to a page unless another number is asked for`(_ path: String) async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        for _ in 0..<12 { _ = try await world.order([(product, 1)]) }
        func page(_ query: String) async throws -> TestAnswer {
            try await world.platform.call(.orders, .get, path + query, as: world.customer)
        }
        let first = try await page("")
        #expect(first.json["items"]?.array?.count == 10)
        let next = try #require(first.json["nextCursor"]?.string)
        #expect(try await page("?cursor=\(next)").json["items"]?.array?.count == 2)
        #expect(try await page("?limit=12").json["items"]?.array?.count == 12)
    }

    @Test func `an order that costs nothing is refused when it is placed, and nothing is kept`() async throws {
        let world = try ShopWorld()
        let (gift, pen) = (world.shop.product(0), world.shop.product(100))
        let refused = try await world.order([(gift, 2)])
        #expect(refused.status == 422)
        #expect(refused.code == "unprocessable")
        #expect(
            refused.json["detail"]?.string
                == "items: the order costs 0.00 EUR; at least one of its lines must cost something")
        #expect(try await world.orders.sagas.list().isEmpty)
        let list = try await world.platform.call(.orders, .get, "/v1/orders", as: world.customer)
        #expect(list.json["items"]?.array?.isEmpty == true)
        #expect(try await world.order([(gift, 1), (pen, 1)]).status == 201)
        let draft = try await world.platform.call(
            .orders, .post, "/v1/orders/drafts", as: world.customer,
            json: [
                "customerId": .string(world.customer.subject.description),
                "items": [["productId": .string(gift.description), "quantity": 1]],
            ])
        #expect(draft.status == 201)
        let id = try #require(draft.json["orderId"]?.string.flatMap { OrderID($0) })
        #expect(try await world.post(id, "place").status == 422)
        #expect(try await world.state(id) == .draft)
    }

    @Test func `counts and sums of a customer follow the orders`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product(1_000)
        let first = try #require(
            try await world.order([(product, 2)]).json["orderId"]?.string.flatMap { OrderID($0) })
        _ = try await world.order([(product, 3)])
        try await world.settle()
        _ = try await world.post(first, "cancel")
        try await world.settle()
        let answer = try await world.platform.call(.orders, .get, "/v1/orders/statistics", as: world.customer)
        let count = try #require(answer.json["currencies"]?.array?.first)
        #expect(count["placed"]?.integer == 2)
        #expect(count["cancelled"]?.integer == 1)
        #expect(count["placedAmount"]?["amount"]?.string == "50.00")
        #expect(count["refundedAmount"]?["amount"]?.string == "20.00")
    }

    @Test func `read models that are thrown away are built again the same`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let id = try #require(try await world.order([(product, 2)]).json["orderId"]?.string.flatMap { OrderID($0) })
        try await world.settle()
        _ = try await world.post(id, "cancel")
        try await world.settle()
        let before = try await world.summary(id)
        let projector = world.orders.features.orders.projector
        for name in projector.names { #expect(try await projector.rebuild(name, using: world.environment.store)) }
        #expect(try await world.summary(id) == before)
    }

    @Test func `a draft is put together line by line and then placed`() async throws {
        let world = try ShopWorld()
        let (pen, book) = (world.shop.product(100), world.shop.product(900))
        func call(_ method: HTTPRequest.Method, _ path: String, _ json: JSONValue? = nil) async throws -> TestAnswer {
            try await world.platform.call(.orders, method, "/v1/orders/\(path)", as: world.customer, json: json)
        }
        let draft = try await call(
            .post, "drafts", ["customerId": .string(world.customer.subject.description)])
        #expect(draft.status == 201)
        #expect(draft.json["status"]?.string == "DRAFT")
        #expect(draft.json["totalAmount"]?["amount"]?.string == "0.00")
        let id = try #require(draft.json["orderId"]?.string)
        #expect(try await call(.post, "\(id)/place").status == 422)
        _ = try await call(.post, "\(id)/lines", ["productId": .string(pen.description), "quantity": 2])
        let two = try await call(.post, "\(id)/lines", ["productId": .string(book.description), "quantity": 1])
        #expect(two.json["totalAmount"]?["amount"]?.string == "11.00")
        let lines = (two.json["items"]?.array ?? []).compactMap { $0["lineId"]?.string }
        let changed = try await call(.put, "\(id)/lines/\(lines[0])", ["quantity": 5])
        #expect(changed.json["totalAmount"]?["amount"]?.string == "14.00")
        let removed = try await call(.delete, "\(id)/lines/\(lines[1])")
        #expect(removed.json["totalAmount"]?["amount"]?.string == "5.00")
        #expect(try await call(.delete, "\(id)/lines/\(lines[1])").status == 404)
        #expect(try await call(.post, "\(id)/place").json["status"]?.string == "PENDING")
        let late = try await call(.post, "\(id)/lines", ["productId": .string(pen.description), "quantity": 1])
        #expect(late.code == "transition-not-allowed")
        #expect(try await call(.get, "drafts").status == 405)
        try await world.settle()
        #expect(try await world.state(OrderID(id)!) == .confirmed)
    }

    @Test func `a repeated command has the first one's effect, a new one in a wrong state is refused`() async throws {
        let world = try ShopWorld()
        let id = try #require(
            try await world.order([(world.shop.product(), 1)]).json["orderId"]?.string.flatMap { OrderID($0) })
        let key = world.platform.ids.next()
        #expect(try await world.post(id, "cancel", key: key).status == 200)
        #expect(try await world.post(id, "cancel", key: key).status == 200)
        let events = try await world.environment.store.read { unit in
            try unit.read(StreamID(category: Order.category, aggregateID: id.rawValue), after: .zero, limit: 100)
        }
        #expect(events.filter { $0.type == "OrderCancelled" }.count == 1)
        let other = try await world.post(id, "cancel")
        #expect(other.status == 409)
        #expect(other.json["details"]?["state"]?.string == "CANCELLED")
    }

    @Test func `operators see which step of a saga failed, how often and why, and can steer it`() async throws {
        let world = try ShopWorld()
        let id = try #require(
            try await world.order([(world.shop.product(stock: 0), 1)]).json["orderId"]?.string)
        try await world.settle()
        let caller = Principal.service("console")
        let view = try await world.platform.call(.orders, .get, "/internal/sagas/\(id)", as: caller)
        #expect(view.status == 200)
        #expect(view.json["status"]?.string == "compensated")
        #expect(view.json["failure"]?["step"]?.string == "reserve stock")
        #expect(view.json["failure"]?["rejection"]?.string == "out-of-stock")
        #expect(view.json["steps"]?.array?[1]["action"]?["status"]?.string == "rejected")
        let list = try await world.platform.call(
            .orders, .get, "/internal/sagas?status=compensated", as: caller)
        #expect(list.json["items"]?.array?.count == 1)
        let late = try await world.platform.call(.orders, .post, "/internal/sagas/\(id)/compensate", as: caller)
        #expect(late.status == 409)
        let unknown = try await world.platform.call(
            .orders, .post, "/internal/sagas/\(world.platform.ids.next())/retry", as: caller)
        #expect(unknown.status == 404)
        let person = try await world.platform.call(.orders, .get, "/internal/sagas", as: world.customer)
        #expect(person.status == 403)
    }

    @Test func `a saga that is told to compensate undoes everything`() async throws {
        let world = try ShopWorld()
        let product = world.shop.product()
        let id = try #require(try await world.order([(product, 1)], method: .unknown).json["orderId"]?.string)
        _ = try await world.pumping { try await world.orders.sagas.runUntilIdle() }
        let told = try await world.platform.call(
            .orders, .post, "/internal/sagas/\(id)/compensate", as: .service("console"))
        #expect(told.status == 200)
        try await world.settle()
        #expect(try await world.state(OrderID(id)!) == .cancelled)
        #expect(world.shop.stock(product) == 100)
        #expect(world.shop.payments.map(\.status) == [.voided])
    }
}
