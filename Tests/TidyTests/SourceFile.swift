import Foundation

/// One breach of a rule.
struct Finding: Hashable, Sendable, CustomStringConvertible {
    var file: String
    var line: Int
    var message: String

    init(_ file: SourceFile, _ line: Int, _ message: String) {
        self.file = file.path
        self.line = line
        self.message = message
    }

    var description: String { "\(self.file):\(self.line): \(self.message)" }
}

/// A file of the package, with code, comments and literals told apart.
struct SourceFile: Sendable {
    /// Relative to the root of the package, with `/`.
    let path: String
    let text: String
    /// The code alone: comments and the insides of literals are blank, lines stay where they are.
    let code: String
    /// The comments alone.
    let comments: String
    let lines: [String]
    let codeLines: [String]
    let commentLines: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        var reader = SourceReader(text)
        if path.hasSuffix(".swift") { reader.read() }
        self.code = reader.code
        self.comments = reader.comments
        self.lines = Self.lines(of: text)
        self.codeLines = Self.lines(of: self.code)
        self.commentLines = Self.lines(of: self.comments)
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The target that the file belongs to; nil outside `Sources`.
    var module: String? {
        let parts = self.path.split(separator: "/").map(String.init)
        guard parts.first == "Sources", parts.count >= 3 else { return nil }
        return parts[1] == "mainstay" ? "mainstay" : parts.count >= 4 ? parts[2] : nil
    }

    /// The imported modules with their lines.
    var imports: [(line: Int, name: String)] {
        self.codeLines.enumerated().compactMap { index, line in
            guard line.hasPrefix("import ") || line.contains(" import ") else { return nil }
            let pattern =
                /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
            return line.firstMatch(of: pattern).map { (index + 1, String($0.output.1)) }
        }
    }
}

/// The files of the package that this test belongs to.
enum Package {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Everything below the folders, sorted, hidden files and build products left out.
    static func files(in folders: [String], endingIn endings: [String]) throws -> [SourceFile] {
        var paths: [String] = []
        for folder in folders {
            let start = self.root.appending(path: folder)
            let found = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
            while let url = found?.nextObject() as? URL {
                let path = String(url.path.dropFirst(self.root.path.count + 1))
                if url.lastPathComponent.hasPrefix(".") {
                    found?.skipDescendants()
                } else if endings.contains(where: { path.hasSuffix($0) }) {
                    paths.append(path)
                }
            }
        }
        return try paths.sorted().map(self.file)
    }

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: self.root.appending(path: path), encoding: .utf8))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: path).path)
    }

    /// The Swift files of `Sources`.
    static let sources = Result { try files(in: ["Sources"], endingIn: [".swift"]) }

    /// The Swift files of `Tests`.
    static let tests = Result { try files(in: ["Tests"], endingIn: [".swift"]) }

    /// The pages at the root and in `Docs`.
    static let pages = Result {
        let atRoot = ["README.md", "CHANGELOG.md"].filter(exists)
        return try atRoot.map(file) + files(in: ["Docs"], endingIn: [".md"])
    }
}
