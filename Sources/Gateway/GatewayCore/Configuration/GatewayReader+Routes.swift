import Essentials
import HTTPWire

/// Routes, where they lead, and resources.
extension GatewayReader {
    mutating func route(_ node: ConfigurationNode, _ place: String, _ defaults: RoutePolicy) -> Route? {
        let path = self.path(node, place)
        let action = self.action(node, place, path)
        let rewrite = self.rewrite(node["rewrite"], "\(place).rewrite", path)
        let match = RouteMatch(
            path ?? .prefix("/"), hosts: self.hosts(node, place),
            methods: self.methods(node["methods"], "\(place).methods"),
            headers: self.conditions(node["headers"], "\(place).headers"),
            query: self.conditions(node["query"], "\(place).query"), tenants: Self.texts(node["tenants"]))
        let policy = self.policy(node, place, defaults)
        guard let name = node["name"]?.text, path != nil, let action else { return nil }
        return Route(
            name, match, action, rewrite: rewrite, policy: policy, priority: Self.integer(node["priority"]) ?? 0)
    }

    private mutating func path(_ node: ConfigurationNode, _ place: String) -> PathPattern? {
        let given = ["path", "exact", "pattern"].filter { node[$0] != nil }
        guard given.count == 1, let kind = given.first, let text = node[kind]?.text else {
            let found = given.isEmpty ? "none is given" : "\(given.joined(separator: " and ")) are given"
            if given.count != 1 { self.refuse(node, place, "one of path, exact and pattern is needed; \(found)") }
            return nil
        }
        let trimmed = kind == "path" && text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        let path: PathPattern =
            switch kind {
            case "exact": .exact(text)
            case "pattern": .pattern(text)
            default: .prefix(trimmed)
            }
        guard let problem = path.problem else { return path }
        self.refuse(node[kind], "\(place).\(kind)", problem)
        return nil
    }

    private mutating func hosts(_ node: ConfigurationNode, _ place: String) -> [String] {
        for (index, item) in (node["hosts"]?.items ?? []).enumerated() {
            guard let host = item.text else { continue }
            let name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
            let isName =
                !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._[]:".contains($0)) }
            if !isName || name.contains(":") && !name.hasPrefix("[") {
                self.refuse(
                    item, "\(place).hosts[\(index)]",
                    "'\(host)' is no host; accepted: a name without port, or *. and a name")
            }
        }
        return Self.texts(node["hosts"])
    }

    mutating func methods(_ node: ConfigurationNode?, _ place: String) -> [String] {
        for item in node?.items ?? [] {
            guard let name = item.text, name != name.uppercased() || !Self.isToken(name) else { continue }
            self.refuse(item, place, "'\(name)' is no method; accepted: a name in capitals, such as GET")
        }
        return Self.texts(node)
    }

    private mutating func conditions(_ node: ConfigurationNode?, _ place: String) -> [ValueCondition] {
        (node?.members ?? []).compactMap { member in
            if let value = member.value.text { return ValueCondition(member.name, .equals(value)) }
            let tests: [ValueCondition.Test] = [
                Self.boolean(member.value["present"]).map { $0 ? .present : .absent },
                member.value["equals"]?.text.map { .equals($0) }, member.value["prefix"]?.text.map { .prefix($0) },
            ].compactMap { $0 }
            if tests.count != 1 {
                self.refuse(member.value, "\(place).\(member.name)", "one of present, equals and prefix is needed")
            }
            return tests.first.map { ValueCondition(member.name, $0) }
        }
    }

    private mutating func rewrite(_ node: ConfigurationNode?, _ place: String, _ path: PathPattern?) -> Rewrite {
        guard let node else { return .none }
        let given = ["prefix", "path"].filter { node[$0] != nil }
        if given.count != 1 {
            self.refuse(node, place, "one of prefix and path is needed")
            return .none
        }
        return self.rewritten(node, place, path)
    }

    /// `prefix` or `path` of a rewrite or redirect, checked against the names of the route's pattern.
    private mutating func rewritten(_ node: ConfigurationNode, _ place: String, _ path: PathPattern?) -> Rewrite {
        if let text = node["prefix"]?.text {
            let trimmed = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
            if let problem = PathPattern.prefix(trimmed).problem {
                self.refuse(node["prefix"], "\(place).prefix", problem)
            }
            if case .pattern = path {
                self.refuse(node["prefix"], "\(place).prefix", "a pattern has no prefix; use path")
            }
            return .prefix(trimmed)
        }
        guard let text = node["path"]?.text else { return .none }
        let template = PathPattern.pattern(text)
        if let problem = template.problem { self.refuse(node["path"], "\(place).path", problem) }
        let names = Set(path?.names ?? [])
        for name in template.names where !names.contains(name) && path != nil {
            let accepted =
                names.isEmpty ? "the route has no names" : "accepted: \(names.sorted().joined(separator: ", "))"
            self.refuse(node["path"], "\(place).path", "the route's pattern has no {\(name)}; \(accepted)")
        }
        return .path(text)
    }

    // MARK: Where it leads

    private mutating func action(_ node: ConfigurationNode, _ place: String, _ path: PathPattern?) -> RouteAction? {
        let kinds = ["service", "release", "split", "canary", "strangler", "redirect"]
        let given = kinds.filter { node[$0] != nil }
        guard given.count == 1, let kind = given.first, let target = node[kind] else {
            let found = given.isEmpty ? "none is given" : "\(given.joined(separator: " and ")) are given"
            self.refuse(node, place, "one of \(kinds.joined(separator: ", ")) is needed; \(found)")
            return nil
        }
        let inner = "\(place).\(kind)"
        let name = node["name"]?.text ?? ""
        switch kind {
        case "service": return self.serviceName(target, inner).map { .forward(to: $0) }
        case "release": return self.release(target, inner)
        case "split": return self.split(target, inner, name)
        case "canary": return self.canary(target, inner, name)
        case "strangler": return self.strangler(target, inner, name)
        default: return self.redirect(target, inner, path)
        }
    }

