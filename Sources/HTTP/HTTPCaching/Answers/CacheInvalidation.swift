public import HTTPWire

/// What an answer to an unsafe request makes invalid (RFC 9111 §4.4, RFC 9875 §3).
public struct CacheInvalidation: Hashable, Sendable {
    /// Targets at the same authority, in origin form.
    public var targets: Set<String> = []
    /// Groups of the same origin.
    public var groups: [String] = []

    /// - Parameters:
    ///   - target: of the request, in origin form.
    ///   - authority: of the request.
    /// - Returns: nil when nothing becomes invalid: after a safe method, or an error.
    public init?(method: WireMethod, target: String, authority: String, status: Int, fields: CacheFields) {
        switch method {
        case .get, .head, .options, .trace: return nil
        case .other, .post, .put, .delete, .patch, .connect: break
        }
        guard (200..<400).contains(status) else { return nil }
        self.targets = [target]
        for key in ["location", "content-location"] {
            guard let reference = fields.text(key) else { continue }
            if let resolved = Self.resolve(reference, against: target, authority) { self.targets.insert(resolved) }
        }
        self.groups = fields.list("cache-group-invalidation").map(SurrogateKeys.strings) ?? []
    }

    /// The reference in origin form; nil when it leads to another authority.
    static func resolve(_ reference: String, against target: String, _ authority: String) -> String? {
        var rest = reference.prefix { $0 != "#" }
        for scheme in ["http:", "https:"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
        }
        if rest.hasPrefix("//") {
            let host = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
            guard host.lowercased() == authority.lowercased() else { return nil }
            rest = rest.dropFirst(2 + host.count)
            return rest.hasPrefix("/") ? String(rest) : "/" + rest
        }
        if rest.isEmpty { return target }
        if rest.hasPrefix("/") { return String(rest) }
        let path = target.prefix { $0 != "?" }
        if rest.hasPrefix("?") { return String(path) + String(rest) }
        // Dot segments are not resolved: a gateway before an origin refuses them.
        guard !rest.contains(":"), !rest.hasPrefix("."), let slash = path.lastIndex(of: "/") else { return nil }
        return String(path[...slash]) + String(rest)
    }
}

/// The keys under which an answer can be purged together with others.
public enum SurrogateKeys {
    /// Names of fields that list keys for caches and are of no use to clients.
    public static let fields: Set<String> = ["surrogate-key", "cache-tag"]

    /// The tag of a key, as an operator names it.
    public static func tag(key: String) -> String { "key " + key }

    /// The tag of a group, which belongs to one origin (RFC 9875 §2).
    public static func tag(group: String, of authority: String) -> String {
        "group \(authority.lowercased()) \(group)"
    }

    /// More tags than that are not taken from one answer.
    public static let mostTags = 128

    /// The tags of an answer.
    public static func tags(_ fields: CacheFields, authority: String) -> [String] {
        var tags: [String] = []
        for line in fields.lines where line.key == "surrogate-key" {
            tags += String(decoding: line.value, as: UTF8.self).split(separator: " ").map { self.tag(key: String($0)) }
        }
        if let list = fields.list("cache-tag") { tags += CacheFields.elements(list).map { self.tag(key: String($0)) } }
        if let list = fields.list("cache-groups") {
            tags += self.strings(list).map { self.tag(group: $0, of: authority) }
        }
        return tags.count > self.mostTags ? Array(tags[..<self.mostTags]) : tags
    }

    /// The strings of a structured list; none when it breaks a rule or holds anything else.
    static func strings(_ list: String) -> [String] {
        var found: [String] = []
        for value in StructuredField.list(list) ?? [] {
            guard case .string(let text) = value else { return [] }
            found.append(text)
        }
        return found
    }
}
