import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// A message, as its receiver sees it.
struct NotificationModel: APIModel {
    /// Whether it has gone out.
    enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case pending = "PENDING"
        case sent = "SENT"
    }

    var notificationId: NotificationID
    var channel: Channel
    var kind: NotificationKind
    var subject: String
    var body: String
    var status: Status
    var createdAt: Timestamp
    var sentAt: Timestamp?

    init(_ row: NotificationRow) {
        self.notificationId = row.notificationId
        self.channel = row.channel
        self.kind = row.kind
        self.subject = row.subject
        self.body = row.body
        self.status = row.sentAt == nil ? .pending : .sent
        self.createdAt = row.createdAt
        self.sentAt = row.sentAt
    }

    static let schemaName = "Notification"
    static let schema = Schema.object([
        .init("notificationId", .uuid), .init("channel", .oneOf(Channel.allCases.map(\.rawValue))),
        .init("kind", .oneOf(NotificationKind.allCases.map(\.rawValue))), .init("subject", .string(.anyText)),
        .init("body", .string(.anyText)), .init("status", .oneOf(Status.allCases.map(\.rawValue))),
        .init("createdAt", .timestamp), .init("sentAt", .timestamp, required: false),
    ])
}

extension TextFormat {
    /// A text of several lines.
    static let anyText = TextFormat(accepted: "a text", length: 0...100_000)
}

/// On which channels the caller wants to be told.
struct PreferencesModel: APIModel {
    var email: Bool
    var sms: Bool
    var push: Bool

    static let schemaName = "NotificationPreferences"
    static let schema = Schema.object([.init("email", .boolean), .init("sms", .boolean), .init("push", .boolean)])
}

/// `/v1/notifications`: the caller's messages and preferences.
struct NotificationRoutes: Sendable {
    let outbox: Outbox

    var routes: [Route] { [self.list, self.preferences, self.setPreferences] }

    private var store: ServiceStore { self.outbox.environment.store }

    private var list: Route {
        Route(
            .get, "/v1/notifications", "listNotifications", tag: "Notifications",
            "Lists the caller's messages, the latest first", parameters: PageRequest.parameters,
            answers: [.json(.ok, Page<NotificationModel>.self, "A page of messages")]
        ) { request in
            let page = try PageRequest(request, keyParts: 2)
            let user = UserID(try request.caller().subject)
            let last = try page.after.map { parts in
                guard let createdAt = Int64(parts[0]), let id = UniqueID(parts[1]) else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return (createdAt: createdAt, id: id)
            }
            let rows = try await self.store.read {
                try NotificationRows.list(of: user, behind: last, limit: page.limit + 1, in: $0)
            }
            return try .json(
                .ok,
                page.page(
                    of: rows, key: { [String($0.createdAt.milliseconds), $0.notificationId.description] },
                    item: { NotificationModel($0) }))
        }
    }

    private var preferences: Route {
        Route(
            .get, "/v1/notifications/preferences", "getNotificationPreferences", tag: "Notifications",
            "Tells on which channels the caller is told",
            answers: [.json(.ok, PreferencesModel.self, "The caller's preferences")]
        ) { request in
            let user = UserID(try request.caller().subject)
            let chosen = try await self.store.read { try NotificationRows.preferences(of: user, in: $0) }
            return try .json(.ok, PreferencesModel(email: chosen.email, sms: chosen.sms, push: chosen.push))
        }
    }

    private var setPreferences: Route {
        Route(
            .put, "/v1/notifications/preferences", "setNotificationPreferences", tag: "Notifications",
            "Chooses on which channels the caller is told", body: .model(PreferencesModel.self),
            answers: [.json(.ok, PreferencesModel.self, "The caller's preferences from now on")]
        ) { request in
            let model = try request.decode(PreferencesModel.self)
            let user = UserID(try request.caller().subject)
            let fact = PreferencesChanged(
                userId: user, preferences: Preferences(email: model.email, sms: model.sms, push: model.push))
            let metadata = request.metadata.caused(by: request.requestID)
            try await self.store.write { try self.append(fact, metadata, in: $0) }
            return try .json(.ok, model)
        }
    }

    private func append(_ fact: PreferencesChanged, _ metadata: EventMetadata, in unit: any ServiceUnit) throws {
        guard try NotificationRows.preferences(of: fact.userId, in: unit) != fact.preferences else { return }
        let stream = StreamID(
            category: NotificationEvent.preferencesCategory, aggregateID: fact.userId.rawValue)
        let environment = self.outbox.environment
        let event = try NotificationEvent.preferencesChanged(fact).newEvent(
            id: environment.ids.next(), timestamp: environment.wallClock.now, metadata: metadata)
        try unit.append([event], to: stream, expecting: .exactly(try unit.version(of: stream)))
        try self.outbox.projector.advance(in: unit)
    }
}
