import Chassis
import Essentials
import EventSourcing
import Logging
import Sagas
import ShopContracts

/// Cancels orders whose payment failed and that nobody has tried to pay again in time, and forgets old idempotency keys.
struct PaymentWindow: Sendable {
    /// How often it looks.
    static let interval = Duration.seconds(60)
    /// How long a key of `POST /v1/orders` is remembered.
    static let keyLifetime = Duration.seconds(30 * 86_400)

    let features: OrderFeatures
    /// How long a customer may take to pay again.
    let length: Duration

    func run() async throws {
        while true {
            do {
                try await self.closeOverdue()
                let oldest = self.features.now - Self.keyLifetime
                _ = try await self.features.environment.store.write { unit in
                    try IdempotencyStore.expire(before: oldest, in: unit)
                }
            } catch let error as EventStoreError {
                self.features.environment.logger.warning(
                    "the payment window could not be kept", metadata: ["error": "\(error)"])
            }
            try await self.features.environment.time.sleep(for: Self.interval)
        }
    }

    /// Cancels what is overdue. Returns how many orders it cancelled.
    @discardableResult
    func closeOverdue() async throws -> Int {
        let limit = self.features.now - self.length
        var count = 0
        while true {
            let closed = try await self.features.environment.store.write { unit in
                let overdue = try OrderSummaries.unpaid(since: limit, limit: 100, in: unit)
                for order in overdue {
                    let id = self.features.environment.ids.next()
                    try self.features.orders.execute(
                        .cancelOrder(reason: "not paid in time"), on: order,
                        metadata: EventMetadata(correlationID: id, causationID: id, actor: "service:orders"), in: unit)
                }
                return overdue.count
            }
            count += closed
            if closed < 100 { return count }
        }
    }
}

extension Timestamp {
    /// The moment that lies `duration` earlier.
    fileprivate static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        moment.advanced(by: .zero - duration)
    }
}
