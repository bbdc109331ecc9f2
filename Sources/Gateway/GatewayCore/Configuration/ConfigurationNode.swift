/// A piece of a configuration file, with its line.
struct ConfigurationNode: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        var name: String
        var value: ConfigurationNode
    }

    indirect enum Value: Hashable, Sendable {
        case nothing
        case text(String)
        case list([ConfigurationNode])
        case map([Member])
    }

    var value: Value
    /// From 1.
    var line: Int

    var text: String? {
        guard case .text(let text) = self.value else { return nil }
        return text
    }

    var items: [ConfigurationNode] {
        guard case .list(let items) = self.value else { return [] }
        return items
    }

    var members: [Member] {
        guard case .map(let members) = self.value else { return [] }
        return members
    }

    subscript(_ name: String) -> ConfigurationNode? { self.members.first { $0.name == name }?.value }

    /// Without some members.
    func without(_ names: Set<String>) -> ConfigurationNode {
        guard case .map(let members) = self.value else { return self }
        return ConfigurationNode(value: .map(members.filter { !names.contains($0.name) }), line: self.line)
    }

    /// What stands there, for a message.
    var kind: String {
        switch self.value {
        case .nothing: "nothing"
        case .text(let text): "'\(text)'"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

/// Something in a configuration that cannot be used.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public var line: Int
    /// Such as `gateway.routes[2].path`.
    public var place: String
    /// What is wrong, and what would be accepted.
    public var message: String

    public init(line: Int, place: String, message: String) {
        self.line = line
        self.place = place
        self.message = message
    }

    /// Place and message as a sentence.
    public var sentence: String {
        self.message.hasPrefix("is ") ? "\(self.place) \(self.message)" : "\(self.place): \(self.message)"
    }

    public var description: String { "line \(self.line): \(self.sentence)" }
}

/// A configuration that is refused, with every problem.
public struct ConfigurationRefused: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [ConfigurationProblem]

    public var description: String { self.problems.map(\.description).joined(separator: "\n") }
}
