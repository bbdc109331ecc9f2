#if os(Linux)
    import Caching
    import Essentials
    import HTTPTransport
    import HTTPWire

    /// What operators ask of an edge, below `/_mainstay/`: `POST purge` and `GET status`, with a bearer token.
    final class EdgeAdmin: Sendable {
        private static let prefix: StaticString = "/_mainstay/"

        private let configuration: EdgeConfiguration
        private let store: EdgeStore

        init(_ configuration: EdgeConfiguration, _ store: EdgeStore) {
            self.configuration = configuration
            self.store = store
        }

        func serves(_ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
            let path = head.path
            guard path.count >= Self.prefix.utf8CodeUnitCount else { return false }
            return bytes.withUnsafeBytes { source in
                Self.prefix.withUTF8Buffer { source[path.start..<path.end].starts(with: $0) }
            }
        }

        /// Such a request never goes to the origin.
        func decide() -> ProxyDecision {
            guard self.configuration.token != nil else { return .refuse(.noRoute) }
            return .handle { await self.answer($0) }
        }

        func answer(_ request: ProxyRequest) async -> ProxyAnswer {
            guard self.isAllowed(request) else {
                return Self.problem(
                    401, "unauthorized", "The token is missing or wrong.", "WWW-Authenticate: Bearer\r\n")
            }
            switch (request.method, request.target) {
            case ("POST", "/_mainstay/purge"):
                guard let order = PurgeOrder(request.body) else {
                    return Self.problem(400, "invalid-purge", "The body does not say what is to be purged.")
                }
                do {
                    try await self.purge(order)
                } catch {
                    return Self.problem(502, "purge-incomplete", "Another tier did not answer; purge again.")
                }
                return ProxyAnswer(status: 204)
            case ("GET", "/_mainstay/status"): return self.status
            default: return Self.problem(404, "no-route", "Nothing is offered there.")
            }
        }

        /// Compares all bytes, so that the time says nothing about the token.
        private func isAllowed(_ request: ProxyRequest) -> Bool {
            guard let token = self.configuration.token,
                let field = request.fields.first(where: { $0.name.lowercased() == "authorization" })?.value,
                field.lowercased().hasPrefix("bearer ")
            else { return false }
            let (given, wanted) = (Array(field.utf8.dropFirst(7)), Array(token.exposed.utf8))
            guard given.count == wanted.count else { return false }
            var difference: UInt8 = 0
            for index in given.indices { difference |= given[index] ^ wanted[index] }
            return difference == 0
        }

        /// Forgets on every tier that the order is for. Behind comes first, so that nothing old can come from there afterwards; this
        /// tier forgets in any case.
        func purge(_ order: PurgeOrder) async throws {
            var failure: (any Error)?
            if order.scope == .all, let purgeBehind = self.configuration.purgeBehind {
                do { try await purgeBehind(order.with(.behind)) } catch { failure = error }
            }
            self.store.purge(order.targets ?? [])
            if order.scope != .local, let purgeInFront = self.configuration.purgeInFront {
                do { try await purgeInFront(order.with(.local)) } catch { failure = error }
            }
            if let failure { throw failure }
        }

        private var status: ProxyAnswer {
            let statistics = self.store.statistics
            let body = JSONValue.object([
                "role": .string(self.configuration.role.rawValue), "entries": .integer(self.store.count),
                "bytes": .integer(self.store.weight), "hits": .integer(statistics.hits),
                "misses": .integer(statistics.misses), "evictions": .integer(statistics.evictions),
            ]).serializedInOrder
            return ProxyAnswer(
                status: 200, fields: Array("Content-Type: application/json\r\nCache-Control: no-store\r\n".utf8),
                body: body)
        }

        private static func problem(
            _ status: Int, _ code: String, _ title: String, _ fields: String = ""
        ) -> ProxyAnswer {
            let body = JSONValue.object([
                "type": .string("/problems/\(code)"), "title": .string(title), "status": .integer(status),
                "code": .string(code),
            ]).serializedInOrder
            let lines = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n\(fields)"
            return ProxyAnswer(status: status, fields: Array(lines.utf8), body: body)
        }
    }
#endif
