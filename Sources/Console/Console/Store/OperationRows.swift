import Chassis
import Essentials
import EventSourcing

/// How a service is, and since when.
struct KnownState: Encodable, Hashable, Sendable {
    var state: String
    var since: Timestamp
}

/// An alert that began or ended.
struct AlertRow: Encodable, Hashable, Sendable {
    var at: Timestamp
    /// `page`, `ticket` or `notice`.
    var severity: String
    var subject: String
    var text: String
    var isFiring: Bool
}

/// Something that an operator did.
struct AuditRow: Encodable, Hashable, Sendable {
    var at: Timestamp
    var `operator`: String
    var action: String
    var target: String
    var outcome: String
}

/// The tables of states, alerts and what operators did.
enum OperationRows {
    static func states(in unit: any ServiceUnit) throws -> [String: KnownState] {
        try unit.query("SELECT * FROM service_states").reduce(into: [:]) { states, row in
            states[try row.text("service")] = KnownState(
                state: try row.text("state"), since: Timestamp(microseconds: try row.integer("since")))
        }
    }

    static func put(_ state: KnownState, of service: String, in unit: any ServiceUnit) throws {
        try unit.execute(
            "INSERT OR REPLACE INTO service_states VALUES (?, ?, ?)",
            [.text(service), .text(state.state), .integer(state.since.microseconds)])
    }

    static func add(_ alert: AlertRow, in unit: any ServiceUnit) throws {
        try unit.execute(
            "INSERT INTO alerts (at, severity, subject, text, is_firing) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(alert.at.microseconds), .text(alert.severity), .text(alert.subject), .text(alert.text),
                .integer(alert.isFiring ? 1 : 0),
            ])
        try unit.execute("DELETE FROM alerts WHERE id <= (SELECT max(id) FROM alerts) - 1000")
    }

    /// The newest first.
    static func alerts(limit: Int, in unit: any ServiceUnit) throws -> [AlertRow] {
        try unit.query("SELECT * FROM alerts ORDER BY id DESC LIMIT ?", [.integer(Int64(limit))]).map { row in
            AlertRow(
                at: Timestamp(microseconds: try row.integer("at")), severity: try row.text("severity"),
                subject: try row.text("subject"), text: try row.text("text"),
                isFiring: try row.integer("is_firing") == 1)
        }
    }

    static func add(_ row: AuditRow, in unit: any ServiceUnit) throws {
        try unit.execute(
            "INSERT INTO audit (at, operator, action, target, outcome) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(row.at.microseconds), .text(row.operator), .text(row.action), .text(row.target),
                .text(row.outcome),
            ])
    }

    /// The newest first.
    static func audit(limit: Int, in unit: any ServiceUnit) throws -> [AuditRow] {
        try unit.query("SELECT * FROM audit ORDER BY id DESC LIMIT ?", [.integer(Int64(limit))]).map { row in
            AuditRow(
                at: Timestamp(microseconds: try row.integer("at")), operator: try row.text("operator"),
                action: try row.text("action"), target: try row.text("target"), outcome: try row.text("outcome"))
        }
    }
}
