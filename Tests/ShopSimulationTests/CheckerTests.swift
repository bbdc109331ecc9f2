import Chassis
import Essentials
import EventSourcing
import Sagas
import Testing

@testable import ShopSimulation

@Suite("Checkers") struct CheckerTests {
    private static let order = UniqueID(high: 1, low: 2)

    private func fact(
        _ version: Int64, _ type: String, at seconds: Int64, _ data: JSONValue = [:],
    ) throws -> Fact {
        let event = NewEvent(
            id: UniqueID(high: 7, low: UInt64(version)), type: type, schemaVersion: 1,
            timestamp: Timestamp(milliseconds: 0), metadata: EventMetadata(correlationID: Self.order),
            data: data.serialized)
        let recorded = RecordedEvent(
            event: event, source: EventSource(service: "orders", epoch: Self.order),
            stream: StreamID(category: "order", aggregateID: Self.order), version: StreamVersion(version),
            position: Position(version))
        return try Fact(recorded, service: "orders", committed: Committed(from: Self.tick(seconds), at: Self.tick(seconds)))
    }

    private func story(_ types: [(String, Int64)]) throws -> OrderStory {
        var story = OrderStory(Self.order)
        for (index, (type, at)) in types.enumerated() { story.tell(try self.fact(Int64(index + 1), type, at: at)) }
        return story
    }

    private func read(_ status: Int, _ answer: String?, _ began: Int64, _ ended: Int64) -> History.Operation {
        History.Operation(
            number: 0, client: "customer", deed: "read order", subject: Self.order,
            began: Tick(nanoseconds: began * 1_000_000_000), ended: Tick(nanoseconds: ended * 1_000_000_000),
            status: status, answer: answer)
    }

    @Test func `a read may see any state that the order was in meanwhile`() throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderPaymentRequested", 5)])
        for state in ["PENDING", "PAYMENT_PROCESSING"] {
            #expect(ReadCheck([self.read(200, state, 2, 6)], [Self.order: story]).anomalies().isEmpty)
        }
        #expect(ReadCheck([self.read(404, "not-found", 0, 2)], [Self.order: story]).anomalies().isEmpty)
    }

    @Test(
        arguments: [
            ("PENDING", 6, 7, AnomalyKind.staleRead), ("CONFIRMED", 2, 3, .dirtyRead),
            ("PAYMENT_PROCESSING", 2, 3, .dirtyRead),
        ] as [(String, Int64, Int64, AnomalyKind)])
    func `a read of another state has the name of its anomaly`(
        state: String, began: Int64, ended: Int64, kind: AnomalyKind,
    ) throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderPaymentRequested", 5)])
        let found = ReadCheck([self.read(200, state, began, ended)], [Self.order: story]).anomalies()
        #expect(found.map(\.kind) == [kind])
    }

    @Test func `going back behind what was seen is named so`() throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderPaymentRequested", 5)])
        let reads = [self.read(200, "PAYMENT_PROCESSING", 6, 7), self.read(200, "PENDING", 8, 9)]
        #expect(ReadCheck(reads, [Self.order: story]).anomalies().map(\.kind) == [.nonMonotonicRead])
    }

    @Test func `an order that is confirmed before its payment was asked for is no story`() throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderConfirmed", 2)])
        #expect(story.oddities.contains { $0.contains("OrderConfirmed came when the order was PENDING") })
    }

    @Test func `a saga that undoes forwards, forgets a step or goes on after its end is told so`() {
        let plan = SagaCheckSamples.plan
        #expect(SagaCheckSamples.oddities([.started(plan: plan)] + SagaCheckSamples.backwards).isEmpty)
        #expect(!SagaCheckSamples.oddities([.started(plan: plan)] + SagaCheckSamples.forwards).isEmpty)
        #expect(!SagaCheckSamples.oddities([.started(plan: plan)] + SagaCheckSamples.forgetful).isEmpty)
        #expect(!SagaCheckSamples.oddities([.started(plan: plan)] + SagaCheckSamples.backwards + [.resumed]).isEmpty)
    }
}
