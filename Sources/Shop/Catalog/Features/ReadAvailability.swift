import Chassis
import Essentials
import EventSourcing
import FeatureFlags
import HTTPTypes
import ShopContracts
import Synchronization

/// How many pieces of a product can be bought: inventory's own word, or the last one that was heard.
///
/// A product page must not go down with the warehouse. Inventory is asked behind a feature flag and a breaker of its
/// own; while it is switched off or does not answer, the page gets the last known number, marked as stale, or none.
struct ReadAvailability: Sendable {
    /// The flag, and the name of the feature.
    static let flag = "catalog.live-stock"

    private let inventory: ServiceClient
    private let features: Features
    private let wallClock: WallClock
    private let known = LastKnown()

    init(_ environment: ServiceEnvironment, flags: any FlagProvider) {
        self.inventory = ServiceClient(.inventory, in: environment)
        self.features = Features(flags, time: environment.time)
        self.wallClock = environment.wallClock
    }

    var route: Route {
        Route(
            .get, "/v1/products/{productId}/availability", "readAvailability", tag: "Products",
            "Tells how many pieces of a product can be bought, as far as is known", access: .anyone,
            parameters: [.path("productId", .uuid, "The product")],
            answers: [.json(.ok, Availability.self, "What is known of the stock")]
        ) { request in
            try await .json(.ok, self.read(request.id("productId", as: ProductID.self), request.metadata))
        }
    }

    private func read(_ product: ProductID, _ metadata: EventMetadata) async throws -> Availability {
        try await self.features.run(Self.flag) {
            let available = try await self.ask(product, metadata)
            let now = self.wallClock.now
            self.known.learn(product, available, at: now)
            return Availability(productId: product, available: available, asOf: now, isStale: false)
        } fallback: { degradation in
            let last = self.known.last(of: product)
            return Availability(
                productId: product, available: last?.available, asOf: last?.at, isStale: true,
                reason: degradation.name)
        }
    }

    private func ask(_ product: ProductID, _ metadata: EventMetadata) async throws -> Int64 {
        do {
            let level = try await self.inventory.call(
                .get, "/v1/stock/\(product)", metadata: metadata, as: RemoteStock.self)
            return level.available
        } catch let problem as RemoteProblem where problem.status == 404 {
            // None has ever come.
            return 0
        }
    }
}

/// What inventory answers.
private struct RemoteStock: Decodable, Sendable {
    var available: Int64
}

/// What clients see.
struct Availability: APIModel {
    var productId: ProductID
    /// Missing when nothing was ever heard.
    var available: Int64?
    /// When that was so.
    var asOf: Timestamp?
    var isStale: Bool
    /// Why it is stale: `switchedOff`, `refused` or `failed`.
    var reason: String?

    static let schema = Schema.object([
        .init("productId", .uuid), .init("available", .integer(0...Int64.max), required: false),
        .init("asOf", .timestamp, required: false), .init("isStale", .boolean),
        .init("reason", .text(1...20), required: false),
    ])
}

/// The last word on each product; with too many products, the ones heard of first are forgotten.
private final class LastKnown: Sendable {
    private static let limit = 10_000

    private struct State {
        var stock: [ProductID: (available: Int64, at: Timestamp)] = [:]
        var order: [ProductID] = []
        var next = 0
    }

    private let state = Mutex(State())

    func last(of product: ProductID) -> (available: Int64, at: Timestamp)? {
        self.state.withLock { $0.stock[product] }
    }

    func learn(_ product: ProductID, _ available: Int64, at now: Timestamp) {
        self.state.withLock { state in
            defer { state.stock[product] = (available, now) }
            guard state.stock[product] == nil else { return }
            guard state.order.count == Self.limit else {
                state.order.append(product)
                return
            }
            state.stock[state.order[state.next]] = nil
            state.order[state.next] = product
            state.next = (state.next + 1) % Self.limit
        }
    }
}
