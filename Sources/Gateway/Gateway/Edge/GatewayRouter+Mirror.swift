#if os(Linux)
    import Chassis
    import Essentials
    import GatewayCore
    import HTTPTransport
    import HTTPTypes
    import HTTPWire

    /// What is kept of a request until it was answered, for the copy that is sent then.
    struct MirrorRecord {
        var request: ServiceRequest
        var service: ServiceName
        var comparesAnswers: Bool
        var isTooLarge = false
        var answer = ContentDigest()
    }

    extension GatewayRouter {
        /// Begins to keep a request, when its route is mirrored and chance says so.
        func beginMirror(
            _ policy: MirrorPolicy, _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan
        ) {
            guard self.parts.environment.chance.below(100) < policy.percent,
                let method = HTTPRequest.Method(rawValue: bytes.text(head.methodName))
            else { return }
            let state = self.states[exchange.id]
            var fields = HTTPFields()
            for entry in head.fields.entries where !entry.isDropped {
                guard let name = HTTPField.Name(bytes.text(entry.name)) else { continue }
                fields.append(HTTPField(name: name, value: bytes.text(entry.value)))
            }
            var request = ServiceRequest(
                method,
                state.target.map { String(decoding: $0, as: UTF8.self) } ?? bytes.text(head.path)
                    + bytes.text(head.query))
            request.head.headerFields = ForwardedHeaders.outgoing(
                fields, requestID: state.id, at: state.moment, peer: String(decoding: exchange.peer, as: UTF8.self),
                trace: state.trace, isSecure: exchange.isSecure)
            if let traffic = state.traffic { request.head.headerFields.append(traffic.policy.requestHeaders.ownFields) }
            self.states[exchange.id].mirror = MirrorRecord(
                request: request, service: ServiceName(rawValue: policy.group), comparesAnswers: policy.compares)
            exchange.isWatched = true
        }

        func watched(_ exchange: ProxyExchange, request: RawSpan) {
            let kept = self.states[exchange.id].mirror?.request.body.count ?? 0
            guard kept + request.byteCount <= MirrorQueue.contentLimit else {
                self.states[exchange.id].mirror?.isTooLarge = true
                return
            }
            request.withUnsafeBytes { self.states[exchange.id].mirror?.request.body.append(contentsOf: $0) }
        }

        func watched(_ exchange: ProxyExchange, answer: RawSpan) {
            guard self.states[exchange.id].mirror?.comparesAnswers == true else { return }
            self.states[exchange.id].mirror?.answer.update(answer)
        }

        /// Has the copy sent: the client has its answer.
        func endMirror(_ exchange: ProxyExchange, _ report: ProxyReport) {
            guard let record = self.states[exchange.id].mirror, let traffic = self.states[exchange.id].traffic else {
                return
            }
            self.states[exchange.id].mirror = nil
            guard report.ending == .forwarded, !record.isTooLarge else {
                return self.parts.forwarder.mirrors.skip(traffic.route)
            }
            let answer = MirroredAnswer(status: report.status, content: record.answer)
            self.parts.forwarder.mirrors.offer(
                MirroredRequest(
                    route: traffic.route, service: record.service, request: record.request,
                    answer: record.comparesAnswers ? answer : nil))
        }
    }
#endif
