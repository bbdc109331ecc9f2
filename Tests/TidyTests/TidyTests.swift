import Testing

@Suite("The package is tidy")
struct TidyTests {
    /// Functions longer than the limit, by `path name`, with the length that they may not exceed. It may only shrink.
    static let longFunctions: [String: Int] = [:]
    static let functionLimit = 70
    static let fileLimit = 600

    private func report(_ findings: [Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    @Test func `every module imports only what lies below it`() throws {
        let files = try Package.sources.get()
        #expect(!files.isEmpty)
        self.report(files.flatMap(Layers.findings))
    }

    @Test func `the layer diagram has no cycle`() {
        func reaches(_ start: String, _ name: String, _ seen: Set<String> = []) -> Bool {
            (Layers.allowed[name] ?? []).contains { next in
                next == start || !seen.contains(next) && reaches(start, next, seen.union([next]))
            }
        }
        for module in Layers.allowed.keys.sorted() { #expect(!reaches(module, module), "\(module) imports itself") }
    }

    @Test func `no banned word stands in the sources`() throws {
        self.report(try Package.sources.get().flatMap(Ban.findings))
    }

    @Test func `every exception from the ban list is still needed and has a reason`() throws {
        let files = try Package.sources.get()
        for exception in Ban.exceptions {
            let ban = try #require(Ban.all.first { $0.token == exception.token }, "'\(exception.token)' is not banned")
            let file = try #require(files.first { $0.path == exception.file }, "\(exception.file) is not there")
            #expect(!ban.lines(in: file).isEmpty, "\(exception.file) does without '\(exception.token)' now")
            #expect(!exception.reason.isEmpty)
        }
    }

    @Test func `no file is longer than 600 lines`() throws {
        for file in try Package.sources.get() where file.lines.count > Self.fileLimit {
            self.report([Finding(file, file.lines.count, "more than \(Self.fileLimit) lines: look for the second idea")]
            )
        }
    }

    @Test func `no function is longer than 70 lines, and those that were only shrink`() throws {
        var unused = Self.longFunctions
        for file in try Package.sources.get() {
            for function in FunctionShape.all(in: file) where function.length > Self.functionLimit {
                let limit = unused.removeValue(forKey: "\(file.path) \(function.name)") ?? Self.functionLimit
                if function.length > limit {
                    let message = "\(function.name) has \(function.length) lines, \(limit) are the limit: split it"
                    self.report([Finding(file, function.line, message)])
                }
            }
        }
        #expect(unused.isEmpty, "these functions are short now, take them out of the table")
    }

    @Test func `every note of unfinished work names an issue`() throws {
        self.report((try Package.sources.get() + Package.tests.get()).flatMap(Texts.unnumberedNotes))
    }

    @Test func `every link in the documents leads somewhere`() throws {
        self.report(try Package.pages.get().flatMap { Texts.deadLinks(in: $0, exists: Package.exists) })
    }

    @Test func `every Swift example of the pages is compiled, and every compiled one is shown`() throws {
        let snippets = try Package.tests.get().filter { $0.path.hasPrefix("Tests/SnippetTests/") }
        self.report(Snippets.findings(pages: try Package.pages.get(), compiled: snippets))
    }

    @Test func `no file knows the machine it was written on`() throws {
        let folders = ["Docs", "Examples", "Snippets", "Benchmarks", "scripts"]
        let texts = try Package.files(in: folders, endingIn: [".swift", ".md", ".sh", ".yaml", ".yml", ".json"])
        let atRoot = try ["Package.swift", "Makefile", "README.md", "CHANGELOG.md"].filter(Package.exists)
            .map(Package.file)
        let swift = try Package.sources.get() + Package.tests.get()
        self.report((swift + texts + atRoot).flatMap(Texts.machinePaths))
    }
}
