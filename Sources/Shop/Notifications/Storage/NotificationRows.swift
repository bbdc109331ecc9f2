import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// A message as its receiver sees it.
struct NotificationRow: Codable, Hashable, Sendable {
    var notificationId: NotificationID
    var userId: UserID
    var channel: Channel
    var kind: NotificationKind
    var subject: String
    var body: String
    var createdAt: Timestamp
    /// Nil while it waits.
    var sentAt: Timestamp?
}

/// Keeps messages and preferences.
struct NotificationRows: Projection {
    let name = "notifications"

    static let migration = Migration(
        "notifications/001-tables",
        [
            """
            CREATE TABLE notifications (
                notification_id BLOB NOT NULL PRIMARY KEY, user_id BLOB NOT NULL, kind TEXT NOT NULL,
                about BLOB NOT NULL, channel TEXT NOT NULL, created_at INTEGER NOT NULL, document TEXT NOT NULL,
                UNIQUE (kind, about, channel)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX notifications_by_user ON notifications (user_id, created_at, notification_id)",
            """
            CREATE TABLE notification_preferences (
                user_id BLOB NOT NULL PRIMARY KEY, document TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE address_book (
                user_id BLOB NOT NULL PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
        ])

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM notifications")
        try unit.execute("DELETE FROM notification_preferences")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard NotificationEvent.catalog.types.contains(event.type) else { return }
        switch try NotificationEvent.catalog.decode(event.event) {
        case .requested(let fact): try Self.insert(fact, at: event.timestamp, in: unit)
        case .emailSent(let fact): try Self.markSent(fact.notificationId, at: event.timestamp, in: unit)
        case .sent(let fact): try Self.markSent(fact.notificationId, at: event.timestamp, in: unit)
        case .preferencesChanged(let fact):
            let document = String(decoding: try EventCoding.encode(fact.preferences), as: UTF8.self)
            try unit.execute(
                """
                INSERT INTO notification_preferences VALUES (?, ?)
                ON CONFLICT (user_id) DO UPDATE SET document = excluded.document
                """, [.blob(fact.userId.rawValue.bytes), .text(document)])
        }
    }

    private static func insert(_ fact: NotificationRequested, at moment: Timestamp, in unit: any ServiceUnit) throws {
        let row = NotificationRow(
            notificationId: fact.notificationId, userId: fact.userId, channel: fact.channel, kind: fact.kind,
            subject: fact.subject, body: fact.body, createdAt: moment)
        try unit.execute(
            "INSERT INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .blob(row.notificationId.rawValue.bytes), .blob(row.userId.rawValue.bytes), .text(row.kind.rawValue),
                .blob(fact.about.bytes), .text(row.channel.rawValue), .integer(moment.milliseconds),
                .text(String(decoding: try EventCoding.encode(row), as: UTF8.self)),
            ])
    }

    private static func markSent(_ id: NotificationID, at moment: Timestamp, in unit: any ServiceUnit) throws {
        guard var row = try self.find(id, in: unit) else { return }
        row.sentAt = moment
        try unit.execute(
            "UPDATE notifications SET document = ? WHERE notification_id = ?",
            [.text(String(decoding: try EventCoding.encode(row), as: UTF8.self)), .blob(id.rawValue.bytes)])
    }
}

extension NotificationRows {
    static func find(_ id: NotificationID, in unit: any ServiceUnit) throws -> NotificationRow? {
        try unit.query("SELECT document FROM notifications WHERE notification_id = ?", [.blob(id.rawValue.bytes)])
            .first.map(Self.row)
    }

    /// Whether the message of this kind about this thing has been asked for on this channel.
    static func exists(
        _ kind: NotificationKind, about: UniqueID, _ channel: Channel, in unit: any ServiceUnit,
    ) throws -> Bool {
        try !unit.query(
            "SELECT 1 FROM notifications WHERE kind = ? AND about = ? AND channel = ? LIMIT 1",
            [.text(kind.rawValue), .blob(about.bytes), .text(channel.rawValue)]
        ).isEmpty
    }

    /// A person's messages, the latest first.
    static func list(
        of user: UserID, behind last: (createdAt: Int64, id: UniqueID)?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [NotificationRow] {
        try unit.query(
            """
            SELECT document FROM notifications WHERE user_id = ? AND (created_at, notification_id) < (?, ?)
            ORDER BY created_at DESC, notification_id DESC LIMIT ?
            """,
            [
                .blob(user.rawValue.bytes), .integer(last?.createdAt ?? .max),
                .blob(last?.id.bytes ?? Array(repeating: 0xFF, count: 16)), .integer(Int64(limit)),
            ]
        ).map(Self.row)
    }

    static func preferences(of user: UserID, in unit: any ServiceUnit) throws -> Preferences {
        let rows = try unit.query(
            "SELECT document FROM notification_preferences WHERE user_id = ?", [.blob(user.rawValue.bytes)])
        guard let row = rows.first else { return Preferences() }
        return try EventCoding.decode(Preferences.self, from: Array(try row.text("document").utf8))
    }

    private static func row(_ row: SQLRow) throws -> NotificationRow {
        try EventCoding.decode(NotificationRow.self, from: Array(try row.text("document").utf8))
    }
}

/// Where people can be reached, as the users service tells it.
enum AddressBook {
    static func enter(_ user: UserID, email: String, name: String, in unit: any ServiceUnit) throws {
        try unit.execute(
            """
            INSERT INTO address_book VALUES (?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, name = excluded.name
            """, [.blob(user.rawValue.bytes), .text(email), .text(name)])
    }

    static func change(_ user: UserID, email: String?, name: String?, in unit: any ServiceUnit) throws {
        let key = SQLValue.blob(user.rawValue.bytes)
        if let email { try unit.execute("UPDATE address_book SET email = ? WHERE user_id = ?", [.text(email), key]) }
        if let name { try unit.execute("UPDATE address_book SET name = ? WHERE user_id = ?", [.text(name), key]) }
    }

    static func email(of user: UserID, in unit: any ServiceUnit) throws -> String? {
        try unit.query("SELECT email FROM address_book WHERE user_id = ?", [.blob(user.rawValue.bytes)])
            .first?.text("email")
    }
}
