import Essentials

/// What may stand in a place of the configuration. One definition checks files, prints the JSON Schema and documents.
indirect enum Shape: Sendable {
    /// Any text but an empty one.
    case text(example: String)
    /// One of these words.
    case word([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    /// `250ms`, `10s`, `5m`, `12h`, `30d`, within the bounds.
    case duration(ClosedRange<Duration>)
    /// `512`, `64KiB`, `10MiB`, `1GiB`.
    case bytes
    /// `2026-06-30` or an RFC 3339 date and time.
    case date
    /// At least one.
    case list(Shape)
    /// Names of the writer's own, at least one.
    case map(Shape)
    case object([Field])
    /// The first that has the right kind (text, list or map) counts.
    case either(Shape, Shape)

    struct Field: Sendable {
        var name: String
        var shape: Shape
        var isRequired: Bool
        var about: String

        init(_ name: String, _ shape: Shape, required isRequired: Bool = false, _ about: String) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
            self.about = about
        }
    }

    /// What is accepted, in words.
    var accepted: String {
        switch self {
        case .text(let example): "a text such as '\(example)'"
        case .word(let words): "one of \(words.joined(separator: ", "))"
        case .integer(let range):
            range.upperBound == .max
                ? "a whole number of at least \(range.lowerBound)"
                : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .duration(let range):
            "a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)), such as 250ms, 10s or 5m"
        case .bytes: "a size such as 512, 64KiB or 10MiB"
        case .date: "a date such as 2026-06-30 or 2026-06-30T12:00:00Z"
        case .list(let shape): "a list, each \(shape.accepted)"
        case .map: "a map of names to values"
        case .object(let fields): "a map of \(fields.map(\.name).joined(separator: ", "))"
        case .either(let one, let other): "\(one.accepted), or \(other.accepted)"
        }
    }

    // MARK: Checking

    /// Everything in `node` that has not this shape.
    func problems(_ node: ConfigurationNode, at place: String) -> [ConfigurationProblem] {
        func refused(_ message: String? = nil) -> [ConfigurationProblem] {
            let message = message ?? "\(node.kind) stands there; accepted: \(self.accepted)"
            return [ConfigurationProblem(line: node.line, place: place, message: message)]
        }
        switch self {
        case .list(let shape):
            guard case .list(let items) = node.value, !items.isEmpty else { return refused() }
            return items.enumerated().flatMap { shape.problems($1, at: "\(place)[\($0)]") }
        case .map(let shape):
            guard case .map(let members) = node.value, !members.isEmpty else { return refused() }
            return members.flatMap { shape.problems($0.value, at: "\(place).\($0.name)") }
        case .object(let fields):
            guard case .map(let members) = node.value else { return refused() }
            return Self.problems(members, fields, at: place, line: node.line)
        case .either(let one, let other):
            return (one.hasKind(of: node) ? one : other.hasKind(of: node) ? other : self).fitting(node, place, refused)
        case .text, .word, .integer, .number, .boolean, .duration, .bytes, .date:
            guard let text = node.text, self.accepts(text) else { return refused() }
            return []
        }
    }

    private func fitting(
        _ node: ConfigurationNode, _ place: String, _ refused: (String?) -> [ConfigurationProblem]
    ) -> [ConfigurationProblem] {
        if case .either = self { return refused(nil) }
        return self.problems(node, at: place)
    }

    private static func problems(
        _ members: [ConfigurationNode.Member], _ fields: [Field], at place: String, line: Int
    ) -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        for member in members {
            let inner = "\(place).\(member.name)"
            if let field = fields.first(where: { $0.name == member.name }) {
                problems += field.shape.problems(member.value, at: inner)
                continue
            }
            let nearest = Spelling.nearest(to: member.name, among: fields.map(\.name))
            let hint =
                nearest.map { "did you mean \(place).\($0)?" }
                ?? "accepted: \(fields.map(\.name).joined(separator: ", "))"
            problems.append(
                ConfigurationProblem(line: member.value.line, place: inner, message: "is not known; \(hint)"))
        }
        for field in fields where field.isRequired && !members.contains(where: { $0.name == field.name }) {
            problems.append(
                ConfigurationProblem(
                    line: line, place: "\(place).\(field.name)",
                    message: "is missing; accepted: \(field.shape.accepted)"))
        }
        return problems
    }

    private func hasKind(of node: ConfigurationNode) -> Bool {
        switch (self, node.value) {
        case (.list, .list), (.map, .map), (.object, .map): true
        case (.list, _), (.map, _), (.object, _): false
        case (.either(let one, let other), _): one.hasKind(of: node) || other.hasKind(of: node)
        case (.boolean, .text(let text)): self.accepts(text)
        case (_, .text): true
        default: false
        }
    }

    private func accepts(_ text: String) -> Bool {
        switch self {
        case .text: !text.isEmpty
        case .word(let words): words.contains(text)
        case .integer(let range): Int(text).map(range.contains) ?? false
        case .number(let range): Double(text).map(range.contains) ?? false
        case .boolean: text == "true" || text == "false"
        case .duration(let range): DurationText.duration(text).map(range.contains) ?? false
        case .bytes: ByteText.count(text) != nil
        case .date: DateText.timestamp(text) != nil
        case .list, .map, .object, .either: false
        }
    }
}

extension Shape {
    static let anyCount = Shape.integer(1...Int.max)
    static let percent = Shape.integer(0...100)
    static let time = Shape.duration(.milliseconds(1)...(.seconds(86_400)))
}
