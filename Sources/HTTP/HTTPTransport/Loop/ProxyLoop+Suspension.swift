#if os(Linux)
    import Essentials
    import HTTPWire

    /// Exchanges that wait for something off the loop.
    extension ProxyLoop {
        /// Has `operation` run off the loop; ``comeBack(_:)`` goes on with what it finds.
        func suspend(_ client: Downstream, _ operation: @escaping @Sendable () async -> Errand.Finding) {
            guard self.counters.suspendedRequests < self.configuration.suspendedRequests else {
                return self.fail(client, .overloaded)
            }
            self.counters.suspendedRequests += 1
            client.phase = .suspended
            client.deadline = .max
            client.errands += 1
            let errand = Errand(for: client.token, client.errands, self.control, operation)
            client.errand = errand
            self.errands.yield(errand)
        }

        /// An errand has ended; that of a client that has gone, or has another one, is forgotten.
        func comeBack(_ found: LoopControl.Return) {
            guard let client = self.client(found.client), client.errand != nil, client.errands == found.errand else {
                return
            }
            self.endErrand(client)
            switch found.finding {
            case .found(let value):
                client.exchange.finding = value
                self.decide(client)
            case .answered(let answer): self.answer(client, answer, .answered)
            }
            self.wake(client)
        }

        /// Forgets what is done for a client off the loop.
        func endErrand(_ client: Downstream) {
            guard let errand = client.errand else { return }
            client.errand = nil
            self.counters.suspendedRequests -= 1
            errand.cancel()
        }

        // MARK: Whole requests

        /// Reads the body for a handler.
        func collect(_ client: Downstream, for handler: @escaping @Sendable (ProxyRequest) async -> ProxyAnswer) {
            let request = client.stream.inbound.withBytes { self.request(of: client, $0) }
            client.collected = (request, handler)
            client.stream.inbound.consume(client.parser.head.byteCount)
            client.holdsHead = false
            client.phase = .collecting
            self.limitExchange(client)
            client.isStarted = true
            self.wake(client)
        }

        private func request(of client: Downstream, _ bytes: RawSpan) -> ProxyRequest {
            let head = client.parser.head
            let fields = head.fields.entries.compactMap { entry -> ProxyRequest.Field? in
                guard !entry.isDropped, !FieldSet.connectionOnly.contains(entry.id) else { return nil }
                return ProxyRequest.Field(name: bytes.text(entry.name), value: bytes.text(entry.value))
            }
            var target = WireBuffer(self.pool)
            target.appendTarget(head, bytes)
            return ProxyRequest(
                method: bytes.text(head.methodName),
                target: target.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, fields: fields, body: [],
                peer: String(decoding: client.exchange.peer, as: UTF8.self), isSecure: client.exchange.isSecure)
        }

        /// Reads what has come of the body; when it is complete the handler begins.
        func collectMore(_ client: Downstream) {
            while !client.isRequestMoved {
                guard self.fillBody(client) else { return }
                do throws(WireError) {
                    guard try self.collectPiece(client) else { return }
                    guard self.counters.collectedBytes <= self.configuration.collectedBytes else {
                        return self.fail(client, .overloaded)
                    }
                } catch {
                    self.counters.malformed += 1
                    return self.answer(client, .malformed(error.code))
                }
            }
            guard let (request, handler) = client.collected else { return }
            client.collected = nil
            self.suspend(client) { .answered(await handler(request)) }
        }

        /// - Returns: whether there may be another piece without more bytes from the socket, or the body is complete.
        private func collectPiece(_ client: Downstream) throws(WireError) -> Bool {
            guard !client.isRequestMoved else { return true }
            let piece = try client.stream.inbound.withBytes { bytes throws(WireError) in
                let piece = try client.body.read(bytes, at: 0)
                bytes.withUnsafeBytes {
                    client.collected?.request.body.append(
                        contentsOf: $0[piece.content.start..<piece.content.end])
                }
                return piece
            }
            client.collectedBytes += piece.content.count
            self.counters.collectedBytes += piece.content.count
            return try self.took(piece, from: client)
        }
    }
#endif
