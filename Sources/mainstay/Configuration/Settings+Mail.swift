import Configuration
import Essentials
import Foundation
import Notifications

/// How mails leave.
///
/// | key | accepts | default |
/// | --- | --- | --- |
/// | `mail.smtp` | `host:port` of a relay, an IPv6 address in brackets | none: mails become files |
/// | `mail.security` | `none`, `starttls`, `tls` | by the port: 465 `tls`, 587 `starttls`, else `none` |
/// | `mail.user` | a name | none: no log-in |
/// | `mail.password` | the variable `MAINSTAY_MAIL_PASSWORD` only | |
/// | `mail.password.file` | a file whose first line is the password | |
/// | `mail.trust` | a PEM file with the roots that are trusted | those of the system |
extension Settings {
    /// Hands out mails as configured; other channels go to `others`.
    /// - Returns: nil without a relay.
    /// - Throws: a ``CommandFailure`` that names the key.
    func mailSender(others: any NotificationSender) throws -> SMTPSender? {
        guard let relay = self.values.string(forKey: "mail.smtp").flatMap({ HostAndPort($0) }) else { return nil }
        let word = self.values.string(forKey: "mail.security", default: Self.security(byPort: relay.port))
        let credentials = try self.mailCredentials()
        guard credentials == nil || word != "none" else {
            throw CommandFailure.environment(
                "mail.user: a password is not sent over a connection without TLS; set mail.security to starttls or tls")
        }
        return try SMTPSender(
            host: relay.host, port: relay.port, security: try self.mailSecurity(word), credentials: credentials,
            from: self.mailFrom, others: others)
    }

    private static func security(byPort port: Int) -> String {
        switch port {
        case 465: "tls"
        case 587: "starttls"
        default: "none"
        }
    }

    private func mailSecurity(_ word: String) throws -> SMTPSender.Security {
        if word == "none" { return .none }
        let trust = self.values.string(forKey: "mail.trust")
        do {
            let context = try SMTPSender.context(trusting: trust)
            return word == "tls" ? .tls(context) : .startTLS(context)
        } catch {
            throw CommandFailure.environment("mail.trust: \(trust ?? "the system's roots") cannot be used: \(error)")
        }
    }

    private func mailCredentials() throws -> SMTPSender.Credentials? {
        let password = try self.mailPassword()
        switch (self.values.string(forKey: "mail.user"), password) {
        case (nil, nil): return nil
        case (let user?, let password?): return SMTPSender.Credentials(user: user, password: password)
        case (_?, nil):
            throw CommandFailure.environment(
                "mail.user: a password is missing; set MAINSTAY_MAIL_PASSWORD or mail.password.file")
        case (nil, _?): throw CommandFailure.environment("mail.password: mail.user is missing")
        }
    }

    private func mailPassword() throws -> Redacted<String>? {
        if let text = self.values.string(forKey: "mail.password", isSecret: true) { return Redacted(text) }
        guard let path = self.values.string(forKey: "mail.password.file") else { return nil }
        guard let data = FileManager.default.contents(atPath: path),
            let line = String(data: data, encoding: .utf8)?.split(whereSeparator: \.isNewline).first
        else { throw CommandFailure.environment("mail.password.file: \(path) holds no password") }
        return Redacted(String(line))
    }
}
