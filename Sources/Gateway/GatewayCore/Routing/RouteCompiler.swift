import HTTPWire
import LoadBalancing

/// The arrays that compiled routes point into.
struct RoutingParts: Sendable {
    var bytes: [UInt8] = Array("/".utf8)
    var segments: [CompiledSegment] = []
    var hosts: [CompiledHost] = []
    var names: [Piece] = []
    var conditions: [CompiledCondition] = []
    var splits: [CompiledSplit] = []
    var versionParameter = Piece()
    var versionMediaParameter = Piece()
    /// With a dot before it.
    var tenantDomain: Piece?
    var tenantHeader: CompiledCondition?

    mutating func add(_ text: String) -> Piece {
        let piece = Piece(start: Int32(self.bytes.count), count: Int32(text.utf8.count))
        self.bytes += Array(text.utf8)
        return piece
    }
}

/// Turns routes into numbers.
struct RouteCompiler {
    private let groups: [String]
    private(set) var parts = RoutingParts()

    init(groups: [String], _ settings: RoutingSettings) {
        self.groups = groups
        self.parts.versionParameter = self.parts.add(settings.versionParameter)
        self.parts.versionMediaParameter = self.parts.add(settings.versionMediaParameter.lowercased())
        if let domain = settings.tenantDomain { self.parts.tenantDomain = self.parts.add("." + domain.lowercased()) }
        if let header = settings.tenantHeader {
            self.parts.tenantHeader = self.condition(ValueCondition(header, .present), isHeader: true)
        }
    }

    mutating func compile(_ route: Route) -> CompiledRoute {
        if let problem = route.match.path.problem { preconditionFailure("route \(route.name): \(problem)") }
        var compiled = CompiledRoute()
        self.compilePath(route.match.path, into: &compiled)
        self.compileMethods(route, into: &compiled)
        compiled.hosts = self.hosts(route.match.hosts)
        compiled.headers = self.conditions(route.match.headers, isHeader: true)
        compiled.query = self.conditions(route.match.query, isHeader: false)
        compiled.tenants = self.names(route.match.tenants)
        compiled.version = Int32(route.match.version?.number ?? 0)
        compiled.isDefaultVersion = route.match.version?.isDefault ?? false
        compiled.served = Int32(route.serves?.number ?? 0)
        compiled.isRewritten = route.rewrite != .none
        compiled.needsToken = route.policy.needsToken
        switch route.action {
        case .forward(let split) where split.targets.count == 1 && split.overrides.isEmpty:
            compiled.group = self.group(split.targets[0].group)
        case .forward(let split):
            compiled.split = Int32(self.parts.splits.count)
            let split = self.split(split)
            self.parts.splits.append(split)
        case .redirect(let redirect): compiled.redirectStatus = Int32(redirect.status)
        case .refuse(let refusal): compiled.refusal = refusal
        }
        return compiled
    }

    private func group(_ name: String) -> Int32 {
        guard let index = self.groups.firstIndex(of: name) else {
            preconditionFailure("the groups were gathered from the routes")
        }
        return Int32(index)
    }

    private mutating func compilePath(_ path: PathPattern, into compiled: inout CompiledRoute) {
        switch path {
        case .exact(let text):
            compiled.path = .exact
            compiled.literal = self.parts.add(text)
        case .prefix(let text):
            compiled.path = .prefix
            compiled.literal = self.parts.add(text.hasSuffix("/") ? String(text.dropLast()) : text)
        case .pattern:
            compiled.path = .pattern
            let segments = path.segments.map { segment in
                switch segment {
                case .literal(let text): CompiledSegment(kind: .literal, literal: self.parts.add(text))
                case .one: CompiledSegment(kind: .one, literal: Piece())
                case .rest: CompiledSegment(kind: .rest, literal: Piece())
                }
            }
            compiled.segments = Piece(start: Int32(self.parts.segments.count), count: Int32(segments.count))
            self.parts.segments += segments
        }
    }

    private mutating func compileMethods(_ route: Route, into compiled: inout CompiledRoute) {
        var methods = route.match.methods
        guard !methods.isEmpty else { return }
        if methods.contains("GET") { methods.append("HEAD") }
        // Browsers ask with OPTIONS before they send anything else.
        if route.policy.cors != nil { methods.append("OPTIONS") }
        var others: [String] = []
        for name in methods {
            if let method = WireMethod(named: name) {
                compiled.methods |= 1 << UInt16(method.rawValue)
            } else {
                others.append(name)
            }
        }
        compiled.otherMethods = self.names(others)
    }

    private mutating func hosts(_ hosts: [String]) -> Piece {
        let compiled = hosts.map { host in
            let isWildcard = host.hasPrefix("*.")
            let name = self.parts.add((isWildcard ? String(host.dropFirst()) : host).lowercased())
            return CompiledHost(name: name, isWildcard: isWildcard)
        }
        let piece = Piece(start: Int32(self.parts.hosts.count), count: Int32(compiled.count))
        self.parts.hosts += compiled
        return piece
    }

    private mutating func names(_ names: [String]) -> Piece {
        let compiled = names.map { self.parts.add($0) }
        let piece = Piece(start: Int32(self.parts.names.count), count: Int32(compiled.count))
        self.parts.names += compiled
        return piece
    }

    private mutating func conditions(_ conditions: [ValueCondition], isHeader: Bool) -> Piece {
        let compiled = conditions.map { self.condition($0, isHeader: isHeader) }
        let piece = Piece(start: Int32(self.parts.conditions.count), count: Int32(compiled.count))
        self.parts.conditions += compiled
        return piece
    }

    private mutating func condition(_ condition: ValueCondition, isHeader: Bool) -> CompiledCondition {
        let name = isHeader ? condition.name.lowercased() : condition.name
        let (test, value): (CompiledCondition.Test, String) =
            switch condition.test {
            case .present: (.present, "")
            case .absent: (.absent, "")
            case .equals(let value): (.equals, value)
            case .prefix(let value): (.prefix, value)
            }
        return CompiledCondition(
            test: test, field: isHeader ? FieldID(named: name) : .other, name: self.parts.add(name),
            value: self.parts.add(value))
    }

    private mutating func split(_ split: Split) -> CompiledSplit {
        var compiled = CompiledSplit(key: RequestKey(split.key), salt: BalancingKey.of(split.name))
        for target in split.targets where target.weight > 0 {
            compiled.total += UInt64(target.weight)
            compiled.targets.append((self.group(target.group), compiled.total))
        }
        precondition(compiled.total > 0, "a split needs a target with a weight")
        compiled.overrides = split.overrides.map { override in
            let test = override.value.map { ValueCondition.Test.equals($0) } ?? .present
            let condition = self.condition(ValueCondition(override.header, test), isHeader: true)
            return (condition, self.group(override.group))
        }
        return compiled
    }
}

extension FieldID {
    /// - Parameter name: in lower case.
    init(named name: String) {
        self = Self.allCases.first { $0 != .other && $0.name == name } ?? .other
    }
}

extension WireMethod {
    /// Nil for a method without a meaning of its own.
    init?(named name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "PATCH": self = .patch
        case "TRACE": self = .trace
        case "CONNECT": self = .connect
        default: return nil
        }
    }
}
