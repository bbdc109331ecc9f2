#if os(Linux)
    import Essentials
    import HTTPWire

    /// From the first byte of a request to a connection for it.
    extension ProxyLoop {
        /// Does what can be done for a client now: called when its socket or that of its upstream has changed.
        func serve(_ client: Downstream) {
            let outer = self.current
            self.current = client
            defer { self.current = outer }
            while true {
                client.isStarted = false
                switch client.phase {
                case .idle, .head: self.readRequest(client)
                case .waiting, .closed: return
                case .exchange: self.pump(client)
                case .tunnel: self.pumpTunnel(client)
                case .draining: self.finishSending(client)
                case .lingering: self.discard(client)
                }
                if client.isStarted { continue }
                // An exchange that ended here may have another request waiting behind it.
                guard case .idle = client.phase, client.stream.isReadable || !client.stream.inbound.isEmpty,
                    client.stream.outbound.isEmpty
                else { return }
            }
        }

        /// Reads until a head is complete, or nothing more is there.
        private func readRequest(_ client: Downstream) {
            if client.stream.flush() == .failed { return self.close(client) }
            guard client.stream.outbound.count < self.configuration.buffer else { return }
            while true {
                if !client.stream.inbound.isEmpty {
                    do throws(WireError) {
                        let isComplete = try client.stream.inbound.withBytes { bytes throws(WireError) in
                            try client.parser.parse(bytes)
                        }
                        if isComplete { return self.begin(client) }
                    } catch {
                        self.counters.malformed += 1
                        return self.answer(client, .malformed(error.code))
                    }
                    if case .idle = client.phase {
                        client.phase = .head
                        self.limit(client, self.configuration.headerTimeout)
                    }
                }
                guard client.stream.isReadable else { return }
                switch client.stream.receive(2_048) {
                case .moved: continue
                case .blocked: return
                case .ended, .failed: return self.close(client)
                }
            }
        }

        /// A head is complete.
        private func begin(_ client: Downstream) {
            self.counters.requests += 1
            client.isPersistent = client.parser.head.isPersistent && !self.isDraining
            client.isAnswerBegun = false
            client.isRequestMoved = false
            client.holdsHead = true
            client.attempts = 0
            client.body = BodyReader(client.parser.head.framing, limits: self.configuration.limits)
            let decision = client.stream.inbound.withBytes { self.router.route(client.parser.head, $0) }
            switch decision {
            case .refuse(let problem):
                self.counters.problems += 1
                self.answer(client, problem)
            case .forward(let group):
                client.group = group
                client.phase = .waiting
                if client.parser.head.expectsContinue, client.stream.inbound.count == client.parser.head.byteCount {
                    client.stream.outbound.append("HTTP/1.1 100 Continue\r\n\r\n")
                    if client.stream.flush() == .failed { return self.close(client) }
                }
                self.findUpstream(client)
            }
        }

        /// Takes a connection for the request, makes one, or queues for one.
        func findUpstream(_ client: Downstream) {
            client.phase = .waiting
            while client.attempts < self.configuration.attempts {
                client.attempts += 1
                let now = self.now
                let chosen = self.groups[client.group].choose { self.endpoints[$0].failedUntil <= now }
                if let upstream = self.endpoints[chosen].idle.popLast() {
                    return self.beginExchange(client, upstream)
                }
                client.endpoint = chosen
                if self.endpoints[chosen].count >= self.configuration.upstreamConnections {
                    guard self.endpoints[chosen].waitingCount < self.configuration.waitingRequests else {
                        return self.fail(client, .upstreamBusy)
                    }
                    self.endpoints[chosen].wait(client)
                    return self.limit(client, self.configuration.connectTimeout)
                }
                if let upstream = self.connect(chosen, for: client) {
                    client.upstream = upstream
                    return self.limit(client, self.configuration.connectTimeout)
                }
                self.endpoints[chosen].failedUntil = self.now + Self.pause
            }
            self.fail(client, .upstreamUnreachable)
        }

        /// Milliseconds for which an endpoint that refused a connection is passed over.
        private static let pause: Int64 = 1_000

        /// An upstream's socket has changed.
        func serve(_ upstream: Upstream) {
            switch upstream.phase {
            case .closed: break
            case .connecting: self.finishConnecting(upstream)
            case .idle:
                // Its end, or bytes that nobody asked for.
                if upstream.stream.isReadable { self.close(upstream) }
            case .busy, .tunnel:
                if let client = upstream.client { self.serve(client) }
            }
        }

        private func finishConnecting(_ upstream: Upstream) {
            guard upstream.stream.isWritable || upstream.stream.isEnding else { return }
            let client = upstream.client
            guard upstream.stream.connectionError == 0 else {
                self.endpoints[upstream.endpoint].failedUntil = self.now + Self.pause
                self.close(upstream)
                // Closing may have found it another connection already.
                if let client, case .waiting = client.phase, client.upstream == nil { self.findUpstream(client) }
                return
            }
            if let client { self.beginExchange(client, upstream) } else { self.keep(upstream) }
        }

        /// Puts an upstream connection into the pool, or gives it to the request that waits longest.
        func keep(_ upstream: Upstream) {
            upstream.isReused = true
            upstream.parser.reset()
            upstream.phase = .idle
            if let client = self.endpoints[upstream.endpoint].nextWaiting() {
                self.beginExchange(client, upstream)
                return
            }
            self.endpoints[upstream.endpoint].idle.append(upstream)
            self.limit(upstream, self.configuration.upstreamIdleTimeout)
        }

        /// A connection to the endpoint has gone: a request that waits may make another.
        func serveWaiting(_ endpoint: Int) {
            guard self.endpoints[endpoint].count < self.configuration.upstreamConnections,
                let client = self.endpoints[endpoint].nextWaiting()
            else { return }
            client.attempts -= 1
            self.findUpstream(client)
        }
    }
#endif
