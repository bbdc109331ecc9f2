import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
import Identity
import Resilience
import ShopContracts
import Testing

@testable import Orders

@Suite("GET /v1/reports", .timeLimit(.minutes(10))) struct ReportTests {
    let world: ShopWorld
    let manager: Principal

    init() throws {
        self.world = try ShopWorld()
        self.manager = self.world.platform.person(.operator)
    }

    private func read(_ path: String, as person: Principal? = nil) async throws -> TestAnswer {
        try await self.world.platform.call(.orders, .get, path, as: person ?? self.manager)
    }

    @Test func `sales are counted by day and currency, without what was cancelled`() async throws {
        let product = self.world.shop.product(1_250)
        for quantity in 1...3 { #expect(try await self.world.order([(product, quantity)]).status == 201) }
        try await self.world.settle()
        let orders = try await self.read("/v1/orders", as: self.world.customer).json["items"]?.array ?? []
        let one = try #require(orders.first { $0["itemCount"] == 3 }?["orderId"]?.string)
        let cancelled = try await self.world.platform.call(
            .orders, .post, "/v1/orders/\(one)/cancel", as: self.world.customer,
            headers: [.idempotencyKey: self.world.platform.ids.next().description])
        #expect(cancelled.status == 200)
        try await self.world.settle()
        self.world.platform.wallClock.advance(by: .seconds(1))
        let report = try await self.read("/v1/reports/sales")
        #expect(report.status == 200)
        #expect(SalesReport.schema.violations(in: report.json).isEmpty)
        let days = try #require(report.json["days"]?.array)
        #expect(days.count == 1)
        #expect(days[0]["placed"] == 3)
        #expect(days[0]["cancelled"] == 1)
        #expect(days[0]["items"] == 6)
        #expect(days[0]["amount"]?["amount"] == "37.50")
        let day = try #require(days[0]["day"]?.string)
        let before = try await self.read("/v1/reports/sales?to=\(day)T00:00:00Z")
        #expect(before.json["days"]?.array?.isEmpty == true)
    }

    @Test func `an export leads through all orders, the oldest first, each once`() async throws {
        let product = self.world.shop.product()
        var made: [String] = []
        for _ in 0..<5 {
            made.append(try #require(try await self.world.order([(product, 1)]).json["orderId"]?.string))
            self.world.platform.wallClock.advance(by: .seconds(1))
        }
        var exported: [String] = []
        var next: String? = "/v1/reports/orders?limit=2"
        var pages = 0
        while let path = next {
            let answer = try await self.read(path)
            #expect(answer.status == 200)
            #expect(answer.response.head.headerFields[.contentType]?.hasPrefix("text/csv") == true)
            let lines = String(decoding: answer.response.body, as: UTF8.self).split(separator: "\r\n")
            #expect(lines.first?.hasPrefix("orderId,customerId,createdAt") == true)
            #expect(
                lines.dropFirst().allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 9 })
            exported += lines.dropFirst().map { String($0.prefix { $0 != "," }) }
            pages += 1
            let link = answer.response.head.headerFields[.link]
            next = link.map { "\($0.dropFirst().prefix { $0 != ">" })&limit=2" }
        }
        #expect(pages == 3)
        #expect(exported == made)
    }

    @Test func `a span that is too long or runs backwards is refused, and so is who is no operator`() async throws {
        for span in [
            "from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        ] {
            #expect(try await self.read("/v1/reports/sales?\(span)").code == "validation-failed")
        }
        for path in ["/v1/reports/sales", "/v1/reports/orders"] {
            #expect(try await self.read(path, as: self.world.customer).status == 403)
        }
    }

    @Test func `a sum that cannot be written is refused, and the database does not fail of it`() async throws {
        let product = self.world.shop.product(5_000_000_000_000_000_000)
        for _ in 0..<2 {
            let answer = try await self.world.order([(product, 1)])
            #expect(answer.status == 201, "\(answer.json)")
        }
        self.world.platform.wallClock.advance(by: .seconds(1))
        #expect(try await self.read("/v1/reports/sales").code == "validation-failed")
        #expect(try await self.read("/v1/reports/orders").status == 200)
    }

    @Test func `reports run in the analytics pool`() async throws {
        for path in ["/v1/reports/sales", "/v1/reports/orders"] { #expect(try await self.read(path).status == 200) }
        let pipelines = try await self.read("/internal/pipelines", as: .service("admin")).json["items"]?.array ?? []
        let pool = try #require(pipelines.first { $0["name"] == "orders.analytics" }?["layers"]?.array?.last)
        #expect(pool["settings"]?["maximumConcurrency"] == "10")
        #expect(pool["figures"]?["admitted"] == 2)
    }
}
