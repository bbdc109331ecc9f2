#if os(Linux)
    import CShims
    public import Essentials
    import Synchronization

    /// A reverse proxy for HTTP/1.1 on event loops of its own.
    ///
    /// ```swift
    /// let server = try ProxyServer(configuration, router: PrefixRouter([("/", 0)]))
    /// try await server.run()      // until drain(within:) was called and the last client has gone
    /// ```
    public final class ProxyServer: Sendable {
        /// Where it listens, with the port that the system chose.
        public let endpoint: Endpoint
        private let configuration: ProxyConfiguration
        private let makeRouter: @Sendable () -> any ProxyRouter
        private let time: TimeSource
        private let wallClock: WallClock
        private let listener: Int32
        private let controls: [LoopControl]

        /// Binds the port. Clients can connect from now on; they are served while ``run()`` runs.
        /// - Parameter router: called once by each loop, on its thread.
        /// - Throws: ``ProxyConfigurationError`` with everything that is wrong, ``SocketError``.
        public init(
            _ configuration: ProxyConfiguration, time: TimeSource = .system, wallClock: WallClock = .system,
            router: @escaping @Sendable () -> any ProxyRouter
        ) throws {
            let problems = configuration.problems
            guard problems.isEmpty else { throw ProxyConfigurationError(problems: problems) }
            self.configuration = configuration
            self.makeRouter = router
            self.time = time
            self.wallClock = wallClock
            self.controls = try (0..<configuration.loops).map { _ in try LoopControl() }
            var port = configuration.listen.port
            self.listener = mainstay_listen(configuration.listen.address, &port, 4_096)
            guard self.listener >= 0 else { throw SocketError.current("listen on \(configuration.listen)") }
            self.endpoint = Endpoint(configuration.listen.address, port)
        }

        /// One router, which keeps nothing, for all loops.
        /// - Throws: as the other initialiser.
        public convenience init(
            _ configuration: ProxyConfiguration, router: some ProxyRouter & Sendable, time: TimeSource = .system,
            wallClock: WallClock = .system
        ) throws {
            try self.init(configuration, time: time, wallClock: wallClock) { router }
        }

        deinit { mainstay_close(self.listener) }

        /// Serves until it was drained.
        /// - Throws: ``SocketError`` when a loop cannot start.
        public func run() async throws {
            let (errands, order) = AsyncStream.makeStream(of: Errand.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withDiscardingTaskGroup { group in
                        for await errand in errands { group.addTask { await errand.run() } }
                    }
                }
                defer { order.finish() }
                try await self.runLoops(order)
            }
        }

        private func runLoops(_ errands: AsyncStream<Errand>.Continuation) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, control) in self.controls.enumerated() {
                    let thread = DedicatedThread(name: "mainstay-http-\(index)")
                    let (configuration, makeRouter, time, wallClock, listener) =
                        (self.configuration, self.makeRouter, self.time, self.wallClock, self.listener)
                    group.addTask {
                        try await thread.run {
                            let loop = try ProxyLoop(
                                configuration, makeRouter(), control, errands, listener: listener, time: time,
                                wallClock: wallClock)
                            loop.run()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        /// Gives a group other endpoints, soon; also one that was not there at the start. Requests under way finish where they
        /// are.
        public func setEndpoints(_ endpoints: [Endpoint], of group: Int) {
            precondition(group >= 0, "groups count from 0")
            for control in self.controls { control.setEndpoints(endpoints, of: group) }
        }

        /// Has requests made without a client, soon, as ``ProxyExchange/background``; the router hears how they end.
        public func ask(_ requests: [[UInt8]]) {
            for (number, control) in self.controls.enumerated() {
                let part = stride(from: number, to: requests.count, by: self.controls.count).map { requests[$0] }
                if !part.isEmpty { control.order { $0.requests += part } }
            }
        }

        /// Stops accepting, closes idle connections, and lets requests under way finish.
        /// - Parameter limit: when connections that are still open are closed.
        public func drain(within limit: Duration) {
            for control in self.controls { control.order { $0.drain = limit } }
        }

        /// What all loops have done so far, as of their last rounds.
        public var counters: ProxyCounters { self.controls.reduce(ProxyCounters()) { $0 + $1.counters } }
    }
#endif
