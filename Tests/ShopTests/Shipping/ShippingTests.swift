import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Shipping

@Suite("Shipping", .timeLimit(.minutes(10))) struct ShippingTests {
    private struct World {
        let platform: TestPlatform
        let environment: ServiceEnvironment
        let shipping: ShippingService
        let customer: Principal
        let order: OrderID

        init(demoCarrier: Bool = false) throws {
            self.platform = try TestPlatform()
            self.environment = try self.platform.environment(.shipping, migrations: ShippingService.migrations)
            var configuration = ShippingService.Configuration()
            configuration.demoCarrier = demoCarrier
            self.shipping = try ShippingService(self.environment, configuration: configuration)
            self.platform.host(self.shipping.service)
            self.customer = self.platform.person()
            self.order = self.platform.ids.next()
        }

        func internalPost(_ path: String, _ json: JSONValue? = nil) async throws -> TestAnswer {
            try await self.platform.call(
                .shipping, .post, path, as: .service("orders"),
                headers: [.idempotencyKey: self.platform.ids.next().description], json: json)
        }

        func book() async throws -> TestAnswer {
            let product: ProductID = ProductID(self.order.rawValue)
            return try await self.internalPost(
                "/internal/shipments",
                [
                    "orderId": .string(self.order.description),
                    "customerId": .string(self.customer.subject.description),
                    "address": [
                        "name": "Ada", "street": "1 Main Street", "city": "Paris", "postalCode": "75001",
                        "country": "FR",
                    ],
                    "lines": [["productId": .string(product.description), "quantity": 1]],
                ])
        }

        func track(_ shipment: String, _ status: String, as principal: Principal) async throws -> TestAnswer {
            try await self.platform.call(
                .shipping, .post, "/v1/shipments/\(shipment)/tracking", as: principal,
                json: ["status": .string(status), "note": "Lyon"])
        }

        func facts() async throws -> [String] {
            try await self.environment.store.read { try $0.readAll(after: .start, limit: 100) }
                .filter { $0.type == "ShipmentProgressed" }
                .map { try EventCoding.decode(ShipmentProgressed.self, from: $0.event.data).status }
        }
    }

    @Test func `a booking may be repeated and books one parcel`() async throws {
        let world = try World()
        let first = try await world.book()
        #expect(first.status == 201)
        #expect(first.json["status"]?.string == "BOOKED")
        #expect(try await world.book().json == first.json)
        #expect(try await world.facts() == ["BOOKED"])
    }

    @Test func `a cancellation that comes first leaves a tombstone`() async throws {
        let world = try World()
        let cancelled = try await world.internalPost("/internal/shipments/\(world.order)/cancel")
        #expect(cancelled.status == 200)
        #expect(cancelled.json["status"]?.string == "CANCELLED")
        #expect(try await world.internalPost("/internal/shipments/\(world.order)/cancel").json == cancelled.json)
        #expect(try await world.book().code == "shipment-cancelled")
        #expect(try await world.facts().isEmpty)
    }

    @Test func `a parcel is cancelled while it is booked, and not when it has left`() async throws {
        let world = try World()
        let id = try #require(try await world.book().json["shipmentId"]?.string)
        let operatorPerson = world.platform.person(.operator)
        #expect(try await world.track(id, "SHIPPED", as: operatorPerson).status == 200)
        #expect(try await world.internalPost("/internal/shipments/\(world.order)/cancel").code == "shipment-under-way")
        let other = try World()
        _ = try await other.book()
        #expect(try await other.internalPost("/internal/shipments/\(other.order)/cancel").status == 200)
        #expect(try await other.facts() == ["BOOKED", "CANCELLED"])
    }

    @Test func `operators report the progress, one drawn step at a time`() async throws {
        let world = try World()
        let id = try #require(try await world.book().json["shipmentId"]?.string)
        let operatorPerson = world.platform.person(.operator)
        #expect(try await world.track(id, "DELIVERED", as: operatorPerson).code == "transition-not-allowed")
        #expect(try await world.track(id, "SHIPPED", as: world.customer).status == 403)
        for status in ["SHIPPED", "IN_TRANSIT", "DELIVERED"] {
            let answer = try await world.track(id, status, as: operatorPerson)
            #expect(answer.json["status"]?.string == status)
            #expect(answer.json["note"]?.string == "Lyon")
            #expect(ShipmentModel.schema.violations(in: answer.json).isEmpty)
        }
        #expect(try await world.track(id, "LOST", as: operatorPerson).status == 409)
        #expect(try await world.facts() == ["BOOKED", "SHIPPED", "IN_TRANSIT", "DELIVERED"])
        #expect(try await world.track(world.order.description, "SHIPPED", as: operatorPerson).status == 404)
    }

    @Test func `customers see their own parcels only`() async throws {
        let world = try World()
        let id = try #require(try await world.book().json["shipmentId"]?.string)
        func get(_ path: String, _ principal: Principal) async throws -> TestAnswer {
            try await world.platform.call(.shipping, .get, path, as: principal)
        }
        #expect(try await get("/v1/shipments/\(id)", world.customer).status == 200)
        #expect(try await get("/v1/shipments/\(id)", world.platform.person()).status == 404)
        #expect(try await get("/v1/shipments/\(id)", world.platform.person(.operator)).status == 200)
        #expect(try await get("/v1/shipments", world.customer).json["items"]?.array?.count == 1)
        #expect(try await get("/v1/shipments", world.platform.person()).json["items"]?.array?.isEmpty == true)
    }

    @Test func `the demo carrier moves each parcel one state per second, also after a restart`() async throws {
        let world = try World(demoCarrier: true)
        _ = try await world.book()
        for expected in [["BOOKED"], ["BOOKED", "SHIPPED"], ["BOOKED", "SHIPPED", "IN_TRANSIT"]] {
            #expect(try await world.facts() == expected)
            _ = try await world.shipping.carrier.moveDue()
            #expect(try await world.facts() == expected)
            world.platform.wallClock.advance(by: .seconds(1))
            // A new carrier over the same database knows as much.
            let restarted = try ShippingService(world.environment)
            _ = try await restarted.carrier.moveDue()
        }
        #expect(try await world.facts().last == "DELIVERED")
        #expect(try await world.shipping.carrier.moveDue() == nil)
    }

    @Test(arguments: ShipmentState.Status.allCases, ShipmentState.Status.allCases)
    func `every pair of states is either drawn or refused`(
        _ from: ShipmentState.Status, _ to: ShipmentState.Status,
    ) {
        let drawn: Set<[ShipmentState.Status]> = [
            [.booked, .shipped], [.shipped, .inTransit], [.shipped, .delivered], [.inTransit, .delivered],
            [.inTransit, .lost],
        ]
        #expect(from.successors.contains(to) == drawn.contains([from, to]))
    }
}
