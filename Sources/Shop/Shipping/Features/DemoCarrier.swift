import Chassis
import Essentials
import EventSourcing
import Logging
import ShopContracts

/// A carrier that moves every parcel one state after each pause, until it is delivered. When a parcel moved last is in
/// the database, so a restart neither forgets nor hurries it.
struct DemoCarrier: Sendable {
    let desk: ShippingDesk
    /// How long a parcel stays in a state.
    let pause: Duration

    private var environment: ServiceEnvironment { self.desk.environment }

    func run() async throws {
        while true {
            do {
                let head = self.environment.store.commits.head
                if let next = try await self.moveDue() {
                    try await self.environment.time.sleep(for: max(.milliseconds(10), next - self.desk.now))
                } else {
                    await self.environment.store.commits.wait(
                        after: head, atMost: .seconds(30), time: self.environment.time)
                    try Task.checkCancellation()
                }
            } catch let error as EventStoreError {
                self.environment.logger.warning("the carrier rests", metadata: ["error": "\(error)"])
                try await self.environment.time.sleep(for: .seconds(1))
            }
        }
    }

    /// Moves every parcel that is due by one state. Returns when the next one is; nil when none moves.
    @discardableResult
    func moveDue() async throws -> Timestamp? {
        let now = self.desk.now
        let limit = now.advanced(by: .zero - self.pause)
        let first = try await self.environment.store.read { try ShipmentRows.firstStanding(in: $0) }
        guard let first else { return nil }
        guard first <= limit else { return first + self.pause }
        return try await self.environment.store.write(patience: .milliseconds(20)) { unit in
            for row in try ShipmentRows.standing(since: limit, limit: 100, in: unit) {
                guard let next = row.status.successors.first else { continue }
                let id = self.environment.ids.next()
                try self.desk.execute(
                    .progress(next, note: nil, at: now), on: row.orderId,
                    metadata: EventMetadata(correlationID: id, causationID: id, actor: "service:shipping"), in: unit)
            }
            return try ShipmentRows.firstStanding(in: unit).map { $0 + self.pause }
        }
    }
}