    private mutating func release(_ node: ConfigurationNode, _ place: String) -> RouteAction? {
        guard let name = node.text else { return nil }
        if let release = self.release(named: name) { return .forward(release.split) }
        let accepted =
            self.releaseNames.isEmpty ? "none is defined" : "accepted: \(self.releaseNames.joined(separator: ", "))"
        self.refuse(node, place, "no release is called '\(name)'; \(accepted)")
        return nil
    }

    private mutating func split(_ node: ConfigurationNode, _ place: String, _ name: String) -> RouteAction? {
        var targets: [Split.Target] = []
        for member in node["services"]?.members ?? [] {
            let named = ConfigurationNode(value: .text(member.name), line: member.value.line)
            guard let service = self.serviceName(named, "\(place).services"), let weight = Self.integer(member.value)
            else { continue }
            targets.append(Split.Target(service, weight: max(0, weight)))
        }
        guard targets.contains(where: { $0.weight > 0 }) else {
            self.refuse(node, "\(place).services", "at least one service needs a weight above 0")
            return nil
        }
        return .forward(Split(targets, by: self.key(node["key"]), named: node["name"]?.text ?? name))
    }

    private mutating func canary(_ node: ConfigurationNode, _ place: String, _ name: String) -> RouteAction? {
        guard let new = self.serviceName(node["service"], "\(place).service"),
            let stable = self.serviceName(node["stable"], "\(place).stable"),
            let percent = Self.integer(node["percent"]), (0...100).contains(percent)
        else { return nil }
        var split = Split.migrating(percent, of: name, from: stable, to: new, by: self.key(node["key"]))
        if let header = node["header"]?.text {
            let parts = header.split(separator: ":", maxSplits: 1).map { $0.trimmed }
            split.overrides = [.init(header: parts[0], value: parts.count > 1 ? parts[1] : nil, group: new)]
        }
        return .forward(split)
    }

    private mutating func strangler(_ node: ConfigurationNode, _ place: String, _ name: String) -> RouteAction? {
        guard let new = self.serviceName(node["service"], "\(place).service"),
            let old = self.serviceName(node["monolith"], "\(place).monolith"),
            let percent = Self.integer(node["migrated"]), (0...100).contains(percent)
        else { return nil }
        return .forward(.migrating(percent, of: name, from: old, to: new, by: self.key(node["key"])))
    }

    private mutating func redirect(_ node: ConfigurationNode, _ place: String, _ path: PathPattern?) -> RouteAction? {
        if node["prefix"] != nil, node["path"] != nil { self.refuse(node, place, "prefix and path exclude each other") }
        if node["prefix"] == nil, node["path"] == nil, node["host"] == nil, node["scheme"] == nil {
            self.refuse(node, place, "one of scheme, host, prefix and path is needed: it would lead to itself")
        }
        return .redirect(
            Redirect(
                status: Self.integer(node["status"]) ?? 308, scheme: node["scheme"]?.text, host: node["host"]?.text,
                path: self.rewritten(node, place, path), keepsQuery: Self.boolean(node["query"]) ?? true))
    }

    // MARK: Resources

    mutating func resource(_ member: ConfigurationNode.Member, _ defaults: RoutePolicy) -> VersionedResource? {
        let (node, place) = (member.value, "gateway.resources.\(member.name)")
        guard let path = node["path"]?.text else { return nil }
        if let problem = PathPattern.prefix(path).problem ?? (path == "/" ? "a resource has a path of its own" : nil) {
            self.refuse(node["path"], "\(place).path", problem)
            return nil
        }
        var versions: [VersionedResource.Version] = []
        for entry in node["versions"]?.members ?? [] {
            let inner = "\(place).versions.\(entry.name)"
            guard let number = Int(entry.name), (1...999_999).contains(number) else {
                self.refuse(entry.value, inner, "a version is a whole number from 1 to 999999")
                continue
            }
            guard let service = self.serviceName(entry.value["service"], "\(inner).service") else { continue }
            let version = VersionedResource.Version(
                number, .forward(to: service), deprecated: entry.value["deprecated"]?.text.flatMap(DateText.timestamp),
                sunset: entry.value["sunset"]?.text.flatMap(DateText.timestamp),
                information: entry.value["information"]?.text)
            if let deprecated = version.deprecated, let sunset = version.sunset, sunset < deprecated {
                self.refuse(entry.value["sunset"], "\(inner).sunset", "must not be before deprecated")
            }
            versions.append(version)
        }
        var resource = VersionedResource(member.name, path: path, versions.sorted { $0.number < $1.number })
        resource.standard = Self.integer(node["default"])
        if let standard = resource.standard,
            !(node["versions"]?.members ?? []).contains(where: { $0.name == "\(standard)" })
        {
            self.refuse(node["default"], "\(place).default", "there is no version \(standard)")
        }
        resource.supportWindow = Self.duration(node["support"]) ?? resource.supportWindow
        resource.hosts = self.hosts(node, place)
        resource.policy = self.policy(node, place, defaults)
        return resource
    }

    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { "!#$%&'*+-.^_`|~".utf8.contains($0) || $0.isAlphanumeric }
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool { self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 }
}

extension Substring {
    /// Without blanks at the ends.
    fileprivate var trimmed: String {
        String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension PathPattern {
    /// The names of its segments.
    var names: [String] { self.segments.compactMap(\.name) }
}
