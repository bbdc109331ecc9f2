import Essentials
import EventSourcing
import Ledger
import Messaging
import MessagingTesting
import StorageSQLite
import Testing

private protocol Stock: Sendable {
    func reserve(_ event: RecordedEvent, in book: LedgerBook) throws
}

private protocol Mailer: Sendable {
    func send(_ message: [UInt8], idempotencyKey: UniqueID) async throws -> String
}

private func consume(_ stock: any Stock, _ ordersFeed: any EventFeed, _ store: SQLiteStore) async throws {
    // snippet Docs/Messaging.md
    let reserve = Consumer<any InboxUnit & LedgerUnit>("inventory", types: ["OrderPlaced"]) { event, unit in
        try stock.reserve(event, in: LedgerBook(in: unit, at: event.timestamp))
    }
    let group = ConsumerGroup(
        [Subscription(reserve, to: [NamedFeed("orders", ordersFeed)])],
        transactor: store.transactor.map { $0 }, inbox: { $0 })
    try await group.run()
    // end
}

private func ask(for event: RecordedEvent, _ payload: [UInt8], in unit: any EffectUnit) throws {
    // snippet Docs/Messaging.md
    try unit.enqueueEffect("email", id: event.id, payload: payload, at: event.timestamp)
    // end
}

private func deliver(
    _ mailer: any Mailer, _ store: SQLiteStore, _ emailSent: @escaping @Sendable (Effect, String) -> NewEvent,
    _ stream: @escaping @Sendable (Effect) -> StreamID,
) async throws {
    // snippet Docs/Messaging.md
    let worker = EffectWorker("email", transactor: store.transactor, effects: { $0 }) { effect in
        try await mailer.send(effect.payload, idempotencyKey: effect.id)
    } record: { effect, reference, unit in
        try unit.append([emailSent(effect, reference)], to: stream(effect), expecting: .any)
    }
    try await worker.run()
    // end
}

struct MessagingSnippets {
    // snippet Docs/Messaging.md
    @Test(arguments: MessagingConformance.allCases)
    func `the store keeps the rule`(_ rule: MessagingConformance) async throws {
        try await rule.check { MyStore.fresh().transactor.map { $0 } }
    }
    // end
}
