import Chassis
import Essentials
import EventSourcing
import Sagas
import Testing

@testable import ShopSimulation

@Suite("Checkers") struct CheckerTests {
    private static let order = UniqueID(high: 1, low: 2)

    private static func tick(_ seconds: Int64) -> Tick { Tick(nanoseconds: seconds * 1_000_000_000) }

    private func fact(
        _ version: Int64, _ type: String, at seconds: Int64, _ data: JSONValue = [:], of category: String = "order",
    ) throws -> Fact {
        let event = NewEvent(
            id: UniqueID(high: 7, low: UInt64(version)), type: type, schemaVersion: 1,
            timestamp: Timestamp(milliseconds: 0), metadata: EventMetadata(correlationID: Self.order),
            data: data.serialized)
        let recorded = RecordedEvent(
            event: event, source: EventSource(service: "orders", epoch: Self.order),
            stream: StreamID(category: category, aggregateID: Self.order), version: StreamVersion(version),
            position: Position(version))
        return try Fact(
            recorded, service: "orders", committed: Committed(from: Self.tick(seconds), at: Self.tick(seconds)))
    }

    private func story(_ types: [(String, Int64)]) throws -> OrderStory {
        var story = OrderStory(Self.order)
        for (index, (type, at)) in types.enumerated() { story.tell(try self.fact(Int64(index + 1), type, at: at)) }
        return story
    }

    private func read(_ status: Int, _ answer: String?, _ began: Int64, _ ended: Int64) -> History.Operation {
        History.Operation(
            number: 0, client: "customer", deed: "read order", subject: Self.order,
            began: Self.tick(began), ended: Self.tick(ended),
            status: status, answer: answer)
    }

    @Test func `a read may see any state that the order was in meanwhile`() throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderPaymentRequested", 5)])
        for state in ["PENDING", "PAYMENT_PROCESSING"] {
            #expect(
                ReadCheck([self.read(200, state, 2, 6)], ["read order": [Self.order: story.timeline]]).anomalies()
                    .isEmpty)
        }
        #expect(
            ReadCheck([self.read(404, "not-found", 0, 2)], ["read order": [Self.order: story.timeline]]).anomalies()
                .isEmpty)
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
        let found = ReadCheck([self.read(200, state, began, ended)], ["read order": [Self.order: story.timeline]])
            .anomalies()
        #expect(found.map(\.kind) == [kind])
    }

    @Test func `going back behind what was seen is named so`() throws {
        let story = try self.story([("OrderDrafted", 1), ("OrderPlaced", 1), ("OrderPaymentRequested", 5)])
        let reads = [self.read(200, "PAYMENT_PROCESSING", 6, 7), self.read(200, "PENDING", 8, 9)]
        #expect(
            ReadCheck(reads, ["read order": [Self.order: story.timeline]]).anomalies().map(\.kind) == [
                .nonMonotonicRead
            ])
    }

    @Test func `what nobody heard of may be seen or not until it is found`() {
        var timeline = Timeline()
        timeline.append("old", from: Self.tick(1), at: Self.tick(1))
        timeline.append("new", from: Self.tick(3), at: Self.tick(6))
        func seen(_ began: Int64, _ ended: Int64) -> [String?] {
            timeline.states(from: Self.tick(began), to: Self.tick(ended))
        }
        #expect(seen(0, 0) == [nil])
        #expect(seen(0, 2) == [nil, "old"])
        #expect(seen(2, 2) == ["old"])
        #expect(seen(4, 5) == ["old", "new"])
        #expect(seen(7, 8) == ["new"])
    }

    @Test func `an answer that comes late does not bring an old state back`() {
        var timeline = Timeline()
        timeline.append("one", from: Self.tick(1), at: Self.tick(1))
        timeline.append("two", from: Self.tick(2), at: .distantFuture)
        timeline.settle("two", at: Self.tick(2))
        timeline.settle("one", at: Self.tick(2))
        #expect(timeline.states(from: Self.tick(3), to: Self.tick(4)) == ["two"])
    }

    @Test(arguments: [
        ["StockReserved", "StockReleased", "StockReserved"], ["StockReleased", "StockReserved"],
        ["StockReserved", "StockCommitted", "StockCommitted"], ["StockCommitted"],
    ])
    func `a hold that does what holds cannot do is named`(types: [String]) throws {
        #expect(LifeCheck.anomalies(try self.holds(types), of: "hold").map(\.kind) == [.impossibleTransition])
    }

    @Test func `a hold that lives as holds do is fine`() throws {
        for types in [["StockReserved", "StockCommitted", "StockReturned"], ["StockReleased"], ["StockReserved"]] {
            #expect(LifeCheck.anomalies(try self.holds(types), of: "hold").isEmpty)
        }
    }

    private func holds(_ types: [String]) throws -> [Fact] {
        try types.enumerated().map { index, type in try self.fact(Int64(index + 1), type, at: 1, of: "hold") }
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
