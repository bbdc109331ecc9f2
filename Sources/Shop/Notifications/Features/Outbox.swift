import Chassis
import Essentials
import EventSourcing
import Messaging
import ShopContracts

/// Turns facts of other services into messages, and hands the messages out: one outbox a channel.
struct Outbox: Sendable {
    let environment: ServiceEnvironment
    let sender: any NotificationSender
    let projector: Projector<any ServiceUnit>

    init(_ environment: ServiceEnvironment, sender: any NotificationSender) {
        self.environment = environment
        self.sender = sender
        self.projector = Projector([NotificationRows()], log: { $0 })
    }

    // MARK: - In

    var subscriptions: [Subscription<any ServiceUnit>] {
        [
            Subscription(
                Consumer("address-book", types: Templates.ofUsers) { event, unit in
                    try self.note(event, in: unit)
                    try self.tell(of: event, in: unit)
                }, to: [.remote(.users, in: self.environment)]),
            Subscription(
                Consumer("order-messages", types: Templates.ofOrders) { try self.tell(of: $0, in: $1) },
                to: [.remote(.orders, in: self.environment)]),
            Subscription(
                Consumer("shipment-messages", types: Templates.ofShipping) { try self.tell(of: $0, in: $1) },
                to: [.remote(.shipping, in: self.environment)]),
        ]
    }

    private func note(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        switch event.type {
        case UserCreated.eventType:
            let fact = try EventCoding.decode(UserCreated.self, from: event.event.data)
            try AddressBook.enter(fact.userId, email: fact.email, name: fact.name, in: unit)
        case ProfileUpdated.eventType:
            let fact = try EventCoding.decode(ProfileUpdated.self, from: event.event.data)
            try AddressBook.change(fact.userId, email: fact.email, name: fact.name, in: unit)
        default: break
        }
    }

    /// Asks for the messages that follow from a fact: the fact of the request and the effect in one transaction.
    private func tell(of event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard let draft = try Templates.draft(for: event) else { return }
        let metadata = event.metadata.caused(by: event.id)
        for channel in try NotificationRows.preferences(of: draft.userId, in: unit).channels
        where try Self.isNew(draft, channel, in: unit) {
            let request = NotificationRequested(
                notificationId: self.environment.ids.next(), userId: draft.userId, channel: channel, kind: draft.kind,
                about: draft.about, subject: draft.subject, body: draft.body)
            try self.append(.requested(request), to: request.notificationId, metadata, in: unit)
            try unit.enqueueEffect(
                channel.rawValue, id: request.notificationId.rawValue, payload: EventCoding.encode(request),
                at: self.environment.wallClock.now)
        }
    }

    private static func isNew(_ draft: NotificationDraft, _ channel: Channel, in unit: any ServiceUnit) throws -> Bool {
        #if PlantedFaults
            if PlantedFault.forgetInbox.isPlanted { return true }
        #endif
        return try !NotificationRows.exists(draft.kind, about: draft.about, channel, in: unit)
    }

    private func append(
        _ event: NotificationEvent, to id: NotificationID, _ metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws {
        let stream = StreamID(category: NotificationEvent.category, aggregateID: id.rawValue)
        let new = try event.newEvent(
            id: self.environment.ids.next(), timestamp: self.environment.wallClock.now, metadata: metadata)
        try unit.append([new], to: stream, expecting: .exactly(try unit.version(of: stream)))
        try self.projector.advance(in: unit)
    }

    // MARK: - Out

    func worker(
        _ channel: Channel, _ configuration: EffectWorker<any ServiceUnit>.Configuration,
    ) -> EffectWorker<any ServiceUnit> {
        EffectWorker(
            channel.rawValue, named: self.environment.name.rawValue, transactor: self.environment.store,
            effects: { $0 }, configuration: configuration,
            observe: { self.environment.logger.report($0) }, wallClock: self.environment.wallClock,
            time: self.environment.time, send: { try await self.send($0) },
            record: { try self.record($0, reference: $1, in: $2) })
    }

    /// The address is looked up now: it may have come, or changed, after the message was asked for.
    private func send(_ effect: Effect) async throws -> String {
        let request = try EventCoding.decode(NotificationRequested.self, from: effect.payload)
        let recipient =
            switch request.channel {
            case .email:
                try await self.environment.store.read { try AddressBook.email(of: request.userId, in: $0) }
            case .sms, .push: request.userId.description
            }
        guard let recipient else { throw AddressUnknown(userId: request.userId) }
        #if PlantedFaults
            if PlantedFault.newIdentityAtEachSend.isPlanted {
                return try await self.sender.send(
                    OutgoingMessage(
                        id: self.environment.ids.next(), channel: request.channel.rawValue, recipient: recipient,
                        subject: request.subject, body: request.body, date: effect.createdAt))
            }
        #endif
        return try await self.sender.send(
            OutgoingMessage(
                id: request.notificationId, channel: request.channel.rawValue, recipient: recipient,
                subject: request.subject, body: request.body, date: effect.createdAt))
    }

    private func record(_ effect: Effect, reference: String, in unit: any ServiceUnit) throws {
        let request = try EventCoding.decode(NotificationRequested.self, from: effect.payload)
        let stream = StreamID(category: NotificationEvent.category, aggregateID: request.notificationId.rawValue)
        let origin = try unit.read(stream, after: .zero, limit: 1).first
        let metadata =
            origin.map { $0.metadata.caused(by: $0.id) }
            ?? EventMetadata(correlationID: request.notificationId.rawValue)
        let event: NotificationEvent =
            switch request.channel {
            case .email:
                .emailSent(
                    EmailSent(
                        notificationId: request.notificationId, userId: request.userId, reference: reference))
            case .sms, .push:
                .sent(
                    NotificationSent(
                        notificationId: request.notificationId, userId: request.userId, channel: request.channel,
                        reference: reference))
            }
        try self.append(event, to: request.notificationId, metadata, in: unit)
    }

    /// Forgets effects that were done long ago; what was sent stays in the log.
    func tidy() async throws {
        let month = Duration.seconds(30 * 86_400)
        while true {
            let limit = self.environment.wallClock.now.advanced(by: .zero - month)
            _ = try await self.environment.store.write { unit in
                try Channel.allCases.reduce(0) { count, channel in
                    try count + unit.removeDoneEffects(channel.rawValue, before: limit, limit: 1_000)
                }
            }
            try await self.environment.time.sleep(for: .seconds(3_600))
        }
    }
}

/// Nobody has told us yet how to reach this person.
struct AddressUnknown: Error, CustomStringConvertible {
    var userId: UserID
    var description: String { "no e-mail address is known for \(self.userId)" }
}
