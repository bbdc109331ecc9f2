/// Compares the Swift examples of the pages with the test target that compiles them.
///
/// In `Tests/SnippetTests` an example stands between `// snippet PAGE` and `// end`, indented as its surroundings need it.
enum Snippets {
    private struct Snippet {
        var file: SourceFile
        var line: Int
        var page: String
        /// Without the indentation that all lines share.
        var text: String
    }

    /// Examples that no test compiles, and compiled ones that no page shows.
    static func findings(pages: [SourceFile], compiled files: [SourceFile]) -> [Finding] {
        let shown = pages.flatMap(self.shown)
        let compiled = files.flatMap(self.compiled)
        let uncompiled = shown.filter { block in !compiled.contains { $0.page == block.page && $0.text == block.text } }
        let unshown = compiled.filter { block in !shown.contains { $0.page == block.page && $0.text == block.text } }
        return pages.flatMap(self.unfenced)
            + uncompiled.map { block in
                Finding(
                    block.file, block.line,
                    "this example is not compiled: put it between '// snippet \(block.page)' and '// end' into a file of "
                        + "Tests/SnippetTests, or make both alike")
            } + unshown.map { Finding($0.file, $0.line, "\($0.page) does not show this example") }
    }

    /// Swift in an indented block, which nobody would compare with anything.
    private static func unfenced(on page: SourceFile) -> [Finding] {
        var isFenced = false
        return page.lines.enumerated().compactMap { index, line in
            if line.drop(while: { $0 == " " }).hasPrefix("```") { isFenced.toggle() }
            guard !isFenced, line.contains(#/^ {4,}(let|var|func|struct|try|await)\s/#) else { return nil }
            return Finding(page, index + 1, "Swift in an indented block: put it between '```swift' and '```'")
        }
    }

    private static func shown(on page: SourceFile) -> [Snippet] {
        self.regions(of: page, from: { $0 == "```swift" ? page.path : nil }, to: "```")
    }

    private static func compiled(in file: SourceFile) -> [Snippet] {
        let mark = "// snippet "
        return self.regions(
            of: file, from: { $0.hasPrefix(mark) ? String($0.dropFirst(mark.count)) : nil }, to: "// end")
    }

    /// - Parameter opens: the page that a line opens an example of.
    private static func regions(of file: SourceFile, from opens: (String) -> String?, to end: String) -> [Snippet] {
        var regions: [Snippet] = []
        var open: (line: Int, page: String)?
        var lines: [String] = []
        for (index, line) in file.lines.enumerated() {
            let bare = String(line.drop { $0 == " " })
            if let begun = open {
                if bare == end {
                    regions.append(
                        Snippet(file: file, line: begun.line, page: begun.page, text: self.unindented(lines)))
                    open = nil
                } else {
                    lines.append(line)
                }
            } else if let page = opens(bare) {
                open = (index + 1, page)
                lines = []
            }
        }
        return regions
    }

    private static func unindented(_ lines: [String]) -> String {
        let depth = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(depth)) }.joined(separator: "\n")
    }
}
