import Chassis
import Essentials
import EventSourcing
import Identity

/// Somebody who works the console.
struct ConsoleOperator: Codable, Hashable, Sendable {
    var id: String
    var email: String
    var role: Role
}

/// What the console knows of one browser in which an operator has logged in.
struct OperatorSession: Codable, Hashable, Sendable {
    var `operator`: ConsoleOperator
    /// Kept in the console's own database and never sent to the browser.
    var accessToken: String
    var refreshToken: String
    /// When the access token must be renewed.
    var renewAt: Timestamp
}

/// Keeps sessions under the hash of the secret that the browser holds.
enum SessionRows {
    static func find(_ hash: [UInt8], in unit: any ServiceUnit) throws -> OperatorSession? {
        try unit.query("SELECT document FROM sessions WHERE secret_hash = ?", [.blob(hash)]).first
            .map { try EventCoding.decode(OperatorSession.self, from: Array(try $0.text("document").utf8)) }
    }

    static func put(
        _ session: OperatorSession, _ hash: [UInt8], at moment: Timestamp, in unit: any ServiceUnit,
    ) throws {
        let document = String(decoding: try EventCoding.encode(session), as: UTF8.self)
        try unit.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
            [.blob(hash), .integer(moment.milliseconds), .text(document)])
    }

    static func remove(_ hash: [UInt8], in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM sessions WHERE secret_hash = ?", [.blob(hash)])
    }

    static func prune(before moment: Timestamp, in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM sessions WHERE used_at < ?", [.integer(moment.milliseconds)])
    }
}
