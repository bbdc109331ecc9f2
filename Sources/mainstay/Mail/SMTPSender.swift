import Essentials
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Notifications

/// Sends e-mail through a relay by SMTP: in the clear for a relay in the same private network, through TLS from the first
/// byte (RFC 8314) or from STARTTLS on (RFC 3207), with a log-in (RFC 4954) where the relay wants one. Other channels go to
/// `others`.
struct SMTPSender: NotificationSender {
    /// How the connection is protected.
    enum Security {
        /// Not at all. There is no log-in then.
        case none
        /// After STARTTLS. Nothing but the greeting goes out before, and no mail to a relay that does not offer it.
        case startTLS(NIOSSLContext)
        /// From the first byte on.
        case tls(NIOSSLContext)
    }

    /// Who logs in.
    struct Credentials {
        var user: String
        var password: Redacted<String>
    }

    let host: String
    let port: Int
    let security: Security
    let credentials: Credentials?
    /// The envelope's and the header's sender.
    let from: String
    let others: any NotificationSender

    /// - Throws: ``SMTPFailure`` for credentials on a connection that is not protected.
    init(
        host: String, port: Int, security: Security, credentials: Credentials?, from: String,
        others: any NotificationSender,
    ) throws {
        if credentials != nil, case .none = security { throw SMTPFailure.credentialsInTheClear }
        self.host = host
        self.port = port
        self.security = security
        self.credentials = credentials
        self.from = from
        self.others = others
    }

    func send(_ message: OutgoingMessage) async throws -> String {
        guard message.channel == "email" else { return try await self.others.send(message) }
        do {
            let (channel, handshake) = try await self.connect()
            return try await channel.executeThenClose { inbound, outbound in
                try await handshake?.get()
                var conversation = SMTPConversation(inbound.makeAsyncIterator(), outbound)
                try await conversation.greet()
                if case .startTLS(let context) = self.security {
                    try await conversation.agreeOnTLS()
                    try await self.protect(channel.channel, context)
                    try await conversation.greetAgain()
                }
                if let credentials { try await conversation.logIn(credentials) }
                return try await conversation.deliver(message, from: self.from)
            }
        } catch let error as NIOSSLError {
            throw SMTPFailure.notProtected("\(error)")
        } catch let error as NIOSSLExtraError {
            throw SMTPFailure.notProtected("\(error)")
        }
    }

    /// - Returns: the connection, and when TLS stands on one that begins with it.
    private func connect() async throws -> (NIOAsyncChannel<ByteBuffer, ByteBuffer>, EventLoopFuture<Void>?) {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: self.host, port: self.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handshake: EventLoopFuture<Void>? =
                        if case .tls(let context) = self.security { try self.addTLS(to: channel, context) } else { nil }
                    return (try NIOAsyncChannel(wrappingChannelSynchronously: channel), handshake)
                }
            }
    }

    /// Puts TLS between the socket and the conversation, and returns when it stands.
    private func protect(_ channel: any Channel, _ context: NIOSSLContext) async throws {
        try await channel.eventLoop.flatSubmit {
            channel.eventLoop.makeCompletedFuture { try self.addTLS(to: channel, context) }.flatMap { $0 }
        }.get()
    }

    /// The certificate must be of a trusted root and name the host; for an address, the address.
    private func addTLS(to channel: any Channel, _ context: NIOSSLContext) throws -> EventLoopFuture<Void> {
        let isAddress = (try? SocketAddress(ipAddress: self.host, port: self.port)) != nil
        let client = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : self.host)
        let promise = channel.eventLoop.makePromise(of: Void.self)
        try channel.pipeline.syncOperations.addHandlers([client, HandshakeWatcher(promise)], position: .first)
        return promise.futureResult
    }

    /// What every protected connection asks for: TLS 1.2 at least, and a certificate that is verified.
    /// - Parameter trust: a PEM file with the roots that are trusted; nil for those of the system.
    static func context(trusting trust: String?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if let trust { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(trust)) }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Says when TLS stands, or why it never will.
private final class HandshakeWatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>

    init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { self.promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.promise.fail(error)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.promise.fail(SMTPFailure.hungUp)
    }
}

/// Why a mail was not handed over. None of it holds a secret.
enum SMTPFailure: Error, Hashable, CustomStringConvertible {
    /// The relay answered something else than what was due.
    case refused(command: String, reply: String)
    case hungUp
    /// There is no TLS on this connection: nothing was sent.
    case notProtected(String)
    /// The relay offers no way to log in that is spoken here.
    case noCommonLogin(offered: [String])
    case credentialsInTheClear

    var description: String {
        switch self {
        case .refused(let command, let reply): "the mail relay answered \(command) with \(reply)"
        case .hungUp: "the mail relay hung up"
        case .notProtected(let reason): "the connection to the mail relay cannot be protected: \(reason)"
        case .noCommonLogin(let offered): "the mail relay offers the log-ins \(offered), and neither PLAIN nor LOGIN"
        case .credentialsInTheClear: "a password is not sent over a connection without TLS"
        }
    }
}
