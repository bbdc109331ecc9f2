#if os(Linux)
    import CShims
    import Essentials
    import HTTPWire
    import Synchronization
    import TLS

    /// One event loop of the proxy: its clients, its upstream connections, its clock. Everything of a request happens on
    /// the thread that calls ``run()``; nothing here is shared but the ``LoopControl``.
    final class ProxyLoop {
        private enum Slot {
            case empty, listener, waker
            case client(Downstream)
            case upstream(Upstream)
        }

        let configuration: ProxyConfiguration
        let router: any ProxyRouter
        private let time: TimeSource
        let wallClock: WallClock
        let control: LoopControl
        /// What is done off the loop goes here.
        let errands: AsyncStream<Errand>.Continuation
        private let listener: Int32

        private var poller: Poller
        private var slots: [Slot] = []
        /// Clients without a socket: streams of HTTP/2. Their tokens have ``streamBit`` set.
        private var streams: [Downstream?] = []
        private var freeStreams: [Int] = []
        private static let streamBit: UInt64 = 0x8000_0000
        let touchedSessions = TouchedSessions()
        private var generation: UInt64 = 0
        private var wheel: DeadlineWheel
        private var due: [UInt64] = []
        /// Clients for which something was done outside of ``serve(_:)``; they are served at the end of the round.
        private var woken: [Downstream] = []
        /// Whom ``serve(_:)`` serves now.
        var current: Downstream?

        let pool = WirePool()
        let encoders = EncoderPool()
        /// The clock, read once per round.
        private(set) var tick: Tick
        /// The same in milliseconds.
        private(set) var now: Int64
        let times: Times
        /// Identities of exchanges that are free, the one used last first, and how many there are.
        var exchangeIDs: [Int] = []
        private var exchangeCount = 0
        var counters = ProxyCounters()
        var endpoints: [EndpointPool] = []
        var groups: [EndpointGroup] = []
        /// What every forwarded request gets: `X-Forwarded-Proto` and `Via`.
        let ownFields: (plain: [UInt8], secure: [UInt8])
        private(set) var isDraining = false
        private var drainDeadline = Int64.max
        /// When a loop without descriptors accepts again.
        private var acceptsAgain = Int64.max

        init(
            _ configuration: ProxyConfiguration, _ router: any ProxyRouter, _ control: LoopControl,
            _ errands: AsyncStream<Errand>.Continuation, listener: Int32, time: TimeSource, wallClock: WallClock
        ) throws {
            self.configuration = configuration
            self.router = router
            self.control = control
            self.errands = errands
            self.times = Times(configuration)
            self.listener = listener
            self.time = time
            self.wallClock = wallClock
            self.tick = time.now
            self.now = self.tick.nanoseconds / 1_000_000
            self.wheel = DeadlineWheel(now: self.now)
            self.poller = try Poller()
            let via = "\r\nVia: 1.1 \(configuration.name)\r\n"
            self.ownFields = (Array("X-Forwarded-Proto: http\(via)".utf8), Array("X-Forwarded-Proto: https\(via)".utf8))
            for (group, endpoints) in configuration.upstreams.enumerated() { self.setEndpoints(endpoints, of: group) }
            let token = self.occupy(listener) { _ in .listener }
            try self.poller.add(listener: listener, token)
            let waker = self.occupy(control.waker) { _ in .waker }
            try self.poller.add(control.waker, waker)
        }

        /// Serves until it is drained.
        func run() {
            while true {
                let count = self.poller.wait(self.wheel.count > 0 ? Int32(DeadlineWheel.granularity) : -1)
                self.tick = self.time.now
                self.now = self.tick.nanoseconds / 1_000_000
                for index in 0..<count { self.dispatch(self.poller[index]) }
                self.expire()
                self.serveWoken()
                self.counters.rounds += 1
                self.control.counters = self.counters
                if self.isDraining, self.counters.openConnections == 0 { break }
            }
            for endpoint in self.endpoints.indices {
                for upstream in self.endpoints[endpoint].idle { self.close(upstream) }
            }
        }

        /// Has `client` served, now if it is being served, otherwise at the end of the round.
        func wake(_ client: Downstream) {
            if self.current !== client { self.woken.append(client) }
        }

        private func serveWoken() {
            while true {
                while let client = self.woken.popLast() { self.serve(client) }
                guard let token = self.touchedSessions.tokens.popLast() else { return }
                if let client = self.client(token) { self.flush(session: client) }
            }
        }

        private func dispatch(_ event: Poller.Event) {
            let index = Int(event.token & 0xFFFF_FFFF)
            guard index < self.slots.count else { return }
            switch self.slots[index] {
            case .empty: break
            case .listener: self.accept()
            case .waker: self.listen()
            case .client(let client):
                guard client.token == event.token else { return }
                client.stream.note(event)
                if event.isFailed, client.waitsForOthers { return self.abort(client, .clientLeft) }
                if event.isWritable, case .exchange = client.phase { self.limitExchange(client) }
                self.serve(client)
            case .upstream(let upstream):
                guard upstream.token == event.token else { return }
                upstream.stream.note(event)
                self.serve(upstream)
            }
        }

        // MARK: Slots

        private func occupy(_ descriptor: Int32, _ slot: (UInt64) -> Slot) -> UInt64 {
            let index = Int(descriptor)
            while self.slots.count <= index { self.slots.append(.empty) }
            self.generation = (self.generation + 1) & 0xFFFF_FFFF
            let token = self.generation << 32 | UInt64(index)
            self.slots[index] = slot(token)
            return token
        }

        /// Forgets a socket; call it before the socket is closed.
        private func vacate(_ token: UInt64) {
            if token & Self.streamBit == 0 {
                self.slots[Int(token & 0xFFFF_FFFF)] = .empty
            } else {
                let index = Int(token & (Self.streamBit - 1))
                self.streams[index] = nil
                self.freeStreams.append(index)
            }
        }

        /// A stream of HTTP/2 has begun.
        func open(_ id: Int32, _ session: Session, of parent: Downstream) -> Downstream {
            self.openStream(
                StreamOfSession(id, session), peer: parent.exchange.peer, isSecure: parent.exchange.isSecure,
                parent: parent)
        }

        /// A client without a socket.
        func openStream(
            _ layer: any StreamLayer, peer: [UInt8], isSecure: Bool, parent: Downstream? = nil
        ) -> Downstream {
            let index = self.freeStreams.popLast() ?? self.streams.count
            if index == self.streams.count { self.streams.append(nil) }
            self.generation = (self.generation + 1) & 0xFFFF_FFFF
            let client = Downstream(
                self.generation << 32 | Self.streamBit | UInt64(index), Stream(-1, self.pool, layer),
                self.configuration.limits, peer: peer, isSecure: isSecure, parent: parent)
            client.stream.isReadable = true
            self.streams[index] = client
            self.limit(client, until: self.now + self.times.header)
            return client
        }

        /// More connections than that wait for the next round.
        private static let acceptedAtOnce = 64

        /// - Returns: how many connections came.
        @discardableResult
        private func accept() -> Int {
            var peer = mainstay_peer()
            for count in 0..<Self.acceptedAtOnce {
                let descriptor = mainstay_accept(self.listener, &peer)
                guard descriptor >= 0 else {
                    if mainstay_is_out_of_descriptors() != 0 { self.pauseAccepting() }
                    return count
                }
                guard self.counters.openConnections < self.configuration.connections else {
                    self.counters.rejectedConnections += 1
                    mainstay_close(descriptor)
                    continue
                }
                let address = withUnsafeBytes(of: &peer.text) { Array($0.prefix(Int(peer.length))) }
                var client: Downstream?
                let token = self.occupy(descriptor) { token in
                    let layer = self.configuration.tls.map { TLSLayer($0.accept(), self.pool) }
                    let made = Downstream(
                        token, Stream(descriptor, self.pool, layer), self.configuration.limits, peer: address,
                        isSecure: layer != nil)
                    client = made
                    return .client(made)
                }
                guard let client else { return count }
                self.counters.connections += 1
                self.counters.openConnections += 1
                do {
                    try self.poller.add(descriptor, token)
                    self.limit(client, until: self.now + self.times.header)
                } catch {
                    self.close(client)
                }
            }
            return Self.acceptedAtOnce
        }

        /// No descriptor is left: connections wait in the kernel for a while, instead of waking the loop again and again.
        private func pauseAccepting() {
            self.poller.remove(self.listener)
            self.acceptsAgain = self.now + 250
            self.wheel.schedule(0, at: self.acceptsAgain)
        }

        private func resumeAccepting() {
            self.acceptsAgain = .max
            guard !self.isDraining else { return }
            let token = self.occupy(self.listener) { _ in .listener }
            do { try self.poller.add(listener: self.listener, token) } catch { self.pauseAccepting() }
        }

        /// A new connection to an endpoint, not yet made; nil when there is none to be had.
        func connect(_ endpoint: Int, for client: Downstream) -> Upstream? {
            let target = self.endpoints[endpoint].endpoint
            let descriptor = mainstay_connect(target.address, target.port)
            guard descriptor >= 0 else { return nil }
            var made: Upstream?
            let token = self.occupy(descriptor) { token in
                let upstream = Upstream(token, descriptor, endpoint, self.pool, self.configuration.limits)
                made = upstream
                return .upstream(upstream)
            }
            guard let upstream = made else { return nil }
            upstream.client = client
            self.endpoints[endpoint].count += 1
            self.counters.upstreamConnections += 1
            do {
                try self.poller.add(descriptor, token)
            } catch {
                self.close(upstream)
                return nil
            }
            return upstream
        }

        /// Gives a client up, and what is under way for it.
        func close(_ client: Downstream) {
            if case .closed = client.phase { return }
            if case .tunnel = client.phase { self.report(client, .tunnel) } else { self.report(client, .clientLeft) }
            self.endErrand(client)
            client.collected = nil
            self.closeStreams(client)
            client.phase = .closed
            client.session = nil
            if client.parent == nil, !client.exchange.isInternal { self.counters.openConnections -= 1 }
            self.vacate(client.token)
            client.stream.close()
            if let upstream = client.upstream { self.close(upstream) }
        }

        /// Gives an upstream connection up; a client of it is left to the caller.
        func close(_ upstream: Upstream) {
            switch upstream.phase {
            case .closed: return
            case .idle: self.endpoints[upstream.endpoint].idle.removeAll { $0 === upstream }
            case .connecting, .busy, .tunnel: break
            }
            upstream.phase = .closed
            upstream.encoder = nil
            self.endpoints[upstream.endpoint].count -= 1
            self.vacate(upstream.token)
            upstream.stream.close()
            upstream.client?.upstream = nil
            upstream.client = nil
            self.serveWaiting(upstream.endpoint)
        }

        // MARK: Time

        func limit(_ client: Downstream, until deadline: Int64) {
            client.deadline = deadline
            if deadline < client.scheduled {
                client.scheduled = deadline
                self.wheel.schedule(client.token, at: deadline)
            }
        }

        func limit(_ upstream: Upstream, until deadline: Int64) {
            upstream.deadline = deadline
            if deadline < upstream.scheduled {
                upstream.scheduled = deadline
                self.wheel.schedule(upstream.token, at: deadline)
            }
        }

        private func expire() {
            self.wheel.advance(to: self.now, &self.due)
            if !self.due.isEmpty {
                for token in self.due { self.expire(token) }
                self.due.removeAll(keepingCapacity: true)
            }
            if self.now >= self.acceptsAgain { self.resumeAccepting() }
            if self.isDraining, self.now >= self.drainDeadline {
                for slot in self.slots { if case .client(let client) = slot { self.close(client) } }
            }
        }

        /// A name came up: its deadline may have passed, or moved.
        private func expire(_ token: UInt64) {
            switch self.slot(token) {
            case .empty, .listener, .waker: break
            case .client(let client):
                guard client.token == token, client.scheduled <= self.now else { return }
                client.scheduled = .max
                if client.deadline <= self.now { return self.timeOut(client) }
                // Who is suspended waits for others, who have limits of their own.
                guard client.deadline < .max else { return }
                client.scheduled = client.deadline
                self.wheel.schedule(token, at: client.deadline)
            case .upstream(let upstream):
                guard upstream.token == token, upstream.scheduled <= self.now else { return }
                upstream.scheduled = .max
                guard case .idle = upstream.phase else { return }
                if upstream.deadline <= self.now { return self.close(upstream) }
                upstream.scheduled = upstream.deadline
                self.wheel.schedule(token, at: upstream.deadline)
            }
        }

        // MARK: Orders

        /// Another thread has said something.
        private func listen() {
            let orders = self.control.takeOrders()
            self.adoptEndpoints(orders.endpoints)
            for found in orders.returns { self.comeBack(found) }
            for request in orders.requests { self.ask(request, for: Array("127.0.0.1".utf8)) }
            if let limit = orders.drain, !self.isDraining { self.beginDraining(within: limit) }
        }

        /// Accepts who has come, then nobody; lets those go who have nothing under way.
        private func beginDraining(within limit: Duration) {
            while self.accept() == Self.acceptedAtOnce {}
            self.isDraining = true
            self.drainDeadline = self.now + limit.milliseconds
            self.wheel.schedule(0, at: self.drainDeadline)
            self.poller.remove(self.listener)
            self.vacate(UInt64(self.listener))
            mainstay_stop_listening(self.listener)
            for slot in self.slots {
                guard case .client(let client) = slot else { continue }
                if case .session = client.phase { self.drain(session: client) }
                guard case .idle = client.phase else { continue }
                // What it has sent may not have been heard of yet.
                client.stream.isReadable = true
                self.serve(client)
                guard case .idle = client.phase else { continue }
                // Who has just come is about to ask.
                if client.isFresh { self.limit(client, until: self.now + 1_000) } else { self.close(client) }
            }
        }

        private func slot(_ token: UInt64) -> Slot {
            let index = Int(token & (Self.streamBit - 1))
            if token & Self.streamBit != 0 { return self.streams[index].map { .client($0) } ?? .empty }
            return index < self.slots.count ? self.slots[index] : .empty
        }

        /// The client of that name, if it is there.
        func client(_ token: UInt64) -> Downstream? {
            guard case .client(let client) = self.slot(token), client.token == token else { return nil }
            return client
        }

        func newExchangeID() -> Int {
            self.exchangeCount += 1
            return self.exchangeCount - 1
        }
    }
#endif
