#if os(Linux)
    import Essentials
    import HTTPWire

    /// Answers of the proxy's own, timeouts, and how connections end.
    extension ProxyLoop {
        /// Answers a request that cannot be served, and gives up what was under way for it.
        func fail(_ client: Downstream, _ problem: EdgeProblem) {
            self.counters.problems += 1
            if let upstream = client.upstream { self.close(upstream) }
            self.answer(client, problem)
        }

        /// Answers with a problem, or breaks off when another answer has begun.
        func answer(_ client: Downstream, _ problem: EdgeProblem) {
            guard !client.isAnswerBegun else { return self.abort(client, .upstreamBroke) }
            let exchange = client.isRouted ? client.exchange : nil
            if let exchange, let substitute = self.router.substitute(for: problem, exchange) {
                return self.send(client, substitute)
            }
            let answer = self.router.answer(to: problem, exchange) ?? problem.answer
            if case .malformed = problem { client.isPersistent = false }
            self.answer(client, answer, .problem(problem))
        }

        /// Gives an answer; the connection stays only where the next request is sure to begin behind this one.
        func answer(_ client: Downstream, _ answer: ProxyAnswer, _ ending: ProxyReport.Ending) {
            let head = client.parser.head
            let goesOn = client.isRouted && client.isRequestMoved && client.isPersistent && !self.isDraining
            answer.writeHead(
                &client.stream.outbound, date: self.wallClock.now,
                connection: !goesOn
                    ? "Connection: close\r\n" : head.minorVersion == 0 ? "Connection: keep-alive\r\n" : "")
            if client.isRouted {
                self.router.writeAnswerFields(client.exchange, status: answer.status, &client.stream.outbound)
            }
            let isToHead = client.isRouted && head.method == .head
            answer.writeRest(&client.stream.outbound, toHead: isToHead)
            client.status = answer.status
            client.sent = isToHead ? 0 : Int64(answer.body.count)
            client.collected = nil
            self.endErrand(client)
            self.report(client, ending)
            guard goesOn else { return self.finishAnswer(client) }
            if client.holdsHead {
                client.stream.inbound.consume(head.byteCount)
                client.stream.inbound.release()
                client.holdsHead = false
            }
            self.awaitRequest(client)
            self.wake(client)
        }

        /// Makes ready for the next request of the connection.
        func awaitRequest(_ client: Downstream) {
            client.isAnswerBegun = false
            client.parser.reset()
            client.phase = .idle
            self.limit(client, until: self.now + self.times.idle)
            if client.stream.flush() == .failed { self.close(client) }
        }

        /// Tells the router that an exchange is over.
        func report(_ client: Downstream, _ ending: ProxyReport.Ending) {
            guard client.isRouted else { return }
            client.isRouted = false
            let isSent = client.attempts > 0 && client.endpoint >= 0
            self.router.ended(
                client.exchange,
                ProxyReport(
                    ending: ending, status: client.status, received: client.received, sent: client.sent,
                    group: isSent ? client.group : nil,
                    endpoint: isSent ? self.endpoints[client.endpoint].endpoint : nil, attempts: client.attempts,
                    began: client.exchange.began, answered: client.answeredAt, ended: self.tick))
            client.exchange.finding = nil
            self.counters.collectedBytes -= client.collectedBytes
            client.collectedBytes = 0
            self.exchangeIDs.append(client.exchange.id)
            client.exchange.id = -1
        }

        /// The last answer of the connection is complete.
        func finishAnswer(_ client: Downstream) {
            client.phase = .draining
            client.stream.inbound.removeAll()
            client.stream.inbound.release()
            self.limit(client, until: self.now + self.times.upstream)
            self.finishSending(client)
        }

        func finishSending(_ client: Downstream) {
            switch client.stream.flush() {
            case .blocked: break
            case .ended, .failed: self.close(client)
            case .moved:
                client.stream.endSending()
                client.phase = .lingering
                self.limit(client, until: self.now + 2_000)
                self.discard(client)
            }
        }

        /// Reads and throws away, so that the kernel does not answer late bytes with a reset that overtakes the answer.
        func discard(_ client: Downstream) {
            while client.stream.isReadable {
                let outcome = client.stream.receive(4_096)
                client.stream.inbound.removeAll()
                client.stream.inbound.release()
                switch outcome {
                case .moved: continue
                case .blocked: return
                case .ended, .failed: return self.close(client)
                }
            }
        }

        /// Breaks off: the client sees that the answer is not whole.
        func abort(_ client: Downstream, _ ending: ProxyReport.Ending) {
            self.counters.aborted += 1
            self.report(client, ending)
            self.close(client)
        }

        /// The phase of a client has lasted too long.
        func timeOut(_ client: Downstream) {
            switch client.phase {
            case .idle, .draining, .lingering, .tunnel: self.close(client)
            case .closed, .suspended: break
            case .sending: self.abort(client, .clientLeft)
            case .session: self.timeOut(session: client)
            case .head:
                self.counters.problems += 1
                client.isAnswerBegun = false
                self.answer(client, .headTimeout)
            case .collecting: self.fail(client, .bodyTimeout)
            case .waiting: self.fail(client, .upstreamTimeout)
            case .exchange:
                if let upstream = client.upstream, self.now >= client.attemptDeadline,
                    self.now < client.answerDeadline, self.sendAgain(client, upstream, after: .timedOut)
                {
                    return
                }
                let isClientSlow = !client.isRequestMoved && client.upstream?.stream.outbound.isEmpty == true
                self.fail(client, isClientSlow ? .bodyTimeout : .upstreamTimeout)
            }
        }

        // MARK: Tunnels

        /// The upstream has agreed to an upgrade.
        func beginTunnel(_ client: Downstream, _ upstream: Upstream) {
            upstream.stream.inbound.withBytes { bytes in
                client.stream.outbound.append("Connection: upgrade\r\nUpgrade: ")
                client.stream.outbound.append(bytes, upstream.parser.head.upgrade)
                client.stream.outbound.append("\r\n\r\n")
            }
            upstream.stream.inbound.consume(upstream.parser.head.byteCount)
            client.phase = .tunnel
            upstream.phase = .tunnel
            self.counters.upgrades += 1
            self.limit(client, until: self.now + self.times.tunnel)
            self.pumpTunnel(client)
        }

        /// Moves bytes both ways, unread.
        func pumpTunnel(_ client: Downstream) {
            guard let upstream = client.upstream else { return self.close(client) }
            let isOpen = self.carry(from: &client.stream, to: &upstream.stream)
            let isAnswered = self.carry(from: &upstream.stream, to: &client.stream)
            client.deadline = self.now + self.times.tunnel
            if !isOpen || !isAnswered { self.close(client) }
        }

        /// - Returns: false when either side has ended.
        private func carry(from source: inout Stream, to target: inout Stream) -> Bool {
            while true {
                if !source.inbound.isEmpty {
                    source.inbound.withBytes { bytes in
                        target.outbound.append(bytes, WireRange(start: 0, count: bytes.byteCount))
                    }
                    source.inbound.removeAll()
                    source.inbound.release()
                }
                switch target.flush() {
                case .moved: break
                case .blocked: if target.outbound.count >= self.configuration.buffer { return true }
                case .ended, .failed: return false
                }
                guard source.isReadable else { return true }
                switch source.receive(16_384) {
                case .moved: break
                case .blocked: return true
                case .ended, .failed: return false
                }
            }
        }
    }
#endif
