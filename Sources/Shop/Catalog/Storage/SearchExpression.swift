/// What a person typed, as an FTS5 expression that means just these words: every operator of FTS5 loses its power
/// inside quotes, and nothing but letters and digits is let through anyway.
struct SearchExpression: Hashable, Sendable {
    /// More words than this narrow nothing down any more.
    static let maximumWords = 12

    /// Every word must be found; the last one may be the beginning of a longer word, because it may still be being typed.
    let text: String

    /// - Returns: nil when there is not one letter or digit.
    init?(_ query: String) {
        let words = query.split { !$0.isLetter && !$0.isNumber }.prefix(Self.maximumWords)
        guard !words.isEmpty else { return nil }
        self.text = words.map { "\"\($0)\"" }.joined(separator: " ") + " *"
    }
}
