#if os(Linux)
    import Essentials
    import HTTPWire

    /// Which endpoints there are, and which of them a request goes to.
    extension ProxyLoop {
        /// Milliseconds for which an endpoint that refused a connection is passed over.
        static let pause: Int64 = 1_000

        /// Gives a group other endpoints. Connections to those that stay are kept; those to others end with what they serve.
        func setEndpoints(_ endpoints: [Endpoint], of group: Int) {
            while self.groups.count <= group { self.groups.append(EndpointGroup([], at: [])) }
            let before = self.groups[group].members
            self.groups[group] = EndpointGroup(endpoints, at: endpoints.map { self.place(of: $0) })
            for place in before where !self.groups.contains(where: { $0.members.contains(place) }) {
                self.endpoints[place].isRetired = true
                for upstream in self.endpoints[place].idle { self.close(upstream) }
            }
        }

        func adoptEndpoints(_ endpoints: [Int: [Endpoint]]) {
            for (group, members) in endpoints.sorted(by: { $0.key < $1.key }) { self.setEndpoints(members, of: group) }
        }

        private func hasMembers(_ group: Int) -> Bool {
            group < self.groups.count && !self.groups[group].members.isEmpty
        }

        private func place(of endpoint: Endpoint) -> Int {
            if let known = self.endpoints.firstIndex(where: { $0.endpoint == endpoint }) {
                self.endpoints[known].isRetired = false
                return known
            }
            guard let vacant = self.endpoints.firstIndex(where: \.isVacant) else {
                self.endpoints.append(EndpointPool(endpoint, index: self.endpoints.count))
                return self.endpoints.count - 1
            }
            self.endpoints[vacant] = EndpointPool(endpoint, index: vacant)
            return vacant
        }

        /// The endpoint for the next attempt of a request.
        private func choose(_ client: Downstream) -> Int {
            let group = client.group
            let wanted = self.router.choose(
                client.exchange, group: group, of: self.groups[group].endpoints, attempt: client.attempts)
            if let wanted { return self.groups[group].members[wanted] }
            let now = self.now
            return self.groups[group].choose { self.endpoints[$0].failedUntil <= now }
        }

        /// Takes a connection for the request, makes one, or queues for one.
        func findUpstream(_ client: Downstream) {
            client.phase = .waiting
            // What the router knows already may have been told to the loop in this very round.
            self.adoptEndpoints(self.control.takeEndpoints())
            guard self.hasMembers(client.group) else { return self.fail(client, .upstreamUnknown) }
            while client.attempts < Swift.max(client.mostAttempts, self.configuration.attempts) {
                client.attempts += 1
                let chosen = self.choose(client)
                client.endpoint = chosen
                if let upstream = self.endpoints[chosen].idle.popLast() {
                    return self.beginExchange(client, upstream)
                }
                if self.endpoints[chosen].count >= self.configuration.upstreamConnections {
                    guard self.endpoints[chosen].waitingCount < self.configuration.waitingRequests else {
                        return self.fail(client, .upstreamBusy)
                    }
                    self.endpoints[chosen].wait(client)
                    return self.limitConnecting(client)
                }
                if let upstream = self.connect(chosen, for: client) {
                    client.upstream = upstream
                    return self.limitConnecting(client)
                }
                self.endpoints[chosen].failedUntil = self.now + Self.pause
            }
            self.fail(client, .upstreamUnreachable)
        }

        private func limitConnecting(_ client: Downstream) {
            self.limit(client, until: Swift.min(self.now + self.times.connect, client.answerDeadline))
        }

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
            if self.endpoints[upstream.endpoint].isRetired { return self.close(upstream) }
            upstream.isReused = true
            upstream.parser.reset()
            upstream.phase = .idle
            if let client = self.endpoints[upstream.endpoint].nextWaiting() {
                self.beginExchange(client, upstream)
                return
            }
            self.endpoints[upstream.endpoint].idle.append(upstream)
            self.limit(upstream, until: self.now + self.times.upstreamIdle)
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
