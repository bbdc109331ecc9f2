#if os(Linux)
    public import Essentials
    public import HTTPTransport

    /// An HTTP cache in front of an origin, on event loops of its own.
    ///
    /// ```swift
    /// var configuration = EdgeConfiguration(role: .edge)
    /// configuration.origins = [Endpoint("127.0.0.1", 9000)]
    /// let edge = try EdgeCache(configuration)
    /// try await edge.run()      // until drain(within:) was called
    /// ```
    public final class EdgeCache: Sendable {
        private let server: ProxyServer
        private let store: EdgeStore
        private let admin: EdgeAdmin

        /// Binds the port.
        /// - Throws: ``ProxyConfigurationError`` with everything that is wrong, ``SocketError``.
        public init(
            _ configuration: EdgeConfiguration, wallClock: WallClock = .system, time: TimeSource = .system
        ) throws {
            let problems = configuration.problems
            guard problems.isEmpty else { throw ProxyConfigurationError(problems: problems) }
            var proxy = ProxyConfiguration()
            proxy.listen = configuration.listen
            proxy.loops = configuration.loops
            proxy.upstreams = [configuration.origins]
            proxy.name = configuration.cacheName
            proxy.upstreamConnections = 2_048
            proxy.waitingRequests = 8_192
            proxy.suspendedRequests = 32_768
            let store = EdgeStore(configuration, time: time)
            let admin = EdgeAdmin(configuration, store)
            self.store = store
            self.admin = admin
            self.server = try ProxyServer(proxy, time: time, wallClock: wallClock) {
                EdgeRouter(configuration, store, admin, wallClock)
            }
        }

        /// Where it listens, with the port that the system chose.
        public var endpoint: Endpoint { self.server.endpoint }
        public var counters: ProxyCounters { self.server.counters }
        /// Stored targets, and the bytes of memory that they are counted with.
        public var size: (targets: Int, bytes: Int) { (self.store.count, self.store.weight) }

        /// Serves until it was drained.
        /// - Throws: ``SocketError`` when a loop cannot start.
        public func run() async throws { try await self.server.run() }

        /// Stops accepting, and finishes what has been accepted.
        public func drain(within limit: Duration) { self.server.drain(within: limit) }

        /// Forgets, on each tier that the order is for. When this returns, nothing is served any more that was asked for before.
        /// - Throws: what the functions of the configuration throw; this tier has forgotten all the same.
        public func purge(_ order: PurgeOrder) async throws { try await self.admin.purge(order) }

        /// Asks the origin for targets, so that their answers are there when clients ask.
        /// - Parameters:
        ///   - targets: in origin form.
        ///   - authority: as clients write it in `Host`.
        public func warm(_ targets: [String], authority: String) {
            self.server.ask(
                targets.map { Array("GET \($0) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n".utf8) })
        }
    }
#endif
