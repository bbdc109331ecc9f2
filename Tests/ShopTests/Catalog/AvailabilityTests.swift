import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import FeatureFlags
import HTTPTypes
import ShopContracts
import Synchronization
import Testing

@testable import Catalog

/// A warehouse that can be made to fail.
private final class Warehouse: Sendable {
    let isDown = Mutex(false)
    let asked = Mutex(0)

    func handle(_ request: ServiceRequest) throws -> ServiceResponse {
        self.asked.withLock { $0 += 1 }
        if self.isDown.withLock({ $0 }) { throw TransportError(.notConnected, "the warehouse is down") }
        return try .json(.ok, ["available": 7])
    }
}

@Suite("The availability of a product", .timeLimit(.minutes(10)))
struct AvailabilityTests {
    private let platform: TestPlatform
    private let warehouse = Warehouse()
    private let flags = InMemoryFlags([CatalogService.liveStock: .boolean(true)])
    private let product: String

    init() async throws {
        self.platform = try TestPlatform()
        var configuration = CatalogService.Configuration()
        configuration.flags = self.flags
        let environment = try self.platform.environment(.catalog, migrations: CatalogService.migrations)
        let catalog = try CatalogService(environment, configuration: configuration)
        try await catalog.service.prepare()
        self.platform.host(catalog.service)
        self.platform.transport.register(.inventory) { [warehouse] in try warehouse.handle($0) }
        self.product = self.platform.ids.next().description
    }

    private func read() async throws -> JSONValue {
        // The calls of the client are tried three times, with pauses that nobody waits for here.
        let answer = Task {
            try await self.platform.call(.catalog, .get, "/v1/products/\(self.product)/availability")
        }
        let ticker = Task {
            while !Task.isCancelled {
                self.platform.clock.advance(by: .milliseconds(10))
                await Task.yield()
            }
        }
        defer { ticker.cancel() }
        let json = try await answer.value
        #expect(json.status == 200)
        return json.json
    }

    @Test func `is what the warehouse says`() async throws {
        let answer = try await self.read()
        #expect(answer["available"]?.integer == 7)
        #expect(answer["isStale"]?.bool == false)
        #expect(answer["reason"] == nil)
    }

    @Test func `is the last known one, marked as stale, while the warehouse is down`() async throws {
        _ = try await self.read()
        self.warehouse.isDown.withLock { $0 = true }
        let answer = try await self.read()
        #expect(answer["available"]?.integer == 7)
        #expect(answer["isStale"]?.bool == true)
        #expect(["failed", "refused"].contains(answer["reason"]?.string))
    }

    @Test func `is unknown when nothing was ever heard`() async throws {
        self.warehouse.isDown.withLock { $0 = true }
        let answer = try await self.read()
        #expect(answer["available"] == nil)
        #expect(answer["isStale"]?.bool == true)
    }

    @Test func `after five failures the warehouse is left alone for thirty seconds`() async throws {
        self.warehouse.isDown.withLock { $0 = true }
        for _ in 0..<5 { _ = try await self.read() }
        let before = self.warehouse.asked.withLock { $0 }
        #expect(try await self.read()["reason"]?.string == "refused")
        #expect(self.warehouse.asked.withLock { $0 } == before)
        self.warehouse.isDown.withLock { $0 = false }
        self.platform.clock.advance(by: .seconds(30))
        #expect(try await self.read()["isStale"]?.bool == false)
    }

    @Test func `the warehouse is not asked while the feature is switched off`() async throws {
        self.flags[CatalogService.liveStock] = .boolean(false)
        #expect(try await self.read()["reason"]?.string == "switchedOff")
        #expect(self.warehouse.asked.withLock { $0 } == 0)
    }
}
