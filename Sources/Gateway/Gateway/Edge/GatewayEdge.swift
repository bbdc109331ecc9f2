#if os(Linux)
    public import Chassis
    import Essentials
    public import HTTPTransport
    import HTTPWire
    import Synchronization

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

            public init(listen: Endpoint) {
                self.listen = listen
            }
        }

        /// The largest body that is taken: 10 MiB.
        static let bodyLimit = Int64(ByteCount.mebibytes(10).bytes)

        public let metrics: EdgeMetrics
        private let server: ProxyServer
        private let services: [ServiceName]
        private let addresses: EdgeAddresses
        private let log: AccessLog?

        /// Binds the port.
        /// - Throws: ``SocketError``, ``ProxyConfigurationError``.
        public init(_ service: GatewayService, _ configuration: Configuration) throws {
            let parts = service.parts
            let services = parts.upstreams.services
            let metrics = EdgeMetrics(services: services.map(\.rawValue))
            let addresses = EdgeAddresses(count: services.count)
            var proxy = ProxyConfiguration()
            proxy.listen = configuration.listen
            proxy.loops = configuration.loops
            proxy.upstreams = Array(repeating: [], count: services.count)
            proxy.limits.body = Self.bodyLimit
            let log = configuration.accessLog
            self.services = services
            self.metrics = metrics
            self.addresses = addresses
            self.log = log
            self.server = try ProxyServer(
                proxy, time: parts.environment.time, wallClock: parts.environment.wallClock
            ) { GatewayRouter(parts, addresses, log: log, metrics: metrics) }
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

        /// Says where a service listens. A host that is a name and not an address is called by the handler's transport.
        /// - Parameter address: `host:port`.
        public func setAddress(_ address: String, of service: ServiceName) {
            self.setAddresses([address], of: service)
        }

        /// Says where the hosts of a service listen; requests go to them in turn.
        /// - Parameter addresses: each `host:port`.
        public func setAddresses(_ addresses: [String], of service: ServiceName) {
            let endpoints = addresses.compactMap { Endpoint($0) }
            guard let group = self.services.firstIndex(of: service), !endpoints.isEmpty else { return }
            let areNumeric = endpoints.allSatisfy(\.isNumeric)
            self.addresses.set(areNumeric, group)
            self.server.setEndpoints(areNumeric ? endpoints : [], of: group)
        }
    }

    /// Which services are known by a numeric address, so that the loops can connect to them.
    final class EdgeAddresses: Sendable {
        private let known: Mutex<[Bool?]>

        init(count: Int) {
            self.known = Mutex(Array(repeating: nil, count: count))
        }

        /// Also true while no address is known.
        func isNumeric(_ group: Int) -> Bool { self.known.withLock { $0[group] ?? true } }

        func set(_ isNumeric: Bool, _ group: Int) { self.known.withLock { $0[group] = isNumeric } }
    }
#endif
