/// Settings that a layer does not take. Nothing has changed.
public struct InvalidConfiguration: Error, Hashable, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Problem: Hashable, Sendable {
        /// The name of the layer.
        public var strategy: String
        /// The setting and its accepted range, as a sentence.
        public var sentence: String

        public init(strategy: String, sentence: String) {
            self.strategy = strategy
            self.sentence = sentence
        }
    }

    /// All of them.
    public var problems: [Problem]

    public init(problems: [Problem]) {
        self.problems = problems
    }

    static func check(_ strategy: String, _ sentences: [String]) throws(InvalidConfiguration) {
        guard !sentences.isEmpty else { return }
        throw InvalidConfiguration(problems: sentences.map { Problem(strategy: strategy, sentence: $0) })
    }

    public var description: String {
        self.problems.map { "\($0.strategy): \($0.sentence)" }.joined(separator: "; ")
    }
}
