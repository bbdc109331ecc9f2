#if os(Linux)
    import Compression
    import Essentials
    import HTTPWire

    /// Moving a request to its upstream and the answer back.
    extension ProxyLoop {
        /// What clients may not say, and what is written anew.
        private static let droppedFromRequests = FieldSet.connectionOnly.union(
            FieldSet(.expect, .forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xRealIP))

        /// Hands the request to a connection.
        func beginExchange(_ client: Downstream, _ upstream: Upstream) {
            upstream.phase = .busy
            upstream.client = client
            upstream.isHeadMoved = false
            upstream.interims = 0
            client.upstream = upstream
            client.phase = .exchange
            if let time = client.attemptTime { client.attemptDeadline = self.now + time }
            self.limitExchange(client)
            self.writeRequest(client, upstream)
            if client.parser.head.framing != .none {
                client.stream.inbound.consume(client.parser.head.byteCount)
                client.holdsHead = false
            }
            client.isStarted = true
            self.wake(client)
        }

        private func writeRequest(_ client: Downstream, _ upstream: Upstream) {
            client.stream.inbound.withBytes { bytes in
                upstream.stream.outbound.reserve(client.parser.head.byteCount + 512)
                upstream.stream.outbound.append(bytes, client.parser.head.methodName)
                upstream.stream.outbound.append(" ")
                self.router.writeTarget(client.exchange, client.parser.head, bytes, &upstream.stream.outbound)
                upstream.stream.outbound.append(" HTTP/1.1\r\n")
                upstream.stream.outbound.appendFields(
                    client.parser.head.fields, bytes, end: client.parser.head.byteCount - 2,
                    without: Self.droppedFromRequests)
                self.router.writeRequestFields(client.exchange, client.parser.head, bytes, &upstream.stream.outbound)
                client.asksUpgrade =
                    client.parser.head.framing == .none && self.isUpgradable(client.parser.head.upgrade, bytes)
                if client.asksUpgrade {
                    upstream.stream.outbound.append("Connection: upgrade\r\nUpgrade: ")
                    upstream.stream.outbound.append(bytes, client.parser.head.upgrade)
                    upstream.stream.outbound.append("\r\n")
                }
            }
            if client.parser.head.host.isEmpty {
                let endpoint = self.endpoints[upstream.endpoint].endpoint
                upstream.stream.outbound.append(contentsOf: Array("Host: \(endpoint)\r\n".utf8))
            }
            upstream.stream.outbound.appendFraming(client.parser.head.framing)
            client.writesChunks = client.parser.head.framing == .chunked
            upstream.stream.outbound.append("X-Forwarded-For: ")
            upstream.stream.outbound.append(contentsOf: client.exchange.peer)
            upstream.stream.outbound.append("\r\n")
            upstream.stream.outbound.append(
                contentsOf: client.exchange.isSecure ? self.ownFields.secure : self.ownFields.plain)
            upstream.stream.outbound.append("\r\n")
        }

        private func isUpgradable(_ protocols: WireRange, _ bytes: RawSpan) -> Bool {
            !protocols.isEmpty && self.configuration.upgrades.contains(bytes.text(protocols).lowercased())
        }

        /// Moves what can be moved, both ways.
        func pump(_ client: Downstream) {
            guard let upstream = client.upstream else { return }
            if !client.isRequestMoved {
                self.moveBody(client, upstream)
                guard client.upstream === upstream else { return }
            }
            if upstream.stream.flush() == .failed, !upstream.stream.isReadable {
                return self.upstreamEnded(client, upstream)
            }
            self.moveAnswer(client, upstream)
        }

        /// Moves the request's body.
        private func moveBody(_ client: Downstream, _ upstream: Upstream) {
            while !client.isRequestMoved {
                if upstream.stream.outbound.count >= self.configuration.buffer, upstream.stream.flush() != .moved {
                    return
                }
                guard self.fillBody(client) else { return }
                do throws(WireError) {
                    guard try self.moveBodyPiece(client, upstream) else { return }
                } catch {
                    self.counters.malformed += 1
                    self.close(upstream)
                    return self.answer(client, .malformed(error.code))
                }
            }
        }

        /// - Returns: whether there may be another piece without more bytes from the socket, or the body is complete.
        private func moveBodyPiece(_ client: Downstream, _ upstream: Upstream) throws(WireError) -> Bool {
            let piece = try client.stream.inbound.withBytes { bytes throws(WireError) in
                let piece = try client.body.read(bytes, at: 0)
                if client.exchange.isWatched {
                    self.router.watched(
                        client.exchange, request: bytes.extracting(piece.content.start..<piece.content.end))
                }
                if client.writesChunks {
                    upstream.stream.outbound.appendChunk(bytes, piece.content)
                } else {
                    upstream.stream.outbound.append(bytes, piece.content)
                }
                return piece
            }
            if piece.isEnd, client.writesChunks { upstream.stream.outbound.appendLastChunk() }
            return try self.took(piece, from: client)
        }

        /// Moves the answer.
        private func moveAnswer(_ client: Downstream, _ upstream: Upstream) {
            while true {
                if client.stream.outbound.count >= self.configuration.buffer {
                    switch client.stream.flush() {
                    case .moved: break
                    case .blocked: return
                    case .ended, .failed: return self.abort(client, .clientLeft)
                    }
                }
                if !upstream.stream.inbound.isEmpty {
                    do throws(WireError) {
                        switch try self.moveAnswerPiece(client, upstream) {
                        case .goesOn: continue
                        case .needsBytes: break
                        case .ended: return
                        }
                    } catch {
                        return self.fail(client, .upstreamFailed)
                    }
                }
                guard upstream.stream.isReadable else {
                    if upstream.encoder?.isPending == true { self.flushEncoded(client, upstream) }
                    break
                }
                switch upstream.stream.receive(upstream.isHeadMoved ? 32_768 : 16_384) {
                case .moved: self.limitExchange(client)
                case .blocked: break
                case .ended, .failed: return self.upstreamEnded(client, upstream)
                }
            }
            if client.stream.flush() == .failed { self.abort(client, .clientLeft) }
        }

        private enum Progress { case goesOn, needsBytes, ended }

        private func moveAnswerPiece(_ client: Downstream, _ upstream: Upstream) throws(WireError) -> Progress {
            guard upstream.isHeadMoved else {
                let isComplete = try upstream.stream.inbound.withBytes { bytes throws(WireError) in
                    try upstream.parser.parse(bytes, answering: client.parser.head.method)
                }
                guard isComplete else { return .needsBytes }
                return try self.moveHead(client, upstream)
            }
            let piece = try upstream.stream.inbound.withBytes { bytes throws(WireError) in
                try upstream.body.read(bytes, at: 0)
            }
            guard self.passOn(piece.content, client, upstream) else {
                self.abort(client, .clientLeft)
                return .ended
            }
            upstream.stream.inbound.consume(piece.next)
            if piece.isEnd {
                self.endContent(client, upstream)
                self.endExchange(client, upstream)
                return .ended
            }
            return piece.next == 0 ? .needsBytes : .goesOn
        }

        /// Content at least this long is sent from where it lies, instead of being copied behind what waits.
        private static let directSize = 2_048

        /// Hands content to the client's side; false when its connection failed.
        private func passOn(_ content: WireRange, _ client: Downstream, _ upstream: Upstream) -> Bool {
            if client.exchange.isWatched {
                upstream.stream.inbound.withBytes { bytes in
                    self.router.watched(client.exchange, answer: bytes.extracting(content.start..<content.end))
                }
            }
            if upstream.encoder != nil {
                self.encode(content, client, upstream)
                return true
            }
            client.sent += Int64(content.count)
            var rest = content
            if content.count >= Self.directSize, !upstream.writesChunks {
                guard let sent = client.stream.flush(upstream.stream.inbound, content) else { return false }
                rest = WireRange(start: content.start + sent, count: content.count - sent)
            }
            upstream.stream.inbound.withBytes { bytes in
                if upstream.writesChunks {
                    client.stream.outbound.appendChunk(bytes, rest)
                } else {
                    client.stream.outbound.append(bytes, rest)
                }
            }
            return true
        }

        /// Passes the head of the answer on, and decides how its body is framed for the client.
        private func moveHead(_ client: Downstream, _ upstream: Upstream) throws(WireError) -> Progress {
            let (status, framing) = (upstream.parser.head.status, upstream.parser.head.framing)
            if upstream.parser.head.isInterim { return try self.moveInterim(client, upstream) }
            if status == 101, !client.asksUpgrade || upstream.parser.head.upgrade.isEmpty {
                throw WireError(.invalidStatus, at: 0)
            }
            if client.isRepeatable, status >= 400, self.sendAgain(client, upstream, after: .status(status)) {
                return .ended
            }
            let substitute = upstream.stream.inbound.withBytes {
                self.router.substitute(for: upstream.parser.head, client.exchange, $0)
            }
            if let substitute {
                self.replaceAnswer(client, upstream, by: substitute)
                return .ended
            }
            if client.holdsHead {
                client.stream.inbound.consume(client.parser.head.byteCount)
                client.stream.inbound.release()
                client.holdsHead = false
            }
            let speaks11 = client.parser.head.minorVersion > 0
            let isUnbounded = framing == .chunked || framing == .untilClose
            upstream.writesChunks = isUnbounded && speaks11
            if isUnbounded && !speaks11 || !client.isRequestMoved || self.isDraining { client.isPersistent = false }
            client.isAnswerBegun = true
            client.status = status
            client.answeredAt = self.tick
            upstream.isHeadMoved = true
            upstream.body = BodyReader(framing, limits: self.configuration.limits)
            upstream.stream.inbound.withBytes { bytes in
                upstream.parser.withHead { self.router.readAnswer(client.exchange, &$0, bytes) }
                if client.exchange.encodesAnswer, framing != .none, status != 101 {
                    self.beginEncoding(client, upstream)
                }
                client.stream.outbound.reserve(upstream.parser.head.byteCount + 128)
                client.stream.outbound.appendStatusLine(upstream.parser.head, bytes)
                client.stream.outbound.appendFields(
                    upstream.parser.head.fields, bytes, end: upstream.parser.head.byteCount - 2,
                    without: .connectionOnly)
            }
            self.router.writeAnswerFields(client.exchange, status: status, &client.stream.outbound)
            if status == 101 {
                self.beginTunnel(client, upstream)
                return .ended
            }
            if upstream.writesChunks {
                client.stream.outbound.appendFraming(.chunked)
            } else if let length = upstream.parser.head.contentLength, status != 204, upstream.encoder == nil {
                client.stream.outbound.append("Content-Length: ")
                client.stream.outbound.append(decimal: length)
                client.stream.outbound.append("\r\n")
            }
            if !client.isPersistent {
                client.stream.outbound.append("Connection: close\r\n")
            } else if !speaks11 {
                client.stream.outbound.append("Connection: keep-alive\r\n")
            }
            client.stream.outbound.append("\r\n")
            upstream.stream.inbound.consume(upstream.parser.head.byteCount)
            guard framing == .none else { return .goesOn }
            self.endExchange(client, upstream)
            return .ended
        }

        /// 100 was answered by the proxy itself; others are passed on to clients that know them.
        private func moveInterim(_ client: Downstream, _ upstream: Upstream) throws(WireError) -> Progress {
            upstream.interims += 1
            guard upstream.interims <= Upstream.mostInterims else { throw WireError(.invalidStatus, at: 0) }
            if upstream.parser.head.status != 100, client.parser.head.minorVersion > 0 {
                upstream.stream.inbound.withBytes { bytes in
                    client.stream.outbound.appendStatusLine(upstream.parser.head, bytes)
                    client.stream.outbound.appendFields(
                        upstream.parser.head.fields, bytes, end: upstream.parser.head.byteCount - 2,
                        without: .connectionOnly)
                }
                client.stream.outbound.append("\r\n")
            }
            upstream.stream.inbound.consume(upstream.parser.head.byteCount)
            upstream.parser.reset()
            return .goesOn
        }

        /// The content of the answer is complete.
        private func endContent(_ client: Downstream, _ upstream: Upstream) {
            if upstream.encoder != nil { self.finishEncoding(client, upstream) }
            if upstream.writesChunks { client.stream.outbound.appendLastChunk() }
        }

        /// The answer is complete.
        func endExchange(_ client: Downstream, _ upstream: Upstream) {
            self.counters.answers += 1
            client.upstream = nil
            upstream.client = nil
            if self.isClean(client, upstream) {
                upstream.stream.inbound.release()
                self.keep(upstream)
            } else {
                self.close(upstream)
            }
            self.report(client, .forwarded)
            if client.isPersistent, !self.isDraining { self.awaitRequest(client) } else { self.finishAnswer(client) }
        }

        /// Whether the connection can serve another request.
        func isClean(_ client: Downstream, _ upstream: Upstream) -> Bool {
            client.isRequestMoved && upstream.stream.inbound.isEmpty && upstream.stream.outbound.isEmpty
                && upstream.parser.head.isPersistent && !upstream.stream.isEnding && !self.isDraining
        }

        /// The upstream connection has ended or failed.
        private func upstreamEnded(_ client: Downstream, _ upstream: Upstream) {
            if upstream.isHeadMoved {
                do throws(WireError) {
                    try upstream.body.end(at: 0)
                    self.endContent(client, upstream)
                    upstream.stream.isEnding = true
                    return self.endExchange(client, upstream)
                } catch {
                    _ = client.stream.flush()
                    return self.abort(client, .upstreamBroke)
                }
            }
            guard upstream.stream.inbound.isEmpty, self.sendAgain(client, upstream, after: .brokeOff) else {
                return self.fail(client, .upstreamFailed)
            }
        }

        /// Sends a request that is still at hand once more, if that does no harm and the router agrees.
        func sendAgain(_ client: Downstream, _ upstream: Upstream, after failure: ProxyFailure) -> Bool {
            guard client.holdsHead, client.parser.head.method.isIdempotent, !client.isAnswerBegun else { return false }
            // A connection that was kept and has ended meanwhile says nothing about the endpoint.
            let isStale = failure == .brokeOff && upstream.isReused
            let mayRepeat =
                isStale
                ? client.attempts < self.configuration.attempts
                : client.attempts < client.mostAttempts && self.router.repeats(client.exchange, after: failure)
            guard mayRepeat else { return false }
            self.counters.retries += 1
            self.close(upstream)
            self.findUpstream(client)
            return true
        }
    }
#endif
