import Essentials
import Foundation
import NIOCore
import Notifications

/// What is said to a mail relay, and what it answers.
struct SMTPConversation {
    /// Of one line, and of one reply.
    private static let maximumBytes = 16_384
    private static let maximumLines = 100

    private var chunks: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ""
    /// What the relay says that it can, one a line: `AUTH PLAIN LOGIN`.
    private var offers: [String] = []

    init(
        _ chunks: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    ) {
        self.chunks = chunks
        self.outbound = outbound
    }

    mutating func greet() async throws {
        try await self.expect("220", to: "the connection")
        try await self.greetAgain()
    }

    /// What was said before the connection was protected does not count (RFC 3207 §4.2).
    mutating func greetAgain() async throws {
        let lines = try await self.say("EHLO mainstay", expecting: "250")
        self.offers = lines.dropFirst().map { $0.dropFirst(4).uppercased() }
    }

    /// Asks for TLS. The next byte on the connection is the client's, of its handshake.
    /// - Throws: ``SMTPFailure/notProtected(_:)`` when the relay does not offer it, or has sent anything behind its answer:
    ///   what came in the clear must not be taken for something that came protected.
    mutating func agreeOnTLS() async throws {
        guard self.offers.contains("STARTTLS") else {
            throw SMTPFailure.notProtected("it does not offer STARTTLS")
        }
        try await self.say("STARTTLS", expecting: "220")
        guard self.unread.isEmpty else {
            throw SMTPFailure.notProtected("it went on in the clear behind its answer to STARTTLS")
        }
    }

    mutating func logIn(_ credentials: SMTPSender.Credentials) async throws {
        let methods = self.offers.first { $0.hasPrefix("AUTH ") }?.split(separator: " ").dropFirst().map(String.init)
        let password = credentials.password.exposed
        if methods?.contains("PLAIN") == true {
            let secret = Self.base64("\0\(credentials.user)\0\(password)")
            try await self.say("AUTH PLAIN \(secret)", expecting: "235", shownAs: "AUTH PLAIN")
        } else if methods?.contains("LOGIN") == true {
            try await self.say("AUTH LOGIN", expecting: "334")
            try await self.say(Self.base64(credentials.user), expecting: "334", shownAs: "the user of AUTH LOGIN")
            try await self.say(Self.base64(password), expecting: "235", shownAs: "the password of AUTH LOGIN")
        } else {
            throw SMTPFailure.noCommonLogin(offered: methods ?? [])
        }
    }

    /// - Returns: what the relay says about the mail it has taken.
    mutating func deliver(_ message: OutgoingMessage, from: String) async throws -> String {
        try await self.say("MAIL FROM:<\(from)>", expecting: "250")
        try await self.say("RCPT TO:<\(message.recipient)>", expecting: "250")
        try await self.say("DATA", expecting: "354")
        try await self.outbound.write(ByteBuffer(string: SMTPMessage.text(of: message, from: from) + ".\r\n"))
        let receipt = try await self.expect("250", to: "the message").last ?? ""
        try await self.outbound.write(ByteBuffer(string: "QUIT\r\n"))
        return receipt
    }

    /// - Parameter name: how errors name the command; nil for the command itself.
    @discardableResult
    private mutating func say(
        _ command: String, expecting code: String, shownAs name: String? = nil,
    ) async throws -> [String] {
        try await self.outbound.write(ByteBuffer(string: command + "\r\n"))
        return try await self.expect(code, to: name ?? command)
    }

    /// The lines of a reply.
    @discardableResult
    private mutating func expect(_ code: String, to command: String) async throws -> [String] {
        var lines: [String] = []
        while lines.count < Self.maximumLines {
            let line = try await self.line()
            guard line.hasPrefix(code) else { throw SMTPFailure.refused(command: command, reply: line) }
            lines.append(line)
            // A hyphen behind the code says that more lines follow.
            if line.dropFirst(3).first != "-" { return lines }
        }
        throw SMTPFailure.refused(command: command, reply: "more lines than can be meant")
    }

    private mutating func line() async throws -> String {
        while true {
            if let end = self.unread.range(of: "\r\n") {
                defer { self.unread.removeSubrange(..<end.upperBound) }
                return String(self.unread[..<end.lowerBound])
            }
            guard self.unread.utf8.count < Self.maximumBytes,
                let chunk = try await self.chunks.next(isolation: #isolation)
            else { throw SMTPFailure.hungUp }
            self.unread += String(buffer: chunk)
        }
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
