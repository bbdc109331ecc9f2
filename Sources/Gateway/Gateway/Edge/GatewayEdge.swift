#if os(Linux)
    public import Chassis
    import Essentials
    public import HTTPTransport
    import HTTPWire
    import LoadBalancing
    import Synchronization
    public import TLS

    /// A gateway served by event loops: requests and answers are forwarded as bytes, and decided about as
    /// ``GatewayService`` does.
    public final class GatewayEdge: Sendable {
        public struct Configuration: Sendable {
            /// Where it listens.
            public var listen: Endpoint
            /// Event loops, each on a thread of its own. Default: 1.
            public var loops = 1
            /// Nil: none. Default: nil.
            public var accessLog: AccessLog?
            /// What clients must speak TLS with; it may be reloaded while the gateway runs. Nil: they speak in the clear.
            public var tls: TLSServer?

            public init(listen: Endpoint) {
                self.listen = listen
            }
        }

        /// The largest body of a route that says nothing else: 10 MiB.
        static let bodyLimit = Int64(ByteCount.mebibytes(10).bytes)
        /// The largest body of any route: 1 TiB.
        static let largestBody: Int64 = 1 << 40

        public let metrics: EdgeMetrics
        private let server: ProxyServer
        private let upstreams: Upstreams
        private let addresses: EdgeAddresses
        private let board: HostBoard
        private let log: AccessLog?

        /// Binds the port.
        /// - Throws: ``SocketError``, ``ProxyConfigurationError``.
        public init(_ service: GatewayService, _ configuration: Configuration) throws {
            let parts = service.parts
            let upstreams = parts.upstreams
            let metrics = parts.metrics
            let addresses = EdgeAddresses()
            var proxy = ProxyConfiguration()
            proxy.listen = configuration.listen
            proxy.loops = configuration.loops
            proxy.tls = configuration.tls
            proxy.upstreams = Array(repeating: [], count: upstreams.services.count)
            proxy.limits.body = Self.largestBody
            let log = configuration.accessLog
            self.upstreams = upstreams
            self.metrics = metrics
            self.addresses = addresses
            self.board = parts.board
            self.log = log
            self.server = try ProxyServer(
                proxy, time: parts.environment.time, wallClock: parts.environment.wallClock
            ) { GatewayRouter(parts, addresses, log: log, metrics: metrics) }
            let (server, board) = (self.server, parts.board)
            board.observe { service, hosts in
                guard let group = upstreams.group(of: ServiceName(rawValue: service)) else { return }
                Self.use(hosts.map(\.name), group, addresses, server)
            }
        }

        /// Where it listens.
        public var endpoint: Endpoint { self.server.endpoint }
        public var counters: ProxyCounters { self.server.counters }

        /// Serves until it was drained.
        public func run() async throws {
            try await self.server.run()
            self.log?.flush()
        }

        /// Stops accepting, and finishes what has been accepted.
        public func drain(within limit: Duration) { self.server.drain(within: limit) }

        /// Says where a service listens that has no hosts of its own. A host that is a name and not an address is called by
        /// the handler's transport.
        /// - Parameter address: `host:port`.
        public func setAddress(_ address: String, of service: ServiceName) {
            guard let group = self.upstreams.group(of: service), self.board.groups[service.rawValue] == nil else {
                return
            }
            Self.use([address], group, self.addresses, self.server)
        }

        private static func use(
            _ hosts: [String], _ group: Int, _ addresses: EdgeAddresses, _ server: ProxyServer
        ) {
            let endpoints = hosts.compactMap { Endpoint($0) }
            let areNumeric = endpoints.count == hosts.count && endpoints.allSatisfy(\.isNumeric)
            server.setEndpoints(areNumeric ? endpoints : [], of: group)
            addresses.set(areNumeric, group)
        }
    }

    /// Which services are known by a numeric address, so that the loops can connect to them.
    final class EdgeAddresses: Sendable {
        /// By group; what is missing is numeric.
        private let known = Mutex<[Bool]>([])

        /// Also true while no address is known.
        func isNumeric(_ group: Int) -> Bool { self.known.withLock { group >= $0.count || $0[group] } }

        func set(_ isNumeric: Bool, _ group: Int) {
            self.known.withLock { known in
                while known.count <= group { known.append(true) }
                known[group] = isNumeric
            }
        }
    }
#endif
