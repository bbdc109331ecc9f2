#if os(Linux)
    import Chassis
    import Essentials
    import GatewayCore
    import HTTPTransport
    import HTTPWire
    import Identity
    import LoadBalancing

    /// The policies of routes, on heads as bytes.
    extension GatewayRouter {
        /// Before anything else is asked of a request: pages of other origins, and faults on purpose.
        /// - Returns: what becomes of it already; nil when it goes on.
        func prepare(
            _ traffic: TrafficPolicy, _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan
        ) throws -> ProxyDecision? {
            guard exchange.finding == nil else { return try self.abort(traffic, exchange) }
            if let cors = traffic.policy.cors {
                let origin = head.fields.first("origin", in: bytes).map { bytes.text($0) }
                if head.method == .options, let answer = Self.preflight(cors, origin, head, bytes) {
                    return .answer(answer)
                }
                self.states[exchange.id].answerLines += cors.fields(origin: origin).flatMap(\.line)
            }
            guard let policy = traffic.policy.fault else { return nil }
            let hasHeader = traffic.faultHeader.map { Self.value(of: $0, head, bytes) != nil } ?? false
            let fault = policy.draw(hasHeader: hasHeader, self.parts.environment.chance)
            self.states[exchange.id].abort = fault.abort
            guard let delay = fault.delay else { return try self.abort(traffic, exchange) }
            let time = self.parts.environment.time
            return .wait {
                try? await time.sleep(for: delay)
                return Finding.delayed
            }
        }

        private func abort(_ traffic: TrafficPolicy, _ exchange: ProxyExchange) throws -> ProxyDecision? {
            guard let status = self.states[exchange.id].abort else { return nil }
            throw Problem.injectedFault(status, of: traffic.route)
        }

        private static func preflight(
            _ cors: CORSPolicy, _ origin: String?, _ head: borrowing RequestHead, _ bytes: RawSpan
        ) -> ProxyAnswer? {
            let method = head.fields.first("access-control-request-method", in: bytes).map { bytes.text($0) }
            let headers = head.fields.first("access-control-request-headers", in: bytes).map { bytes.text($0) }
            guard let preflight = CORSPolicy.Preflight(origin: origin, method: method, headers: headers) else {
                return nil
            }
            return ProxyAnswer(status: 204, fields: cors.fields(for: preflight).flatMap(\.line))
        }

        /// What a request that carries a good token, or needs none, must meet besides.
        func admit(
            _ traffic: TrafficPolicy, _ principal: Principal?, _ exchange: ProxyExchange, _ tenant: WireRange,
            _ head: borrowing RequestHead, _ bytes: RawSpan
        ) throws {
            try traffic.requireScopes(principal)
            guard let limit = traffic.policy.rateLimit else { return }
            var key: UInt64?
            switch limit.key {
            case .client: break
            case .tenant: if !tenant.isEmpty { key = BalancingKey.of(bytes.text(tenant).lowercased()) }
            case .subject: key = principal.map { TrafficPolicy.limitKey(of: $0) }
            case .header:
                if let name = traffic.limitHeader, let value = Self.value(of: name, head, bytes) {
                    key = BalancingKey.of(bytes.extracting(value.start..<value.end))
                }
            }
            let fields = try traffic.count(key ?? Forwarder.clientKey(exchange.peer))
            self.states[exchange.id].answerLines += fields.flatMap(\.line)
        }

        /// What of a request changes on its way, and how often it may be sent.
        func apply(
            _ traffic: TrafficPolicy, _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan,
            _ forward: inout ProxyForward
        ) {
            if traffic.policy.compression != nil {
                self.states[exchange.id].acceptEncoding = head.fields.first("accept-encoding", in: bytes).map {
                    bytes.text($0)
                }
            }
            forward.deadline = traffic.policy.timeout ?? forward.deadline
            if let retries = traffic.policy.retries {
                forward.attempts = retries.attempts
                forward.attemptTimeout = retries.attemptTimeout
                traffic.began(at: exchange.began)
            }
            if let edit = traffic.requestEdit {
                for index in 0..<head.fields.count {
                    let name = head.fields.entries[index].name
                    if edit.drops(bytes.extracting(name.start..<name.end)) { head.drop(at: index) }
                }
            }
            if !traffic.policy.requestQuery.isEmpty {
                var target = self.states[exchange.id].target
                if target == nil {
                    let path = bytes.text(head.path)
                    target = Array(((path.isEmpty ? "/" : path) + bytes.text(head.query)).utf8)
                }
                self.states[exchange.id].target = traffic.policy.requestQuery.applied(to: target ?? [])
            }
            if let mirror = traffic.policy.mirror { self.beginMirror(mirror, exchange, head, bytes) }
        }

        func repeats(_ exchange: ProxyExchange, after failure: ProxyFailure) -> Bool {
            guard let traffic = self.states[exchange.id].traffic else { return failure == .brokeOff }
            return traffic.repeats(after: failure, at: self.parts.environment.time.now)
        }

        /// Marks what does not go back to the client.
        func edit(_ traffic: TrafficPolicy, _ head: inout ResponseHead, _ bytes: RawSpan) {
            let hasOrigins = traffic.policy.cors != nil
            for index in 0..<head.fields.count {
                let name = head.fields.entries[index].name
                let span = bytes.extracting(name.start..<name.end)
                if hasOrigins && CORSPolicy.owns(span) || traffic.answerEdit?.drops(span) == true {
                    head.drop(at: index)
                }
            }
        }

        /// The value of the first field of that name.
        /// - Parameter name: in lower case.
        private static func value(
            of name: [UInt8], _ head: borrowing RequestHead, _ bytes: RawSpan
        ) -> WireRange? {
            for index in 0..<head.fields.count {
                let entry = head.fields.entries[index]
                guard entry.name.count == name.count else { continue }
                if HeaderEdit.isSame(bytes.extracting(entry.name.start..<entry.name.end), name) { return entry.value }
            }
            return nil
        }
    }

    extension HeaderChanges.Field {
        fileprivate var line: [UInt8] { Array("\(self.name): \(self.value)\r\n".utf8) }
    }
#endif
