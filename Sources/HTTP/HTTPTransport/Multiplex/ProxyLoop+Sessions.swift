#if os(Linux)
    import Essentials
    import HTTP2
    import HTTPWire

    /// Connections that speak HTTP/2.
    extension ProxyLoop {
        /// Whether a client whose first bytes are no head of HTTP/1.1 speaks HTTP/2: because that was agreed on, or because they are
        /// the beginning of its preface.
        func isSession(_ client: Downstream) -> Bool {
            guard self.configuration.http2 != nil, client.isFresh, client.parent == nil else { return false }
            if let name = client.stream.applicationProtocol { return name == "h2" }
            let beginning: StaticString = "PRI * "
            return client.stream.inbound.withBytes { bytes in
                bytes.byteCount >= 6
                    && beginning.withUTF8Buffer { wanted in
                        (0..<6).allSatisfy { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == wanted[$0] }
                    }
            }
        }

        func beginSession(_ client: Downstream) {
            guard let limits = self.configuration.http2 else { return self.close(client) }
            client.isFresh = false
            client.phase = .session
            client.session = Session(HTTP2Connection(limits, pool: self.pool), client.token, self.touchedSessions)
            self.counters.sessions += 1
            self.limit(client, until: self.now + self.times.idle)
            self.pump(session: client)
        }

        /// Reads frames, as long as the client reads what is sent to it.
        func pump(session client: Downstream) {
            guard let session = client.session else { return }
            while case .session = client.phase {
                self.flush(session: client)
                guard case .session = client.phase, client.stream.outbound.count < self.configuration.buffer else {
                    break
                }
                if !client.stream.inbound.isEmpty {
                    let isGood = client.stream.inbound.withBytes { bytes in
                        (try? session.http2.receive(bytes)) != nil
                    }
                    client.stream.inbound.removeAll()
                    client.stream.inbound.release()
                    self.play(session, of: client)
                    if !isGood { self.end(session: client) }
                    continue
                }
                guard client.stream.isReadable else { break }
                switch client.stream.receive(16_384) {
                case .moved: continue
                case .blocked: break
                case .ended, .failed: return self.close(client)
                }
            }
            if case .session = client.phase { self.limit(session: client) }
        }

        /// Sends frames, as far as the client reads them.
        func flush(session client: Downstream) {
            guard let session = client.session else { return }
            session.untouch()
            while case .session = client.phase {
                let isGood = (try? session.http2.send(&client.stream.outbound, upTo: self.configuration.buffer)) != nil
                let isFull = client.stream.outbound.count >= self.configuration.buffer
                self.play(session, of: client)
                let outcome = client.stream.flush()
                guard isGood, outcome != .failed else { return self.close(client) }
                guard isFull, outcome == .moved else { break }
            }
            if session.http2.isFinished, client.stream.outbound.isEmpty { self.end(session: client) }
        }

        /// Does what the frames ask for.
        private func play(_ session: Session, of client: Downstream) {
            while let event = session.http2.nextEvent() {
                switch event {
                case .opened(let id):
                    let stream = self.open(id, session, of: client)
                    session.streams[id] = stream
                    self.wake(stream)
                case .readable(let id):
                    guard let stream = session.streams[id] else { continue }
                    stream.stream.isReadable = true
                    self.wake(stream)
                case .writable(let id):
                    guard let stream = session.streams[id] else { continue }
                    stream.stream.isWritable = true
                    if case .exchange = stream.phase { self.limitExchange(stream) }
                    self.wake(stream)
                case .closed(let id):
                    guard let stream = session.streams[id] else { continue }
                    switch stream.phase {
                    case .draining, .lingering, .closed: self.close(stream)
                    default: self.abort(stream, .clientLeft)
                    }
                }
            }
        }

        /// A busy session is limited by its exchanges. One that moves nothing though no exchange is under way has its time.
        private func limit(session client: Downstream) {
            guard let session = client.session, session.seenProgress != session.http2.progress else { return }
            session.seenProgress = session.http2.progress
            self.limit(client, until: self.now + self.times.idle)
        }

        func timeOut(session client: Downstream) {
            guard let session = client.session else { return }
            guard session.streams.isEmpty else { return self.limit(client, until: self.now + self.times.idle) }
            self.end(session: client)
        }

        func drain(session client: Downstream) {
            client.session?.http2.drain()
            self.flush(session: client)
        }

        /// Says farewell, and sends what is left.
        private func end(session client: Downstream) {
            guard case .session = client.phase, let session = client.session else { return }
            self.closeStreams(client)
            session.http2.drain()
            _ = try? session.http2.send(&client.stream.outbound, upTo: self.configuration.buffer)
            self.finishAnswer(client)
        }

        func closeStreams(_ client: Downstream) {
            guard let session = client.session else { return }
            for id in session.streams.keys.sorted() {
                if let stream = session.streams[id] { self.abort(stream, .clientLeft) }
            }
        }
    }
#endif
