public import HTTPWire

/// Where a request goes on to, as text. Only for decisions that change something.
extension RoutingTable {
    /// Path and query for the service; what the client sent unless the decision ``RouteDecision/isRewritten``.
    public func target(_ decision: RouteDecision, _ head: borrowing RequestHead, _ bytes: RawSpan) -> [UInt8] {
        let rewrite = decision.route < 0 ? Rewrite.none : self.routes[decision.route].rewrite
        return self.path(rewrite, decision.route, head, bytes) + Self.array(bytes.extracting(head.query.bounds))
    }

    /// The `Location` of a decision to redirect.
    /// - Parameter isSecure: whether the request came over TLS.
    public func location(
        _ decision: RouteDecision, _ head: borrowing RequestHead, _ bytes: RawSpan, isSecure: Bool
    ) -> [UInt8] {
        guard decision.route >= 0, case .redirect(let redirect) = self.routes[decision.route].action else { return [] }
        var location: [UInt8] = []
        if redirect.scheme != nil || redirect.host != nil {
            let host = redirect.host.map { Array($0.utf8) } ?? Self.array(bytes.extracting(head.host.bounds))
            location = Array("\(redirect.scheme ?? (isSecure ? "https" : "http"))://".utf8) + host
        }
        location += self.path(redirect.path, decision.route, head, bytes)
        if redirect.keepsQuery { location += Self.array(bytes.extracting(head.query.bounds)) }
        return location
    }

    private func path(
        _ rewrite: Rewrite, _ route: Int, _ head: borrowing RequestHead, _ bytes: RawSpan
    ) -> [UInt8] {
        let path = head.path.isEmpty ? Array("/".utf8) : Self.array(bytes.extracting(head.path.bounds))
        switch rewrite {
        case .none: return path
        case .prefix(let replacement):
            let start = replacement.hasSuffix("/") ? replacement.dropLast() : Substring(replacement)
            let rewritten = Array(start.utf8) + path.dropFirst(self.prefixLength(route))
            return rewritten.isEmpty ? Array("/".utf8) : rewritten
        case .path(let template): return self.filled(template, route, path)
        }
    }

    /// How many bytes of a path the route's prefix takes; of a pattern everything.
    private func prefixLength(_ route: Int) -> Int {
        switch self.compiled[route].path {
        case .exact, .prefix: Int(self.compiled[route].literal.count)
        case .pattern: .max
        }
    }

    /// The template with its names replaced by what the route's pattern found for them.
    private func filled(_ template: String, _ route: Int, _ path: [UInt8]) -> [UInt8] {
        let found = path.dropFirst().split(separator: .slash, omittingEmptySubsequences: false)
        var values: [String: [UInt8]] = [:]
        for (index, segment) in self.routes[route].match.path.segments.enumerated() where index < found.count {
            switch segment {
            case .literal: break
            case .one(let name): values[name] = Array(found[index])
            case .rest(let name): values[name] = Array(found[index...].joined(separator: [.slash]))
            }
        }
        var result: [UInt8] = []
        for segment in PathPattern.pattern(template).segments {
            result.append(.slash)
            switch segment {
            case .literal(let text): result += Array(text.utf8)
            case .one(let name), .rest(let name): result += values[name] ?? []
            }
        }
        return result.isEmpty ? [.slash] : result
    }

    private static func array(_ bytes: RawSpan) -> [UInt8] { (0..<bytes.byteCount).map { bytes.at($0) } }
}
