public import Chassis
public import Essentials
import Foundation
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// Serves a ``ServiceHandler`` over HTTP/1.1 on one port until shut down, then finishes what it has accepted.
public struct HTTPHost: ServiceLifecycle.Service {
    public struct Configuration: Sendable {
        /// The address to listen on. Default: loopback.
        public var host = "127.0.0.1"
        /// The port; 0 takes a free one.
        public var port: Int
        /// The largest body that is read. Default: 10 MiB.
        public var maximumBody = ByteCount.mebibytes(10)
        /// How long a connection may be idle before it is closed. Default: 75 seconds.
        public var idleTimeout = Duration.seconds(75)

        public init(port: Int) {
            self.port = port
        }
    }

    private let configuration: Configuration
    private let handler: ServiceHandler
    private let logger: Logger
    private let onReady: @Sendable (Int) async -> Void

    /// - Parameter onReady: called with the port when connections are accepted.
    public init(
        _ configuration: Configuration, handler: @escaping ServiceHandler, logger: Logger,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in },
    ) {
        self.configuration = configuration
        self.handler = handler
        self.logger = logger
        self.onReady = onReady
    }

    public func run() async throws {
        var quiet = self.logger
        quiet.logLevel = .error
        let application = Application(
            responder: CallbackResponder<PeerContext> { try await self.respond(to: $0, from: $1) },
            server: .http1(configuration: .init(idleTimeout: .nanoseconds(self.configuration.idleTimeout.nanoseconds))),
            configuration: .init(
                address: .hostname(self.configuration.host, port: self.configuration.port), serverName: nil,
                backlog: 1_024),
            onServerRunning: { await self.onReady($0.localAddress?.port ?? self.configuration.port) },
            logger: quiet)
        do {
            try await application.runService(gracefulShutdownSignals: [])
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw PortInUse(host: self.configuration.host, port: self.configuration.port)
        }
    }

    /// Somebody else listens where the host wanted to.
    public struct PortInUse: Error, Hashable, Sendable, CustomStringConvertible {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        public var description: String { "the port \(self.port) on \(self.host) is in use" }
    }

    private func respond(to request: Request, from context: PeerContext) async throws -> Response {
        let body: [UInt8]
        do throws(Problem) {
            body = try await self.body(of: request)
        } catch {
            return Self.response(error.response(), to: request.method)
        }
        let asked = ServiceRequest(request.head, body: body, peer: context.peer)
        do {
            return Self.response(try await self.handler(asked), to: request.method)
        } catch {
            let problem = Problem(.unavailable, "the service is shutting down", retryAfter: .seconds(1))
            return Self.response(problem.response(), to: request.method)
        }
    }

    private func body(of request: Request) async throws(Problem) -> [UInt8] {
        let limit = self.configuration.maximumBody
        var body: [UInt8] = []
        var length = 0
        do {
            for try await buffer in request.body {
                length += buffer.readableBytes
                // A client that is still sending would not see an answer: what is too much is read on and thrown away,
                // up to a bound of its own.
                if length > limit.bytes { body = [] } else { body += buffer.readableBytesView }
                if length > 4 * limit.bytes { throw Self.tooLarge(limit) }
            }
            if length > limit.bytes { throw Self.tooLarge(limit) }
            return body
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.malformedBody, "the body did not arrive whole")
        }
    }

    private static func tooLarge(_ limit: ByteCount) -> Problem {
        Problem(
            .bodyTooLarge, "a body may have at most \(limit)", details: ["limit": .integer(limit.bytes)],
        )
    }

    private static func response(_ response: ServiceResponse, to method: HTTPRequest.Method) -> Response {
        if method == .head {
            let head = response.withoutBody.head
            return Response(status: head.status, headers: head.headerFields, body: .init())
        }
        var headers = response.head.headerFields
        headers[.contentLength] = nil
        return Response(
            status: response.head.status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: response.body)))
    }
}

/// What the server knows of a request's connection.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address at the other end, without port.
    let peer: String?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.peer = source.channel.remoteAddress?.ipAddress
    }
}
