#if os(Linux)
    import HTTPWire

    /// Answers that lie ready.
    extension ProxyLoop {
        /// Content up to this length leaves together with its head.
        private static let copiedSize = 16_384

        /// Gives an answer, in place of an upstream's if one is under way.
        func send(_ client: Downstream, _ answer: PreparedAnswer) {
            let isToHead = client.parser.head.method == .head
            let goesOn = client.isRequestMoved && client.isPersistent && !self.isDraining
            client.stream.outbound.reserve(answer.head.count + 256)
            client.stream.outbound.append(contentsOf: answer.head)
            self.router.writeAnswerFields(client.exchange, status: answer.status, &client.stream.outbound)
            if answer.mayHaveContent {
                client.stream.outbound.append("Content-Length: ")
                client.stream.outbound.append(decimal: Int64(answer.range.count))
                client.stream.outbound.append("\r\n")
            }
            if !goesOn {
                client.stream.outbound.append("Connection: close\r\n")
            } else if client.parser.head.minorVersion == 0 {
                client.stream.outbound.append("Connection: keep-alive\r\n")
            }
            client.stream.outbound.append("\r\n")
            self.endErrand(client)
            client.collected = nil
            (client.status, client.isPersistent, client.isAnswerBegun) = (answer.status, goesOn, true)
            if goesOn, client.holdsHead {
                client.stream.inbound.consume(client.parser.head.byteCount)
                client.stream.inbound.release()
                client.holdsHead = false
            }
            guard !isToHead, answer.mayHaveContent, !answer.range.isEmpty else { return self.endSending(client) }
            client.sent = Int64(answer.range.count)
            guard answer.range.count > Self.copiedSize else {
                client.stream.outbound.append(
                    answer.content.span.bytes,
                    WireRange(start: answer.range.lowerBound, count: answer.range.count))
                return self.endSending(client)
            }
            client.phase = .sending
            client.sending = (answer.content, answer.range)
            self.limit(client, until: self.now + self.times.upstream)
            client.isStarted = true
            self.wake(client)
        }

        /// Sends what the client takes.
        func sendMore(_ client: Downstream) {
            while let (content, range) = client.sending {
                let sent = content.withUnsafeBytes { client.stream.flush(with: .init(rebasing: $0[range])) }
                guard var sent else { return self.abort(client, .clientLeft) }
                if sent == 0, client.stream.outbound.count < self.configuration.buffer {
                    // Behind a layer bytes are not sent from where they lie.
                    sent = Swift.min(range.count, Self.copiedSize)
                    client.stream.outbound.append(
                        content.span.bytes, WireRange(start: range.lowerBound, count: sent))
                }
                let outcome = client.stream.flush()
                if outcome == .failed { return self.abort(client, .clientLeft) }
                let rest = range.dropFirst(sent)
                client.sending = rest.isEmpty ? nil : (content, rest)
                if sent > 0 { self.limit(client, until: self.now + self.times.upstream) }
                if outcome == .blocked, client.sending != nil { return }
            }
            self.endSending(client)
        }

        /// All bytes of the answer are handed to the client's side.
        private func endSending(_ client: Downstream) {
            self.report(client, .answered)
            guard client.isPersistent, !self.isDraining else { return self.finishAnswer(client) }
            self.awaitRequest(client)
            self.wake(client)
        }

        /// Gives a prepared answer in place of the one whose head has just come.
        func replaceAnswer(_ client: Downstream, _ upstream: Upstream, by answer: PreparedAnswer) {
            upstream.stream.inbound.consume(upstream.parser.head.byteCount)
            client.upstream = nil
            upstream.client = nil
            if upstream.parser.head.framing == .none, self.isClean(client, upstream) {
                upstream.stream.inbound.release()
                self.keep(upstream)
            } else {
                self.close(upstream)
            }
            client.answeredAt = self.tick
            self.send(client, answer)
        }

        // MARK: Requests without a client

        /// Makes a request on the router's behalf; its answer goes to nobody.
        func ask(_ request: [UInt8], for peer: [UInt8]) {
            let client = self.openStream(Nobody(), peer: peer, isSecure: false)
            client.exchange.isInternal = true
            client.stream.inbound.append(contentsOf: request)
            self.wake(client)
        }
    }

    /// The client of a request that the proxy makes by itself: takes everything, and says nothing more.
    private final class Nobody: StreamLayer {
        var applicationProtocol: String? { nil }

        func receive(
            _ descriptor: Int32, _ inbound: inout WireBuffer, _ isReadable: inout Bool, isEnding: Bool
        ) -> Stream.Outcome { .ended }

        func flush(_ descriptor: Int32, _ outbound: inout WireBuffer, _ isWritable: inout Bool) -> Stream.Outcome {
            outbound.removeAll()
            outbound.release()
            return .moved
        }

        func endSending(_ descriptor: Int32) {}
        func close() {}
    }
#endif
