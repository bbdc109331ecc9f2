import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Keeps the tables `users` and `revoked_tokens`.
struct UserProjection: Projection {
    let name = "users"

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM users")
        try unit.execute("DELETE FROM revoked_tokens")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == User.category else { return }
        let id = SQLValue.blob(event.aggregateID.bytes)
        let moment = SQLValue.integer(event.timestamp.microseconds)
        func set(_ column: String, _ value: SQLValue) throws {
            try unit.execute("UPDATE users SET \(column) = ?, updated_at = ? WHERE id = ?", [value, moment, id])
        }
        switch try UserEvent.catalog.decode(event.event) {
        case .created(let fact):
            try unit.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, 0, NULL, ?, ?)",
                [id, .text(fact.email), .text(fact.name), .text(fact.role), moment, moment])
        case .profileUpdated(let fact):
            if let name = fact.name { try set("name", .text(name)) }
        case .roleChanged(let fact): try set("role", .text(fact.to.rawValue))
        case .blocked: try set("blocked", .integer(1))
        case .unblocked: try set("blocked", .integer(0))
        case .tokensRevoked(let fact):
            if let token = fact.tokenId {
                try unit.execute(
                    "INSERT OR REPLACE INTO revoked_tokens VALUES (?, ?, ?)",
                    [.text(token), id, .integer(fact.before.microseconds)])
            } else {
                try unit.execute(
                    "UPDATE users SET tokens_before = max(ifnull(tokens_before, 0), ?) WHERE id = ?",
                    [.integer(fact.before.microseconds), id])
            }
        case .passwordChanged, .passwordRehashed: break
        }
    }
}
