import Essentials
import Foundation
import Notifications
import ShopContracts
import Testing

@testable import mainstay

@Suite(.timeLimit(.minutes(10))) struct SecureMailTests {
    private let scratch = Scratch()

    private var trust: String { self.scratch.file("roots.pem", RelayCertificate.pem) }
    private let credentials = SMTPSender.Credentials(user: SecureRelay.user, password: Redacted(SecureRelay.password))
    private let mail = OutgoingMessage(
        id: NotificationID(UniqueID(high: 1, low: 1)), channel: "email", recipient: "ada@example.org", subject: "Hello",
        body: "A text.", date: Timestamp(microseconds: 1_800_000_000_000_000))

    /// Other channels are not meant here.
    private struct Nobody: NotificationSender {
        func send(_ message: OutgoingMessage) throws -> String { "nobody" }
    }

    private func sender(
        _ port: Int, _ security: SMTPSender.Security, host: String = "127.0.0.1",
        credentials: SMTPSender.Credentials? = nil,
    ) throws -> SMTPSender {
        try SMTPSender(
            host: host, port: port, security: security, credentials: credentials, from: "shop@example.org",
            others: Nobody())
    }

    private func relay(_ change: (inout SecureRelay.Manners) -> Void) -> SecureRelay {
        var manners = SecureRelay.Manners()
        change(&manners)
        return SecureRelay(manners)
    }

    /// What went wrong with sending, as the outbox keeps it.
    private func failure(_ body: () async throws -> String) async -> String {
        do { return "sent: \(try await body())" } catch { return "\(error)" }
    }

    @Test(arguments: ["PLAIN", "LOGIN", "CRAM-MD5 LOGIN PLAIN"])
    func `behind STARTTLS the sender logs in and the mail goes out, all of it protected`(_ logins: String) async throws
    {
        let relay = self.relay {
            $0.protection = .startTLS; $0.logins = logins
        }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            let receipt = try await self.sender(port, .startTLS(context), credentials: self.credentials).send(self.mail)
            #expect(receipt == "250 kept")
        }
        #expect(relay.lines.filter { !$0.isProtected }.map(\.text) == ["EHLO mainstay", "STARTTLS"])
        #expect(relay.lines.first { $0.isProtected }?.text == "EHLO mainstay")
        #expect(relay.lines.contains { $0.text.hasPrefix(logins == "LOGIN" ? "AUTH LOGIN" : "AUTH PLAIN ") })
        #expect(relay.mails.count == 1)
        #expect(relay.mails.first?.contains("To: ada@example.org\r\n") == true)
    }

    @Test func `a relay that speaks TLS from the first byte gets the mail, with and without a log-in`() async throws {
        let relay = self.relay { $0.protection = .tls }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            _ = try await self.sender(port, .tls(context), credentials: self.credentials).send(self.mail)
            _ = try await self.sender(port, .tls(context)).send(self.mail)
        }
        #expect(relay.mails.count == 2)
        #expect(relay.lines.allSatisfy { $0.isProtected })
    }

    @Test func `a relay that offers no STARTTLS gets neither mail nor password`() async throws {
        let relay = self.relay { $0.offersStartTLS = false }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            let sender = try self.sender(port, .startTLS(context), credentials: self.credentials)
            let failure = await self.failure { try await sender.send(self.mail) }
            #expect(failure.contains("does not offer STARTTLS"))
        }
        #expect(relay.lines.map(\.text) == ["EHLO mainstay"])
        #expect(relay.mails.isEmpty)
    }

    @Test func `what was slipped in behind the answer to STARTTLS is not believed`() async throws {
        let relay = self.relay {
            $0.protection = .startTLS; $0.injected = "250 AUTH PLAIN\r\n"
        }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            let sender = try self.sender(port, .startTLS(context), credentials: self.credentials)
            let failure = await self.failure { try await sender.send(self.mail) }
            #expect(failure.contains("cannot be protected"))
        }
        #expect(!relay.lines.contains { $0.text.hasPrefix("AUTH") })
        #expect(relay.mails.isEmpty)
    }

    @Test(arguments: [SecureRelay.Manners.Protection.tls, .startTLS])
    func `a certificate that nobody trusts, or for another host, ends it before anything is said`(
        _ protection: SecureRelay.Manners.Protection,
    ) async throws {
        let elsewhere = self.scratch.file("elsewhere.pem", RelayCertificate.elsewhere)
        for (certificate, trust) in [(RelayCertificate.pem, nil), (RelayCertificate.elsewhere, elsewhere)] {
            let relay = self.relay {
                $0.protection = protection
                $0.certificate = certificate
            }
            let context = try SMTPSender.context(trusting: trust)
            try await relay.serve { port in
                for host in ["127.0.0.1", "localhost"] {
                    let sender = try self.sender(
                        port, protection == .tls ? .tls(context) : .startTLS(context), host: host,
                        credentials: self.credentials)
                    let failure = await self.failure { try await sender.send(self.mail) }
                    #expect(failure.contains("cannot be protected"), "\(host): \(failure)")
                }
            }
            #expect(relay.lines.allSatisfy { !$0.isProtected })
            #expect(relay.mails.isEmpty)
        }
    }

    @Test func `a refused log-in sends no mail and shows no secret`() async throws {
        let relay = self.relay { $0.protection = .tls }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            for logins in ["PLAIN", "LOGIN"] {
                let other = self.relay {
                    $0.protection = .tls; $0.logins = logins
                }
                try await other.serve { port in
                    let wrong = SMTPSender.Credentials(user: SecureRelay.user, password: Redacted("the wrong one"))
                    let sender = try self.sender(port, .tls(context), credentials: wrong)
                    let failure = await self.failure { try await sender.send(self.mail) }
                    #expect(failure.contains("535"))
                    for secret in ["the wrong one", Data("the wrong one".utf8).base64EncodedString()] {
                        #expect(!failure.contains(secret) && !"\(sender)".contains(secret))
                    }
                }
                #expect(other.mails.isEmpty)
            }
            #expect(throws: SMTPFailure.credentialsInTheClear) {
                try self.sender(port, .none, credentials: self.credentials)
            }
        }
        #expect(relay.lines.isEmpty)
    }

    @Test func `a relay that offers no log-in that is spoken here is refused`() async throws {
        let relay = self.relay {
            $0.protection = .tls; $0.logins = "CRAM-MD5"
        }
        let context = try SMTPSender.context(trusting: self.trust)
        try await relay.serve { port in
            let sender = try self.sender(port, .tls(context), credentials: self.credentials)
            let failure = await self.failure { try await sender.send(self.mail) }
            #expect(failure.contains("neither PLAIN nor LOGIN"))
        }
        #expect(relay.mails.isEmpty)
    }

    @Test func `the platform sends as configured, with the password from a file`() async throws {
        let relay = self.relay { $0.protection = .startTLS }
        let password = self.scratch.file("password", SecureRelay.password + "\n")
        let environment = [
            "MAINSTAY_MAIL_SECURITY": "starttls", "MAINSTAY_MAIL_USER": SecureRelay.user,
            "MAINSTAY_MAIL_PASSWORD_FILE": password, "MAINSTAY_MAIL_TRUST": self.trust,
        ]
        try await relay.serve { port in
            let platform = try await RunningPlatform(
                in: self.scratch.path + "/data",
                environment: environment.merging(["MAINSTAY_MAIL_SMTP": "127.0.0.1:\(port)"]) { $1 })
            _ = try await platform.customer("mia")
            for _ in 0..<600 where !relay.mails.contains(where: { $0.contains("mia@") }) {
                try await TimeSource.system.sleep(for: .milliseconds(50))
            }
            #expect(await platform.stop() == 0)
            #expect(!platform.output.contains(SecureRelay.password))
        }
        #expect(relay.mails.contains { $0.contains("To: mia@example.com\r\n") })
    }

    @Test(arguments: [
        (["MAINSTAY_MAIL_USER": "shop", "MAINSTAY_MAIL_PASSWORD": "hidden"], "mail.user: a password is not sent"),
        (["MAINSTAY_MAIL_USER": "shop", "MAINSTAY_MAIL_SECURITY": "tls"], "mail.user: a password is missing"),
        (["MAINSTAY_MAIL_PASSWORD": "hidden"], "mail.password: mail.user is missing"),
        (["MAINSTAY_MAIL_SECURITY": "tls", "MAINSTAY_MAIL_TRUST": "/nowhere.pem"], "mail.trust: /nowhere.pem"),
        (["MAINSTAY_MAIL_SECURITY": "ssl"], "one of none, starttls, tls is accepted"),
        (["MAINSTAY_MAIL_USER": "shop", "MAINSTAY_MAIL_PASSWORD_FILE": "/nowhere"], "mail.password.file: /nowhere"),
    ])
    func `settings that cannot work stop the start and show no secret`(
        _ environment: [String: String], _ reason: String,
    ) async throws {
        let ended = try await MainstayProcess.run(
            ["up", "--data", self.scratch.path, "--port", "0"],
            environment: environment.merging(["MAINSTAY_MAIL_SMTP": "127.0.0.1:2525"]) { $1 })
        #expect(ended.status == 3)
        #expect(ended.error.contains(reason))
        #expect(!ended.error.contains("hidden"))
    }

    @Test func `a password in the configuration file is refused and not shown`() async throws {
        let file = self.scratch.file("mainstay.yaml", "mail:\n  password: hidden\n")
        let ended = try await MainstayProcess.run(["up", "--config", file, "--data", self.scratch.path + "/d"])
        #expect(ended.status == 3)
        #expect(ended.error.contains("mail.password is a secret: set MAINSTAY_MAIL_PASSWORD, or mail.password.file"))
        #expect(!ended.error.contains("hidden"))
    }
}
