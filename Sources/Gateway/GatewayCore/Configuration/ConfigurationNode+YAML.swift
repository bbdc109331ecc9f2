import Yams

extension ConfigurationNode {
    /// Reads a YAML document (or JSON, which is YAML too).
    /// - Throws: ``ConfigurationRefused`` when it is none, or names something twice.
    init(yaml: String) throws(ConfigurationRefused) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw ConfigurationRefused(problems: [Self.problem(error)])
        }
        var problems: [ConfigurationProblem] = []
        self = root.map { Self.converted($0, "", &problems) } ?? ConfigurationNode(value: .nothing, line: 1)
        if !problems.isEmpty { throw ConfigurationRefused(problems: problems) }
    }

    private static func problem(_ error: any Error) -> ConfigurationProblem {
        let (line, message) =
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
                .composer(_, let problem, let mark, _)?:
                (mark.line, "is no YAML: \(problem)")
            case .duplicatedKeysInMapping(let names, let context)?:
                (context.mark.line, "two values have one name: \(names.sorted().joined(separator: ", "))")
            default: (1, "is no YAML: \(error)")
            }
        return ConfigurationProblem(line: line, place: "the file", message: message)
    }

    private static func converted(
        _ node: Node, _ place: String, _ problems: inout [ConfigurationProblem]
    ) -> ConfigurationNode {
        let line = node.mark?.line ?? 1
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            let isNothing = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return ConfigurationNode(value: isNothing ? .nothing : .text(scalar.string), line: line)
        case .sequence(let sequence):
            let items = sequence.enumerated().map { Self.converted($1, "\(place)[\($0)]", &problems) }
            return ConfigurationNode(value: .list(items), line: line)
        case .mapping(let mapping):
            var members: [Member] = []
            for (key, value) in mapping {
                let name = key.string ?? "?"
                let inner = place.isEmpty ? name : "\(place).\(name)"
                members.append(Member(name: name, value: Self.converted(value, inner, &problems)))
            }
            return ConfigurationNode(value: .map(members), line: line)
        case .alias:
            problems.append(
                ConfigurationProblem(line: line, place: place, message: "is an alias, which is not accepted"))
            return ConfigurationNode(value: .nothing, line: line)
        }
    }
}
