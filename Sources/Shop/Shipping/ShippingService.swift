public import Chassis
import Essentials
public import EventSourcing
import ShopContracts

/// Shipping: books parcels and tells where they are.
public struct ShippingService: Sendable {
    /// What can be set.
    public struct Configuration: Sendable {
        /// Whether a built-in carrier moves every parcel one state after each ``demoPause``; else each step waits for
        /// `POST /v1/shipments/{id}/tracking`. Default: false.
        public var demoCarrier = false
        /// How long a parcel stays in a state with the demo carrier. Default: 1 second.
        public var demoPause = Duration.seconds(1)

        public init() {}
    }

    public static let migrations: [Migration] = [ShipmentRows.migration]

    public let service: Service
    let carrier: DemoCarrier

    public init(_ environment: ServiceEnvironment, configuration: Configuration = Configuration()) throws {
        let desk = ShippingDesk(environment)
        let carrier = DemoCarrier(desk: desk, pause: configuration.demoPause)
        self.carrier = carrier
        let health = HealthRegistry(time: environment.time)
        health.addCheck("database", critical: true) {
            _ = try await environment.store.read { try $0.query("SELECT 1") }
        }
        self.service = Service(
            environment, routes: BookingRoutes(desk: desk).routes + ShipmentRoutes(desk: desk).routes, health: health,
            background: configuration.demoCarrier ? [BackgroundWork("demo carrier") { try await carrier.run() }] : [],
            readModels: desk.projector)
    }
}
