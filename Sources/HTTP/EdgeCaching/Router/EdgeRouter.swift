#if os(Linux)
    import Essentials
    import HTTPCaching
    import HTTPTransport
    import HTTPWire

    /// Answers from the store, asks the origin, and stores what comes: one for each loop.
    final class EdgeRouter: ProxyRouter {
        let configuration: EdgeConfiguration
        let store: EdgeStore
        let admin: EdgeAdmin
        let wallClock: WallClock
        let name: [UInt8]
        let largest: Int
        /// Fields that clients do not get.
        let hidden: Set<String>
        /// By the identity of the exchange.
        var exchanges: [EdgeExchange?] = []

        /// A request waits for others that often, then asks the origin by itself.
        static let mostWaits = 3

        init(_ configuration: EdgeConfiguration, _ store: EdgeStore, _ admin: EdgeAdmin, _ wallClock: WallClock) {
            self.configuration = configuration
            self.store = store
            self.admin = admin
            self.wallClock = wallClock
            self.name = Array(configuration.cacheName.utf8)
            self.largest = configuration.largestAnswer.bytes
            self.hidden = configuration.role == .edge ? SurrogateKeys.fields : []
        }

        // MARK: Requests

        func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
            while self.exchanges.count <= exchange.id { self.exchanges.append(nil) }
            if let finding = exchange.finding as? Flight.End { return self.goOn(exchange, &head, bytes, finding) }
            if self.admin.serves(head, bytes) { return self.admin.decide() }
            let request = CacheRequest(head, bytes)
            self.exchanges[exchange.id] = EdgeExchange(request: request, key: EdgeKey(head, bytes))
            let isAnswerable = request.method == .get || request.method == .head
            guard isAnswerable, head.framing == .none, head.upgrade.isEmpty, !head.host.isEmpty,
                !request.hasForeignCondition
            else {
                return self.forward(exchange, head, bytes, isAnswerable ? .bypass : .method)
            }
            return self.decide(exchange, &head, bytes)
        }

        /// Somebody else's request for the same has ended.
        private func goOn(
            _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan, _ end: Flight.End
        ) -> ProxyDecision {
            self.exchanges[exchange.id]?.waits += 1
            self.exchanges[exchange.id]?.status.isCollapsed = true
            switch end {
            case .stored, .failed: return self.decide(exchange, &head, bytes)
            case .unshared:
                self.exchanges[exchange.id]?.status.isCollapsed = false
                return self.forward(exchange, head, bytes, .uriMiss)
            }
        }

        private func decide(
            _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan
        ) -> ProxyDecision {
            guard let state = self.exchanges[exchange.id] else { return .refuse(.upstreamUnknown) }
            let now = self.wallClock.now
            let variants = self.store.find(state.key)
            guard let found = variants?.select(head.fields, bytes) else {
                return self.miss(exchange, &head, bytes, variants)
            }
            let policy = self.configuration.policy
            switch found.head.reuse(for: state.request, at: now, policy: policy) {
            case .fresh: if !exchange.isInternal { return self.serve(exchange, found, now) }
            case .staleWhileRevalidating:
                if !exchange.isInternal {
                    if found.takesRenewal(at: now) { exchange.background = BackgroundRequest.bytes(head, bytes) }
                    return self.serve(exchange, found, now)
                }
            case .afterValidation: break
            }
            self.exchanges[exchange.id]?.stored = found
            return self.validate(exchange, &head, bytes, found, now)
        }

        /// Nothing that is stored answers the request.
        private func miss(
            _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan, _ variants: StoredVariants?
        ) -> ProxyDecision {
            guard let state = self.exchanges[exchange.id] else { return .refuse(.upstreamUnknown) }
            let reason: CacheStatus.Forward = variants == nil ? .uriMiss : .varyMiss
            if state.request.directives.onlyIfCached { return self.refuseUnstored(exchange, reason) }
            guard state.request.method == .get else { return self.forward(exchange, head, bytes, reason) }
            let variant = variants?.answers.first?.varying.key(head.fields, bytes) ?? []
            return self.ask(exchange, head, bytes, reason, variant, mayLead: !state.request.isPartial)
        }

        /// What is stored answers the request if the origin says that it still holds.
        private func validate(
            _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan, _ found: StoredAnswer,
            _ now: Timestamp
        ) -> ProxyDecision {
            guard let state = self.exchanges[exchange.id] else { return .refuse(.upstreamUnknown) }
            let reason: CacheStatus.Forward = found.head.remaining(at: now) > 0 ? .request : .stale
            if state.request.directives.onlyIfCached { return self.refuseUnstored(exchange, reason) }
            guard state.request.method == .get else { return self.forward(exchange, head, bytes, reason) }
            if found.head.hasValidator {
                self.exchanges[exchange.id]?.isValidating = true
                for index in head.fields.entries.indices
                where CacheRequest.isReplaced(head.fields.entries[index], bytes) { head.drop(at: index) }
            }
            // What must be validated each time is not worth waiting for: the others must do the same afterwards.
            guard found.head.directives.noCache != .whole, found.head.lifetime > 0 else {
                return self.forward(exchange, head, bytes, reason)
            }
            let mayLead = found.head.hasValidator && state.request.range == nil || !state.request.isPartial
            return self.ask(exchange, head, bytes, reason, found.variant, mayLead: mayLead)
        }

        /// Asks the origin, or waits for who does.
        private func ask(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ reason: CacheStatus.Forward,
            _ variant: [UInt8], mayLead: Bool
        ) -> ProxyDecision {
            guard let state = self.exchanges[exchange.id], state.waits < Self.mostWaits else {
                return self.forward(exchange, head, bytes, reason)
            }
            let key = EdgeStore.FlightKey(key: state.key, variant: variant)
            switch self.store.join(key, mayLead: mayLead) {
            case .alone: break
            case .lead(let flight):
                self.exchanges[exchange.id]?.flight = flight
                self.exchanges[exchange.id]?.flightKey = key
                self.exchanges[exchange.id]?.status.isCollapsed = false
            case .wait(let flight):
                if exchange.isInternal { return .answer(ProxyAnswer(status: 204)) }
                return .wait { await flight.end() }
            }
            return self.forward(exchange, head, bytes, reason)
        }

        private func forward(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ reason: CacheStatus.Forward
        ) -> ProxyDecision {
            if head.method == .get { self.exchanges[exchange.id]?.asked = AskedHead(head, bytes) }
            self.exchanges[exchange.id]?.status.outcome = .forward(reason)
            self.exchanges[exchange.id]?.requestedAt = self.wallClock.now
            self.exchanges[exchange.id]?.purges = self.store.purgeCount
            return .forward(ProxyForward(to: 0))
        }

        /// RFC 9111 §5.2.1.7.
        private func refuseUnstored(_ exchange: ProxyExchange, _ reason: CacheStatus.Forward) -> ProxyDecision {
            self.exchanges[exchange.id]?.status.outcome = .forward(reason)
            self.exchanges[exchange.id]?.status.detail = "only-if-cached"
            let body =
                #"{"type":"/problems/not-cached","title":"The answer is not stored.","status":504,"code":"not-cached"}"#
            return .answer(
                ProxyAnswer(
                    status: 504, ["Content-Type": "application/problem+json", "Cache-Control": "no-store"], body: body))
        }

        /// Answers from the store.
        func serve(_ exchange: ProxyExchange, _ answer: StoredAnswer, _ now: Timestamp) -> ProxyDecision {
            self.exchanges[exchange.id]?.status.outcome = .hit
            return .send(self.prepare(exchange, answer, now))
        }

        func prepare(_ exchange: ProxyExchange, _ answer: StoredAnswer, _ now: Timestamp) -> PreparedAnswer {
            guard let state = self.exchanges[exchange.id] else { return answer.prepared(.whole) }
            let age = answer.head.age(at: now)
            self.exchanges[exchange.id]?.age = age / 1_000
            self.exchanges[exchange.id]?.status.timeToLive = (answer.head.lifetime - age).secondsRoundedDown
            return answer.prepared(answer.head.part(for: state.request, length: answer.content.count, now: now))
        }

        func writeRequestFields(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
        ) {
            guard let state = self.exchanges[exchange.id], state.isValidating else { return }
            state.stored?.head.writeConditions(&output)
        }
    }

    extension Int64 {
        /// Milliseconds as whole seconds.
        var secondsRoundedDown: Int64 { self >= 0 ? self / 1_000 : -((-self + 999) / 1_000) }
    }

    /// The request of a client as one that the cache makes by itself.
    enum BackgroundRequest {
        static func bytes(_ head: borrowing RequestHead, _ bytes: RawSpan) -> [UInt8] {
            var output = WireBuffer(WirePool(keeping: 0))
            output.append("GET ")
            output.appendTarget(head, bytes)
            output.append(" HTTP/1.1\r\n")
            for entry in head.fields.entries
            where !FieldSet.connectionOnly.contains(entry.id) && !entry.isDropped
                && !CacheRequest.isOfOneClient(entry, bytes)
            {
                output.append(bytes, entry.name)
                output.append(": ")
                output.append(bytes, entry.value)
                output.append("\r\n")
            }
            output.append("Connection: close\r\n\r\n")
            return output.withUnsafeBytes { Array($0) }
        }
    }
#endif
