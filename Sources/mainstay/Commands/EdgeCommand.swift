import ArgumentParser
import AsyncHTTPClient
import EdgeCaching
import Essentials
import Foundation
import HTTPCaching
import HTTPTransport
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import UnixSignals

#if os(Linux)
    /// `mainstay edge`: an HTTP cache in front of an origin.
    struct EdgeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edge", abstract: "Starts an HTTP cache in front of an origin, as edge or shield.")

        enum Role: String, ExpressibleByArgument, CaseIterable { case edge, shield }

        @Option(help: "edge: what clients talk to; shield: what edges ask.")
        var role = Role.edge

        @Option(help: "Where misses go: http://ADDRESS:PORT. Several are taken in turn.")
        var origin: [String]

        @Option(help: "The address to listen on.")
        var host = "127.0.0.1"

        @Option(help: "The port; 0 takes a free one.")
        var port: UInt16 = 3100

        @Option(help: "Event loops, each on a thread of its own.")
        var loops = 1

        @Option(help: "MiB of memory for stored answers.")
        var memory = 256

        @Option(help: "MiB of content that a stored answer may have; larger ones pass through.")
        var largest = 16

        @Option(help: "Seconds for which a 200 that says nothing about it counts as fresh. Default: none")
        var defaultLifetime: Int?

        @Flag(help: "Ignore Cache-Control of clients, but for only-if-cached.")
        var ignoreClients = false

        @Option(help: "A file with the token that purging needs, at least 16 bytes. Default: purging is off")
        var tokenFile: String?

        @Option(help: "The tier behind this one, to be told of purges first: http://ADDRESS:PORT.")
        var purgeBehind: String?

        @Option(help: "Tiers in front of this one, to be told of purges.")
        var purgeInFront: [String] = []

        func run() async throws {
            let configuration = try self.settings()
            let edge: EdgeCache
            do {
                edge = try EdgeCache(configuration)
            } catch let error as ProxyConfigurationError {
                throw CommandFailure.usage(error.description)
            } catch {
                throw CommandFailure.environment("\(error)")
            }
            Terminal.line("ready http://\(edge.endpoint)")
            var logger = Logger(label: "lifecycle", factory: { StreamLogHandler.standardError(label: $0) })
            logger.logLevel = .critical
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: EdgeHost(edge: edge))], gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger))
            try await group.run()
        }

        private func settings() throws -> EdgeConfiguration {
            var configuration = EdgeConfiguration(role: self.role == .edge ? .edge : .shield)
            configuration.listen = Endpoint(self.host == "localhost" ? "127.0.0.1" : self.host, self.port)
            configuration.origins = try self.origin.map(Self.endpoint)
            configuration.loops = self.loops
            configuration.memory = .mebibytes(self.memory)
            configuration.largestAnswer = .mebibytes(self.largest)
            configuration.policy.defaultLifetime = self.defaultLifetime.map { .seconds($0) }
            configuration.policy.obeysClients = !self.ignoreClients
            guard let tokenFile else {
                guard self.purgeBehind == nil, self.purgeInFront.isEmpty else {
                    throw CommandFailure.usage("--purge-behind and --purge-in-front need --token-file")
                }
                return configuration
            }
            guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8) else {
                throw CommandFailure.environment("the token file \(tokenFile) cannot be read")
            }
            let token = Redacted(text.trimmingCharacters(in: .whitespacesAndNewlines))
            configuration.token = token
            if let purgeBehind = self.purgeBehind {
                let relay = PurgeRelay(tiers: [try Self.endpoint(purgeBehind)], token: token)
                configuration.purgeBehind = { try await relay.tell($0) }
            }
            if !self.purgeInFront.isEmpty {
                let relay = PurgeRelay(tiers: try self.purgeInFront.map(Self.endpoint), token: token)
                configuration.purgeInFront = { try await relay.tell($0) }
            }
            return configuration
        }

        /// The server that a URL of an origin names.
        private static func endpoint(_ url: String) throws -> Endpoint {
            var rest = url[...]
            if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            guard let endpoint = Endpoint(String(rest)), endpoint.isNumeric else {
                throw CommandFailure.usage("\(url) is not http://ADDRESS:PORT with a numeric address")
            }
            return endpoint
        }
    }

    /// An edge as a service of this process.
    private struct EdgeHost: ServiceLifecycle.Service {
        let edge: EdgeCache

        func run() async throws {
            try await withGracefulShutdownHandler {
                try await self.edge.run()
            } onGracefulShutdown: {
                self.edge.drain(within: .seconds(10))
            }
        }
    }

    /// Tells other tiers what is purged, all at once.
    private struct PurgeRelay {
        struct Refused: Error, CustomStringConvertible {
            var tier: Endpoint
            var status: UInt
            var description: String { "\(self.tier) answered \(self.status)" }
        }

        let tiers: [Endpoint]
        let token: Redacted<String>

        func tell(_ order: PurgeOrder) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for tier in self.tiers { group.addTask { try await self.tell(order, tier) } }
                try await group.waitForAll()
            }
        }

        private func tell(_ order: PurgeOrder, _ tier: Endpoint) async throws {
            var request = HTTPClientRequest(url: "http://\(tier)/_mainstay/purge")
            request.method = .POST
            request.headers.add(name: "Authorization", value: "Bearer \(self.token.exposed)")
            request.body = .bytes(ByteBuffer(bytes: order.json))
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            guard answer.status == .noContent else { throw Refused(tier: tier, status: answer.status.code) }
        }
    }
#endif
