import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A mail relay with a certificate and one account, that writes down what it is told.
final class SecureRelay: Sendable {
    /// How it behaves.
    struct Manners: Sendable {
        enum Protection: Sendable {
            case none, startTLS, tls
        }

        var protection = Protection.none
        var offersStartTLS = true
        /// The log-ins that it offers once the connection is protected.
        var logins = "PLAIN LOGIN"
        /// Sent in the clear together with the answer to STARTTLS, as somebody in between might.
        var injected = ""
        var certificate = RelayCertificate.pem
    }

    static let user = "shop"
    static let password = "s3cret of the relay"

    /// One line of a client, and whether it came through TLS.
    struct Line: Hashable, Sendable {
        var text: String
        var isProtected: Bool
    }

    private struct State {
        var lines: [Line] = []
        var mails: [String] = []
    }

    private let manners: Manners
    private let state = Mutex(State())

    init(_ manners: Manners) {
        self.manners = manners
    }

    var lines: [Line] { self.state.withLock(\.lines) }
    var mails: [String] { self.state.withLock(\.mails) }

    /// Runs on a free port of the loopback for as long as `body` does.
    func serve(_ body: (Int) async throws -> Void) async throws {
        let context = try Self.context(self.manners.certificate)
        let isTLS = self.manners.protection == .tls
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isTLS {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = try #require(server.channel.localAddress?.port)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { conversations in
                        for try await client in clients {
                            // A client that hangs up, or refuses the certificate, ends its own conversation only.
                            conversations.addTask { try? await self.converse(client, context) }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
    }

    private static func context(_ pem: String) throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(RelayCertificate.key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificate.map { .certificate($0) }, privateKey: .privateKey(key)))
    }

    /// What the next line of a client is.
    private enum Expecting {
        case command, message, user, password
    }

    private func converse(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ context: NIOSSLContext) async throws {
        try await client.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "220-relay\r\n220 ready\r\n"))
            var isProtected = self.manners.protection == .tls
            var expecting = Expecting.command
            var user = ""
            var text = ""
            for try await chunk in inbound {
                text += String(buffer: chunk)
                if expecting == .message {
                    guard text.hasSuffix("\r\n.\r\n") else { continue }
                    let mail = text
                    self.state.withLock { $0.mails.append(mail) }
                    (expecting, text) = (.command, "")
                    try await outbound.write(ByteBuffer(string: "250 kept\r\n"))
                    continue
                }
                guard text.hasSuffix("\r\n") else { continue }
                let line = String(text.dropLast())
                text = ""
                self.state.withLock { $0.lines.append(Line(text: line, isProtected: isProtected)) }
                if expecting == .command, line == "STARTTLS" {
                    try await self.beginTLS(client.channel, context)
                    isProtected = true
                    continue
                }
                let answer = self.answer(line, &expecting, &user, isProtected: isProtected)
                try await outbound.write(ByteBuffer(string: answer + "\r\n"))
            }
        }
    }

    /// The answer goes out in the clear, and everything behind it is TLS: in one turn of the loop, so that nothing of the
    /// client comes in between.
    private func beginTLS(_ channel: any Channel, _ context: NIOSSLContext) async throws {
        let answer = ByteBuffer(string: "220 go ahead\r\n" + self.manners.injected)
        try await channel.eventLoop.submit {
            channel.writeAndFlush(answer, promise: nil)
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context), position: .first)
        }.get()
    }

    private func answer(
        _ line: String, _ expecting: inout Expecting, _ user: inout String, isProtected: Bool,
    ) -> String {
        switch expecting {
        case .user:
            (expecting, user) = (.password, Self.decoded(line))
            return "334 UGFzc3dvcmQ6"
        case .password:
            expecting = .command
            return self.verdict(user, Self.decoded(line))
        case .command, .message: break
        }
        if line.hasPrefix("EHLO ") { return self.offers(isProtected: isProtected) }
        if line == "AUTH LOGIN" {
            expecting = .user
            return "334 VXNlcm5hbWU6"
        }
        if line.hasPrefix("AUTH PLAIN ") {
            let parts = Self.decoded(String(line.dropFirst(11))).split(
                separator: "\0", omittingEmptySubsequences: false)
            return parts.count == 3 ? self.verdict(String(parts[1]), String(parts[2])) : "501 what?"
        }
        if line == "DATA" {
            expecting = .message
            return "354 go on"
        }
        return "250 yes"
    }

    private func offers(isProtected: Bool) -> String {
        var offers = ["relay", "8BITMIME"]
        if self.manners.offersStartTLS, !isProtected { offers.append("STARTTLS") }
        if isProtected, !self.manners.logins.isEmpty { offers.append("AUTH \(self.manners.logins)") }
        return offers.enumerated().map { index, offer in
            index == offers.count - 1 ? "250 \(offer)" : "250-\(offer)"
        }.joined(separator: "\r\n")
    }

    private func verdict(_ user: String, _ password: String) -> String {
        user == Self.user && password == Self.password ? "235 welcome" : "535 who are you?"
    }

    private static func decoded(_ text: String) -> String {
        String(decoding: Data(base64Encoded: text) ?? Data(), as: UTF8.self)
    }
}
