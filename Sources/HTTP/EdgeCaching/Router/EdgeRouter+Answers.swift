#if os(Linux)
    import Essentials
    import HTTPCaching
    import HTTPTransport
    import HTTPWire

    /// What comes from the origin.
    extension EdgeRouter {
        func substitute(
            for head: borrowing ResponseHead, _ exchange: ProxyExchange, _ bytes: RawSpan
        ) -> PreparedAnswer? {
            guard let state = self.exchanges[exchange.id], let stored = state.stored else { return nil }
            let now = self.wallClock.now
            if head.status == 304, state.isValidating {
                let confirmation = CacheFields(head, bytes)
                return self.renew(exchange, stored, by: confirmation, now)
            }
            guard [500, 502, 503, 504].contains(head.status) else { return nil }
            return self.standIn(exchange, stored, after: .serverError, status: head.status, now)
        }

        func substitute(for problem: EdgeProblem, _ exchange: ProxyExchange) -> PreparedAnswer? {
            guard let stored = self.exchanges[exchange.id]?.stored else { return nil }
            switch problem {
            case .upstreamUnreachable, .upstreamFailed, .upstreamTimeout, .upstreamBusy, .upstreamUnknown, .overloaded:
                return self.standIn(exchange, stored, after: .disconnected, status: nil, self.wallClock.now)
            case .malformed, .ambiguousPath, .noRoute, .headTimeout, .bodyTimeout: return nil
            }
        }

        /// The stored answer still holds.
        private func renew(
            _ exchange: ProxyExchange, _ stored: StoredAnswer, by confirmation: CacheFields, _ now: Timestamp
        ) -> PreparedAnswer? {
            guard let state = self.exchanges[exchange.id] else { return nil }
            let head = stored.head.renewed(
                by: confirmation, requestedAt: state.requestedAt, receivedAt: now, policy: self.configuration.policy)
            let renewed = StoredAnswer(
                head, content: stored.content, variant: stored.variant,
                tags: SurrogateKeys.tags(head.fields, authority: state.key.authority), without: self.hidden)
            self.exchanges[exchange.id]?.status.forwardStatus = 304
            if head.mayBeStored(for: state.request) {
                let end = self.put(renewed, state, at: now)
                self.exchanges[exchange.id]?.status.isStored = end != .failed
                self.finishFlight(exchange, end)
            } else {
                self.store.drop(stored, of: state.key)
                self.finishFlight(exchange, .unshared)
            }
            return self.prepare(exchange, renewed, now)
        }

        /// The stored answer in place of one that did not come.
        private func standIn(
            _ exchange: ProxyExchange, _ stored: StoredAnswer, after failure: OriginFailure, status: Int?,
            _ now: Timestamp
        ) -> PreparedAnswer? {
            guard let state = self.exchanges[exchange.id],
                stored.head.mayBeServed(after: failure, to: state.request, at: now, policy: self.configuration.policy)
            else { return nil }
            self.exchanges[exchange.id]?.status.forwardStatus = status
            self.exchanges[exchange.id]?.status.detail = "stale-if-error"
            self.finishFlight(exchange, .failed)
            return self.prepare(exchange, stored, now)
        }

        func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan) {
            if let state = self.exchanges[exchange.id] {
                switch state.request.method {
                case .get: self.store(exchange, state, head, bytes)
                case .head, .options, .trace: break
                case .other, .post, .put, .delete, .patch, .connect: self.invalidate(state, head, bytes)
                }
            }
            guard !self.hidden.isEmpty else { return }
            for index in head.fields.entries.indices where head.fields.entries[index].id == .other {
                let name = head.fields.entries[index].name
                if name.count == 9 || name.count == 13, self.hidden.contains(bytes.text(name).lowercased()) {
                    head.drop(at: index)
                }
            }
        }

        /// Begins to store an answer, if it may be.
        private func store(
            _ exchange: ProxyExchange, _ state: EdgeExchange, _ head: borrowing ResponseHead, _ bytes: RawSpan
        ) {
            let now = self.wallClock.now
            let reason = bytes.withUnsafeBytes { Array($0[head.reason.start..<head.reason.end]) }
            let new = CachedHead(
                status: head.status, reason: reason, fields: CacheFields(head, bytes),
                requestedAt: state.requestedAt, receivedAt: now, policy: self.configuration.policy)
            let isWhole = head.status != 206 && head.status != 304
            guard new.mayBeStored(for: state.request), head.contentLength ?? 0 <= Int64(self.largest),
                case .forward(let reason) = state.status.outcome, reason != .bypass
            else {
                if isWhole, head.status < 500, let stored = state.stored { self.store.drop(stored, of: state.key) }
                return self.finishFlight(exchange, isWhole ? .unshared : .failed)
            }
            self.exchanges[exchange.id]?.arriving = (new, [])
            self.exchanges[exchange.id]?.arriving?.content.reserveCapacity(Int(head.contentLength ?? 0))
            self.exchanges[exchange.id]?.status.isStored = true
            exchange.isWatched = true
        }

        /// The target has changed, and perhaps others (RFC 9111 §4.4).
        private func invalidate(_ state: EdgeExchange, _ head: borrowing ResponseHead, _ bytes: RawSpan) {
            guard
                let invalid = CacheInvalidation(
                    method: state.request.method, target: state.key.target, authority: state.key.authority,
                    status: head.status, fields: CacheFields(head, bytes))
            else { return }
            let keys = invalid.targets.map { PurgeLog.Target.key(EdgeKey(authority: state.key.authority, target: $0)) }
            let groups = invalid.groups.map {
                PurgeLog.Target.tag(SurrogateKeys.tag(group: $0, of: state.key.authority))
            }
            self.store.purge(keys + groups)
        }

        func watched(_ exchange: ProxyExchange, answer piece: RawSpan) {
            guard let count = self.exchanges[exchange.id]?.arriving?.content.count else { return }
            guard count + piece.byteCount <= self.largest else {
                self.exchanges[exchange.id]?.arriving = nil
                return self.finishFlight(exchange, .unshared)
            }
            piece.withUnsafeBytes { self.exchanges[exchange.id]?.arriving?.content.append(contentsOf: $0) }
        }

        func writeAnswerFields(_ exchange: ProxyExchange, status: Int, _ output: inout WireBuffer) {
            guard let state = self.exchanges[exchange.id] else { return }
            if let age = state.age {
                output.append("Age: ")
                output.append(decimal: age)
                output.append("\r\n")
            }
            state.status.write(&output, name: self.name)
        }

        func ended(_ exchange: ProxyExchange, _ report: ProxyReport) {
            if let state = self.exchanges[exchange.id], let arriving = state.arriving {
                if case .forwarded = report.ending {
                    self.keep(exchange, state, arriving.head, arriving.content)
                } else {
                    self.finishFlight(exchange, .failed)
                }
            }
            self.finishFlight(exchange, .failed)
            self.exchanges[exchange.id] = nil
        }

        /// A whole answer has come.
        private func keep(_ exchange: ProxyExchange, _ state: EdgeExchange, _ head: CachedHead, _ content: [UInt8]) {
            let answer = StoredAnswer(
                head, content: content, variant: state.asked?.variant(head.varies) ?? [],
                tags: SurrogateKeys.tags(head.fields, authority: state.key.authority), without: self.hidden)
            self.finishFlight(exchange, self.put(answer, state, at: self.wallClock.now))
        }

        /// Stores an answer.
        /// - Returns: what that means for those who wait for it.
        private func put(_ answer: StoredAnswer, _ state: EdgeExchange, at now: Timestamp) -> Flight.End {
            guard self.store.put(answer, for: state.key, since: state.purges) else { return .failed }
            guard answer.head.isReusable(at: now) else { return .unshared }
            self.store.becameShared(state.key)
            return .stored
        }

        /// Tells those who wait; later calls say nothing more.
        private func finishFlight(_ exchange: ProxyExchange, _ end: Flight.End) {
            guard let flight = self.exchanges[exchange.id]?.flight, let key = self.exchanges[exchange.id]?.flightKey
            else { return }
            self.exchanges[exchange.id]?.flight = nil
            self.store.finish(flight, key, end)
        }
    }
#endif
