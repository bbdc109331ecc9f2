#if os(Linux)
    import Chassis
    import Essentials
    import GatewayCore
    import HTTPTransport
    import HTTPWire
    import HTTPTypes
    import Identity
    import LoadBalancing
    import Resilience

    /// The gateway on one event loop: what ``Forwarder`` does with whole messages, done with heads as bytes.
    ///
    /// What needs a whole message (pages of the gateway's own, older routes with their envelope, log-ins with their
    /// limit, HEAD) goes to the same handler that the simulator uses.
    final class GatewayRouter: ProxyRouter {
        let parts: GatewayParts
        let log: AccessLog?
        let metrics: EdgeMetrics
        private let addresses: EdgeAddresses
        private let ids: IDSource
        private let chance: Chance
        var states: [ExchangeState] = []
        private var tokens: TokenCache
        private let deadline: Duration
        private var ownFields: OwnFields
        /// The routes in force when the last request came.
        private var edition: Edition
        private var balancers: Balancers
        private let ownPages = LocalPages.paths.map { Array($0.utf8) }
        private let explanations = Array(LocalPages.explanations.utf8)
        private let loginPaths = Forwarder.loginPaths.map { Array($0.utf8) }
        private let eventStream = Array("text/event-stream".utf8)

        init(_ parts: GatewayParts, _ addresses: EdgeAddresses, log: AccessLog?, metrics: EdgeMetrics) {
            let environment = parts.environment
            self.parts = parts
            self.addresses = addresses
            self.log = log
            self.metrics = metrics
            // The system's generator is a system call each time; ids of requests need to be unique, not secret.
            self.chance = Chance(seed: environment.chance.next())
            self.ids = IDSource(wallClock: environment.wallClock, chance: self.chance)
            self.tokens = TokenCache(secret: environment.chance.next())
            self.deadline = parts.forwarder.configuration.deadline
            self.ownFields = OwnFields(deadline: self.deadline)
            self.edition = Edition(parts.forwarder.plan.current, parts.forwarder)
            self.balancers = Balancers(parts.board, chance: self.chance)
        }

        /// A table, and what is asked of its routes with every request.
        private struct Edition {
            let generation: Int
            let routes: RoutingTable
            /// By route.
            let isLegacy: [Bool]
            let priorities: [CallPriority]
            let traffic: [TrafficPolicy?]
            /// By group.
            let lanes: [UpstreamGuards.Lane]

            init(_ edition: GatewayPlan.Edition, _ forwarder: Forwarder) {
                self.generation = edition.generation
                self.routes = edition.table
                self.isLegacy = edition.table.routes.map(\.policy.isLegacy)
                self.priorities = edition.table.routes.map(\.policy.priority)
                self.traffic = forwarder.book.policies(of: edition)
                self.lanes = forwarder.guards.lanes(edition.table.groups)
            }
        }

        // MARK: Deciding

        func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
            if exchange.finding == nil { self.begin(exchange, &head, bytes) }
            do {
                return try self.decide(exchange, &head, bytes)
            } catch {
                return .answer(self.answer(for: error, exchange))
            }
        }

        /// A request is new.
        private func begin(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) {
            while self.states.count <= exchange.id { self.states.append(ExchangeState()) }
            var line: [UInt8] = []
            swap(&line, &self.states[exchange.id].line)
            line.removeAll(keepingCapacity: true)
            if self.log != nil { AccessLog.append(head, bytes, to: &line) }
            let client = self.dropFields(&head, bytes)
            var trace = TraceContext.continuing(client, chance: self.chance)
            self.parts.environment.tracing?.decide(&trace)
            self.states[exchange.id] = ExchangeState(
                id: self.ids.next(), moment: self.parts.environment.wallClock.now, trace: trace,
                parent: client?.span ?? 0, draw: self.chance.next(), line: line)
        }

        /// Marks what only the platform may say.
        /// - Returns: the client's trace context, if it sent a valid one.
        private func dropFields(_ head: inout RequestHead, _ bytes: RawSpan) -> TraceContext? {
            var traces = 0
            var trace: TraceContext?
            for index in 0..<head.fields.count {
                let entry = head.fields.entries[index]
                if entry.id == .traceparent {
                    traces += 1
                    let value = entry.value
                    trace = bytes.withUnsafeBytes {
                        TraceContext(UnsafeRawBufferPointer(rebasing: $0[value.start..<value.end]))
                    }
                    head.drop(at: index)
                } else if entry.id == .other, ForwardedHeaders.isPlatformOnly(entry.name, bytes) {
                    head.drop(at: index)
                }
            }
            return traces == 1 ? trace : nil
        }

        private func decide(
            _ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan
        ) throws -> ProxyDecision {
            let peer = exchange.peer
            if self.parts.forwarder.plan.generation != self.edition.generation {
                self.edition = Edition(self.parts.forwarder.plan.current, self.parts.forwarder)
            }
            self.balancers.follow(self.edition.routes.groups, at: exchange.began)
            let (client, draw) = (BalancingKey.of(peer.span.bytes), self.states[exchange.id].draw)
            let decision = self.edition.routes.decide(head, bytes, peer: client, draw: draw)
            let traffic = decision.route < 0 ? nil : self.edition.traffic[decision.route]
            exchange.bodyLimit = traffic?.policy.bodyLimit.map { Int64($0.bytes) } ?? GatewayEdge.bodyLimit
            if self.parts.environment.tracing != nil, decision.route >= 0 {
                self.states[exchange.id].route = self.edition.routes.routes[decision.route].name
            }
            guard let group = self.forwardedGroup(decision, exchange, head, bytes) else { return self.handle(exchange) }
            if exchange.finding == nil {
                self.states[exchange.id].traffic = traffic
                if decision.version > 0 {
                    self.parts.control.countVersion(
                        decision, self.edition.routes, consumer: String(decoding: exchange.peer, as: UTF8.self))
                }
                try self.parts.forwarder.admit(exchange.peer)
                if decision.version > 0 || decision.variesByAccept {
                    self.states[exchange.id].answerLines = self.edition.routes.answerFields(decision).flatMap {
                        Array("\($0.name): \($0.value)\r\n".utf8)
                    }
                }
            }
            if let traffic, let done = try self.prepare(traffic, exchange, head, bytes) { return done }
            if !self.states[exchange.id].isAdmitted {
                var principal: Principal?
                if decision.needsToken {
                    switch try self.checkToken(exchange, head, bytes) {
                    case .good(let found): principal = found
                    case .unknown(let wait): return wait
                    }
                }
                if let traffic { try self.admit(traffic, principal, exchange, decision.tenant, head, bytes) }
                self.states[exchange.id].isAdmitted = true
            }
            try self.requireAvailable(group)
            self.states[exchange.id].hostKey = self.balancers.key(group, head, bytes, peer: client, draw: draw)
            let priority = self.edition.priorities[decision.route]
            if let wait = try self.takeTurn(exchange, group, priority) { return wait }
            self.states[exchange.id].group = group
            self.states[exchange.id].priority = priority
            var forward = ProxyForward(to: group, deadline: self.deadline)
            if let traffic { self.apply(traffic, exchange, &head, bytes, &forward) }
            return .forward(forward)
        }

        private func requireAvailable(_ group: Int) throws {
            try self.parts.upstreams.requireAvailable(group)
            guard let reason = self.balancers.unavailability(group) else { return }
            throw Upstreams.isDown(self.parts.upstreams.service(group), reason)
        }

        /// The group of a request whose body passes unseen; nil when a handler must see it, or refuse it.
        private func forwardedGroup(
            _ decision: RouteDecision, _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan
        ) -> Int? {
            guard let group = decision.group, head.method != .head, !self.edition.isLegacy[decision.route],
                !self.isOwnPage(head.path, bytes), self.addresses.isNumeric(group)
            else { return nil }
            if decision.isRewritten {
                self.states[exchange.id].target = self.edition.routes.target(decision, head, bytes)
            }
            return self.isLogin(exchange, head, bytes) ? nil : group
        }

        /// Whether a request is one whose failures are counted.
        private func isLogin(_ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
            guard head.method == .post else { return false }
            guard let target = self.states[exchange.id].target else {
                for path in self.loginPaths where Self.isSame(head.path, bytes, path) { return true }
                return false
            }
            return self.loginPaths.contains { target.prefix { $0 != UInt8(ascii: "?") } == $0[...] }
        }

        /// The gateway's own pages come before all routes.
        private func isOwnPage(_ path: WireRange, _ bytes: RawSpan) -> Bool {
            for page in self.ownPages where Self.isSame(path, bytes, page) { return true }
            let start = WireRange(start: path.start, count: Swift.min(path.count, self.explanations.count))
            return Self.isSame(start, bytes, self.explanations)
        }

        private static func isSame(_ range: WireRange, _ bytes: RawSpan, _ wanted: [UInt8]) -> Bool {
            guard range.count == wanted.count else { return false }
            for index in wanted.indices {
                let byte = bytes.unsafeLoad(fromByteOffset: range.start + index, as: UInt8.self)
                if byte != wanted[index] { return false }
            }
            return true
        }

        private func handle(_ exchange: ProxyExchange) -> ProxyDecision {
            self.states[exchange.id].isHandled = true
            let (parts, id, trace) = (self.parts, self.states[exchange.id].id, self.states[exchange.id].trace)
            return .handle { request in
                let unreadable = Problem(.malformedBody, "the request cannot be read")
                guard var asked = ServiceRequest(request) else {
                    return unreadable.response(instance: id.description).answer
                }
                asked.head.headerFields[.traceparent] = trace.header
                do {
                    return try await parts.answer(asked, id: id).answer
                } catch {
                    let problem = Problem(.shuttingDown, "the gateway is shutting down", retryAfter: .seconds(1))
                    return problem.response(instance: id.description).answer
                }
            }
        }

        // MARK: Tokens and turns

        private enum Token {
            case good(Principal)
            /// It must be waited for what is known of it.
            case unknown(ProxyDecision)
        }

        private func checkToken(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan
        ) throws -> Token {
            guard let token = self.token(head, bytes) else { throw TokenCheck.missing }
            let now = self.states[exchange.id].moment
            switch exchange.finding as? Finding {
            case .token(let result):
                let principal = try result.get()
                self.tokens.insert(principal, bytes, token, at: now)
                return .good(principal)
            case .turn, .delayed, nil:
                guard let principal = self.tokens.principal(bytes, token, at: now) else {
                    let (check, header) = (self.parts.forwarder.tokens, "Bearer \(bytes.text(token))")
                    return .unknown(
                        .wait {
                            do {
                                return Finding.token(.success(try await check.principal(of: header)))
                            } catch {
                                return Finding.token(.failure(error))
                            }
                        })
                }
                try self.parts.forwarder.tokens.requireValid(principal)
                return .good(principal)
            }
        }

        /// The bytes behind `Bearer`; nil when there is no such field. Several fields are one that nobody accepts.
        private func token(_ head: borrowing RequestHead, _ bytes: RawSpan) -> WireRange? {
            var found: WireRange?
            for index in 0..<head.fields.count where head.fields.entries[index].id == .authorization {
                guard found == nil else { return nil }
                found = head.fields.entries[index].value
            }
            guard let found, found.count > 7 else { return nil }
            let scheme = bytes.unsafeLoadUnaligned(fromByteOffset: found.start, as: UInt64.self)
            let isBearer = scheme & 0x00FF_FFFF_FFFF_FFFF | 0x0000_2020_2020_2020 == 0x0020_7265_7261_6562
            return isBearer ? WireRange(from: found.start + 7, to: found.end) : nil
        }

        /// - Returns: nil when the request may be sent now.
        private func takeTurn(
            _ exchange: ProxyExchange, _ group: Int, _ priority: CallPriority
        ) throws -> ProxyDecision? {
            if case .turn(let result) = exchange.finding as? Finding {
                self.states[exchange.id].passage = try result.get().take()
                return nil
            }
            let pipeline = self.edition.lanes[group].pipeline(priority)
            let client = String(decoding: exchange.peer, as: UTF8.self)
            let passage = try pipeline.enter(priority, CallTraits(group: client))
            guard passage.isQueued else {
                self.states[exchange.id].passage = passage
                return nil
            }
            return .wait {
                var passage = passage
                do {
                    try await CallPriority.$current.withValue(priority) { try await passage.wait() }
                    return Finding.turn(.success(HeldPassage(passage)))
                } catch {
                    return Finding.turn(.failure(error))
                }
            }
        }

        // MARK: Fields

        func writeTarget(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
        ) {
            if let target = self.states[exchange.id].target {
                output.append(contentsOf: target)
            } else {
                output.appendTarget(head, bytes)
            }
        }

        func writeRequestFields(
            _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
        ) {
            self.ownFields.write(self.states[exchange.id], peer: exchange.peer, &output)
            if let edit = self.states[exchange.id].traffic?.requestEdit { output.append(contentsOf: edit.lines) }
        }

        func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan) {
            if self.isEndless(head, bytes) {
                // How long somebody listens says nothing about the service, and holds no place in it.
                self.states[exchange.id].passage?.leave(.failure(CancellationError()))
                self.states[exchange.id].passage = nil
            }
            for index in 0..<head.fields.count
            where head.fields.entries[index].id == .other
                && ForwardedHeaders.isRequestID(head.fields.entries[index].name, bytes)
            {
                head.drop(at: index)
            }
            self.states[exchange.id].isFromService = true
            if let traffic = self.states[exchange.id].traffic {
                if let compression = traffic.policy.compression { self.compress(compression, exchange, &head, bytes) }
                self.edit(traffic, &head, bytes)
            }
        }

        /// Whether an answer lasts as long as both sides like: an upgrade, a stream of events.
        private func isEndless(_ head: borrowing ResponseHead, _ bytes: RawSpan) -> Bool {
            if head.status == 101 { return true }
            guard let type = head.fields.first(.contentType), type.count >= self.eventStream.count else { return false }
            return Self.isSame(WireRange(start: type.start, count: self.eventStream.count), bytes, self.eventStream)
        }

        func writeAnswerFields(_ exchange: ProxyExchange, status: Int, _ output: inout WireBuffer) {
            if self.states[exchange.id].isHandled { return }
            OwnFields.writeID(self.states[exchange.id].id, &output)
            if !self.states[exchange.id].answerLines.isEmpty {
                output.append(contentsOf: self.states[exchange.id].answerLines)
            }
            if self.states[exchange.id].isFromService, let edit = self.states[exchange.id].traffic?.answerEdit {
                output.append(contentsOf: edit.lines)
            }
        }

        // MARK: Hosts

        func choose(_ exchange: ProxyExchange, group: Int, of endpoints: [Endpoint], attempt: Int) -> Int? {
            guard self.balancers.has(group) else { return nil }
            let isFirst = attempt == 1 && exchange.finding == nil
            let now = isFirst ? exchange.began : self.parts.environment.time.now
            let before = self.states[exchange.id].lease
            if let before {
                // Asked for the same attempt again, it was not tried at all.
                let isTried = attempt > self.states[exchange.id].attempt
                self.balancers.ended(before, isTried ? .failure : .cancelled, at: now)
            }
            let lease = self.balancers.pick(
                group, key: self.states[exchange.id].hostKey, avoiding: before, at: now)
            self.states[exchange.id].lease = lease
            self.states[exchange.id].attempt = attempt
            // The loop hears of a list before the balancers do; between the two it takes hosts in turn.
            guard let lease, let position = self.balancers.position(lease), position < endpoints.count else {
                return nil
            }
            return position
        }

        // MARK: Endings

        func answer(to problem: EdgeProblem, _ exchange: ProxyExchange?) -> ProxyAnswer? {
            switch problem {
            case .malformed(.contentTooLarge):
                let limit = ByteCount(bytes: Int(exchange?.bodyLimit ?? GatewayEdge.largestBody))
                return Problem.bodyTooLarge(limit).response(
                    instance: exchange.map { self.states[$0.id].id.description }
                )
                .answer
            case .malformed, .headTimeout, .bodyTimeout, .ambiguousPath, .noRoute, .overloaded, .upstreamBusy:
                return self.told(problem).response(instance: exchange.map { self.states[$0.id].id.description }).answer
            case .upstreamUnreachable, .upstreamFailed, .upstreamTimeout, .upstreamUnknown:
                guard let exchange, let failure = problem.failure else { return nil }
                let service = self.parts.upstreams.service(self.states[exchange.id].group)
                return self.answer(for: self.parts.forwarder.problem(for: failure, of: service), exchange)
            }
        }

        /// A problem of the transport's, as the gateway tells its own.
        private func told(_ problem: EdgeProblem) -> Problem {
            var told = Problem(ProblemType(problem), problem.title)
            told.retryAfter = problem.retryAfter.map { .seconds($0) }
            if case .malformed(let code) = problem { told.details["rule"] = .string(code.rawValue) }
            return told
        }

        private func answer(for error: any Error, _ exchange: ProxyExchange) -> ProxyAnswer {
            self.parts.forwarder.problem(for: error, id: self.states[exchange.id].id).answer
        }

        private func recordRelease(_ report: ProxyReport) {
            guard let group = report.group, report.hostOutcome != .cancelled else { return }
            self.parts.control.releases.record(
                self.edition.routes.groups[group], isSuccess: report.hostOutcome == .success,
                took: (report.answered ?? report.ended) - report.began)
        }

        func ended(_ exchange: ProxyExchange, _ report: ProxyReport) {
            self.states[exchange.id].passage?.leave(report.outcome)
            self.states[exchange.id].passage = nil
            if let lease = self.states[exchange.id].lease {
                self.balancers.ended(lease, report.hostOutcome, at: report.answered ?? report.ended)
            }
            if exchange.isWatched { self.endMirror(exchange, report) }
            self.recordRelease(report)
            self.metrics.record(report)
            if let tracing = self.parts.environment.tracing {
                let service = report.group.map { ServiceName(rawValue: self.edition.routes.groups[$0]) }
                tracing.record(self.states[exchange.id], report, service: service)
            }
            self.log?.write(
                self.states[exchange.id], self.ownFields.text(of: self.states[exchange.id].moment), exchange, report)
        }
    }

    extension EdgeProblem {
        /// The same as an error of a transport.
        fileprivate var failure: TransportError? {
            switch self {
            case .upstreamUnreachable: TransportError(.notConnected, "it refuses connections")
            case .upstreamUnknown: TransportError(.unknownService, "no address is known")
            case .upstreamTimeout: TransportError(.deadlineExceeded, "it did not answer in time")
            case .upstreamFailed: TransportError(.connectionLost, "the connection broke")
            case .upstreamBusy, .malformed, .ambiguousPath, .noRoute, .headTimeout, .bodyTimeout, .overloaded: nil
            }
        }
    }

    extension ProxyReport {
        /// What it says about the service.
        fileprivate var outcome: Outcome {
            switch self.ending {
            case .forwarded, .answered, .tunnel:
                FailedAnswer(status: self.status, ServiceResponse(status: .ok)).map { .failure($0) } ?? .success
            case .clientLeft: .failure(CancellationError())
            case .upstreamBroke: .failure(TransportError(.connectionLost, "the answer broke off"))
            case .problem(let problem): .failure(problem.failure ?? CancellationError())
            }
        }

        /// What it says about the host that it was sent to last.
        fileprivate var hostOutcome: CallOutcome {
            switch self.ending {
            case .forwarded, .answered, .tunnel: self.status >= 500 ? .failure : .success
            case .clientLeft: .cancelled
            case .upstreamBroke: .failure
            case .problem(let problem): problem.failure == nil ? .cancelled : .failure
            }
        }
    }
#endif
