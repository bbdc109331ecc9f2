import Essentials
import HTTPCaching

/// What is to be forgotten, by every tier.
public struct PurgeOrder: Hashable, Sendable {
    /// Which tiers it concerns.
    public enum Scope: String, Hashable, Sendable {
        /// This tier, those behind it, and those in front of it.
        case all
        /// This tier and those in front of it: what a tier tells the one behind it.
        case behind
        /// This tier only: what a tier tells those in front of it.
        case local
    }

    /// A target at an authority, such as `http://shop.example/products?page=2`; the scheme does not matter.
    public var urls: [String] = []
    /// Of `Surrogate-Key` and `Cache-Tag`.
    public var keys: [String] = []
    /// Of `Cache-Groups`, each with its authority.
    public var groups: [(authority: String, name: String)] {
        get { self.groupMembers.map { ($0.authority, $0.name) } }
        set { self.groupMembers = newValue.map { Group(authority: $0.authority, name: $0.name) } }
    }
    /// All that is stored.
    public var everything = false
    public var scope = Scope.all

    private var groupMembers: [Group] = []

    private struct Group: Hashable, Sendable {
        var authority: String
        var name: String
    }

    public init() {}

    /// More than that are not taken at once.
    public static let mostTargets = 1_024

    /// Reads `{"urls": […], "keys": […], "groups": [{"authority": …, "name": …}], "everything": false, "scope": "all"}`; each may be left out.
    /// - Returns: nil when it is no such object, or names nothing.
    public init?(_ json: [UInt8]) {
        guard let value = try? JSONReader.parse(json), let object = value.object else { return nil }
        for member in object.members {
            switch member.name {
            case "urls", "keys":
                guard let list = member.value.array?.map(\.string), let texts = list as? [String] else { return nil }
                if member.name == "urls" { self.urls = texts } else { self.keys = texts }
            case "groups":
                for group in member.value.array ?? [] {
                    guard let authority = group["authority"]?.string, let name = group["name"]?.string else {
                        return nil
                    }
                    self.groupMembers.append(Group(authority: authority, name: name))
                }
            case "everything": self.everything = member.value.bool ?? false
            case "scope":
                guard let scope = member.value.string.flatMap(Scope.init) else { return nil }
                self.scope = scope
            default: return nil
            }
        }
        let targets = self.targets
        guard let targets, self.everything || !targets.isEmpty, targets.count <= Self.mostTargets else { return nil }
    }

    public var json: [UInt8] {
        JSONValue.object([
            "urls": .array(self.urls.map { .string($0) }), "keys": .array(self.keys.map { .string($0) }),
            "groups": .array(
                self.groups.map { .object(["authority": .string($0.authority), "name": .string($0.name)]) }),
            "everything": .bool(self.everything), "scope": .string(self.scope.rawValue),
        ]).serialized
    }

    /// The same for other tiers.
    func with(_ scope: Scope) -> PurgeOrder {
        var order = self
        order.scope = scope
        return order
    }

    /// What a store forgets; nil when a URL has no authority.
    var targets: [PurgeLog.Target]? {
        if self.everything { return [.all] }
        var targets: [PurgeLog.Target] = []
        for url in self.urls {
            guard let range = url.firstRange(of: "://") else { return nil }
            let rest = url[range.upperBound...].prefix { $0 != "#" }
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty else { return nil }
            let target = rest.dropFirst(authority.count)
            targets.append(
                .key(
                    EdgeKey(
                        authority: String(authority), target: target.hasPrefix("/") ? String(target) : "/" + target)))
        }
        targets += self.keys.map { .tag(SurrogateKeys.tag(key: $0)) }
        targets += self.groups.map { .tag(SurrogateKeys.tag(group: $0.name, of: $0.authority)) }
        return targets
    }
}
