#if os(Linux)
    import Essentials
    import HTTPWire

    /// From the first byte of a request to the decision about it.
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
                case .waiting, .suspended, .closed: return
                case .collecting: self.collectMore(client)
                case .exchange: self.pump(client)
                case .sending: self.sendMore(client)
                case .tunnel: self.pumpTunnel(client)
                case .session: self.pump(session: client)
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
                        if self.isSession(client) { return self.beginSession(client) }
                        self.counters.malformed += 1
                        return self.answer(client, .malformed(error.code))
                    }
                    if case .idle = client.phase {
                        client.phase = .head
                        self.limit(client, until: self.now + self.times.header)
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
            client.isFresh = false
            client.isPersistent = client.parser.head.isPersistent && !self.isDraining
            client.isAnswerBegun = false
            client.isRequestMoved = client.parser.head.framing == .none
            client.holdsHead = true
            client.attempts = 0
            client.endpoint = -1
            (client.received, client.sent, client.status) = (0, 0, 0)
            client.answeredAt = nil
            client.answerDeadline = .max
            client.answerTime = nil
            client.mostAttempts = self.configuration.attempts
            client.attemptTime = nil
            client.attemptDeadline = .max
            client.isRepeatable = false
            client.exchange.bodyLimit = self.configuration.limits.body
            client.exchange.encodesAnswer = false
            client.exchange.isWatched = false
            client.exchange.id = self.exchangeIDs.popLast() ?? self.newExchangeID()
            client.exchange.began = self.tick
            client.isRouted = true
            self.decide(client)
        }

        /// Asks the router.
        func decide(_ client: Downstream) {
            let decision = client.stream.inbound.withBytes { bytes in
                client.parser.withHead { self.router.route(client.exchange, &$0, bytes) }
            }
            if let request = client.exchange.background {
                client.exchange.background = nil
                self.ask(request, for: client.exchange.peer)
            }
            switch decision {
            case .forward(let forward):
                guard self.admitBody(client) else { return }
                client.group = forward.group
                client.answerTime = forward.deadline?.milliseconds
                client.attemptTime = forward.attemptTimeout?.milliseconds
                if let attempts = forward.attempts {
                    client.isRepeatable = true
                    client.mostAttempts = attempts
                }
                if client.isRequestMoved { self.beginAnswerTime(client) }
                guard self.awaitBody(client) else { return }
                self.findUpstream(client)
            case .answer(let answer): self.answer(client, answer, .answered)
            case .send(let answer): self.send(client, answer)
            case .refuse(let problem): self.fail(client, problem)
            case .wait(let operation): self.suspend(client) { .found(await operation()) }
            case .handle(let handler):
                guard self.admitBody(client), self.awaitBody(client) else { return }
                self.collect(client, for: handler)
            }
        }

        /// Measures the content against the limit of the request.
        /// - Returns: false when it is known to be too large, and refused.
        private func admitBody(_ client: Downstream) -> Bool {
            var limits = self.configuration.limits
            limits.body = Swift.min(limits.body, client.exchange.bodyLimit)
            if case .length(let count) = client.parser.head.framing, count > limits.body {
                self.counters.malformed += 1
                self.fail(client, .malformed(.contentTooLarge))
                return false
            }
            client.body = BodyReader(client.parser.head.framing, limits: limits)
            return true
        }

        /// The request is complete: the time for its answer runs.
        private func beginAnswerTime(_ client: Downstream) {
            if let time = client.answerTime { client.answerDeadline = self.now + time }
        }

        /// Makes ready for the body, and answers `Expect: 100-continue`.
        /// - Returns: false when the client has gone.
        private func awaitBody(_ client: Downstream) -> Bool {
            guard !client.isRequestMoved else { return true }
            client.bodyDeadline = self.now + self.times.body
            if client.parser.head.expectsContinue, client.stream.inbound.count == client.parser.head.byteCount {
                client.stream.outbound.append("HTTP/1.1 100 Continue\r\n\r\n")
                if client.stream.flush() == .failed {
                    self.close(client)
                    return false
                }
            }
            return true
        }

        /// Sees that there are bytes of the body to read.
        /// - Returns: false when none are there, or the client has gone.
        func fillBody(_ client: Downstream) -> Bool {
            guard client.stream.inbound.isEmpty else { return true }
            guard client.stream.isReadable else { return false }
            switch client.stream.receive(16_384) {
            case .moved:
                self.limitExchange(client)
                return true
            case .blocked: return false
            case .ended, .failed:
                self.abort(client, .clientLeft)
                return false
            }
        }

        /// A piece of the body was read.
        /// - Returns: whether there may be another piece without more bytes from the socket, or the body is complete.
        func took(_ piece: BodyReader.Piece, from client: Downstream) throws(WireError) -> Bool {
            client.received += Int64(piece.content.count)
            client.stream.inbound.consume(piece.next)
            if piece.isEnd {
                client.isRequestMoved = true
                self.beginAnswerTime(client)
            }
            if client.stream.inbound.isEmpty {
                client.stream.inbound.release()
                return true
            }
            // Bytes that cannot be read yet, such as half a trailer: more must come.
            guard piece.next == 0, !piece.isEnd else { return true }
            guard client.stream.isReadable else { return false }
            switch client.stream.receive(2_048) {
            case .moved: return true
            case .blocked: return false
            case .ended, .failed: throw WireError(.truncated, at: 0)
            }
        }

        /// The next moment at which an exchange has lasted too long if nothing moves.
        func limitExchange(_ client: Downstream) {
            var deadline = self.now + self.times.upstream
            if !client.isRequestMoved {
                let earned = client.received * 1_000 / Int64(self.configuration.minimumRate)
                deadline = Swift.min(deadline, client.bodyDeadline + earned)
            }
            if !client.isAnswerBegun {
                // A limit of the request's own is also how long it may be silent.
                if client.isRequestMoved, client.answerDeadline < .max { deadline = client.answerDeadline }
                deadline = Swift.min(deadline, client.answerDeadline, client.attemptDeadline)
            }
            self.limit(client, until: deadline)
        }
    }
#endif
