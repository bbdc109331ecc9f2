import Testing

/// The checks themselves: each must find a bad sample and leave a good one alone.
@Suite("The tidy checks")
struct ScannerTests {
    func source(_ text: String, at path: String = "Sources/Kit/Resilience/Sample.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func `comments and literals are not code`() {
        let file = self.source(
            ##"""
            let a = "try! \(x) try!" // try! here
            /* try! /* nested */ try! */ let b = 1
            let c = #"raw "try!" \n"# + "escaped \" try!"
            let d = """
                try! "quoted" \("try!")
                """
            func `a sentence with try! in it`() {}
            let e = /try!"/
            let f = 6 / 2
            """##)
        #expect(!file.code.contains("try!"))
        #expect(file.code.contains("let b = 1"))
        #expect(file.code.contains("6 / 2"))
        #expect(file.lines.count == file.codeLines.count)
        #expect(file.comments.contains("try! here") && file.comments.contains("nested"))
    }

    @Test func `code inside an interpolation is code`() {
        let file = self.source(#"let text = "now \(format(Date(), "Date()")) and \(a) UUID()""#)
        #expect(Ban.findings(in: file).map(\.message) == ["'Date()': use WallClock.now"])
    }

    @Test(arguments: [
        "let now = Date()", "let now = Date.now", "let clock = ContinuousClock()", "let clock: SuspendingClock",
        "try await Task.sleep(for: .seconds(1))", "Task.detached { work() }", "Task { work() }", "Task{ work() }",
        "let job = Task(priority: .high) { work() }", "Task<Void, Never> { work() }", "Task.immediate { work() }",
        "let dice = Int.random(in: 1...6)", "list.shuffle()", "let id = UUID()", "print(1)", "fatalError()",
        "final class Box: @unchecked Sendable {}", "nonisolated(unsafe) var x = 1", "let x = try! load()",
        "do { try load() } catch { }", "do {} catch let error as Problem {\n}", "do {} catch {\n// nothing\n}",
    ])
    func `a banned word is found`(code: String) {
        #expect(Ban.findings(in: self.source(code)).count == 1)
    }

    @Test(arguments: [
        "let when = Date(timeIntervalSince1970: 0)", "let stamp = UpDate()", "try await self.time.sleep(for: delay)",
        "let job: Task<Void, Never>?", "Task.isCancelled", "let dice = Int.random(in: 1...6, using: &generator)",
        "let id = UUID(uuid: bytes)", "blueprint(1)", "logger.print(1)", "let x = try? load()", "struct TaskBox { }",
        "do {} catch { throw Failure(error) }", "let x: MyContinuousClock", "let group = TaskGroup { }",
    ])
    func `a word that only looks like it is not`(code: String) {
        #expect(Ban.findings(in: self.source(code)).isEmpty)
    }

    @Test func `time, chance and tasks may come from Essentials and the process shell`() {
        let code = "let clock = ContinuousClock()\nlet x = try! load()"
        for path in ["Sources/Kit/Essentials/Sample.swift", "Sources/mainstay/Sample.swift"] {
            #expect(Ban.findings(in: self.source(code, at: path)).map(\.line) == [2])
        }
        #expect(Ban.findings(in: self.source(code, at: "Tests/SomeTests/Sample.swift")).isEmpty)
    }

    @Test(arguments: [
        ("Sources/Kit/Essentials/A.swift", "import Resilience"),
        ("Sources/Kit/Resilience/Retry/A.swift", "public import EventSourcing"),
        ("Sources/Kit/Sagas/A.swift", "@testable import Messaging"),
        ("Sources/Shop/Orders/A.swift", "import StorageSQLite"),
        ("Sources/Shop/Orders/A.swift", "import Payments"),
        ("Sources/Shop/Orders/Features/A.swift", "import NIOCore"),
        ("Sources/Shop/Orders/Features/A.swift", "import Hummingbird"),
        ("Sources/Shop/Orders/Storage/A.swift", "import struct GRDB.Row"),
        ("Sources/Shop/Orders/Domain/A.swift", "import Chassis"),
        ("Sources/Shop/Orders/Domain/A.swift", "import Synchronization"),
        ("Sources/Gateway/GatewayCore/A.swift", "import Chassis"),
        ("Sources/Kit/Surprise/A.swift", "import Essentials"),
    ])
    func `an import that points up or aside is found`(path: String, code: String) {
        #expect(Layers.findings(in: self.source("// a comment\n" + code, at: path)).count == 1)
    }

    @Test(arguments: [
        ("Sources/Kit/Resilience/Retry/A.swift", "public import Essentials\nimport Synchronization"),
        ("Sources/Shop/Orders/A.swift", "import Chassis\nimport Sagas\nimport Foundation\n// import GRDB"),
        ("Sources/Shop/Orders/Domain/A.swift", "import Essentials\nimport EventSourcing\nimport ShopContracts"),
        ("Sources/Chassis/ChassisHTTP/A.swift", "import Chassis\nimport NIOPosix\nimport Hummingbird"),
        ("Sources/mainstay/Commands/A.swift", "import Gateway\nimport Orders\nimport ArgumentParser"),
    ])
    func `an import that points down is fine`(path: String, code: String) {
        #expect(Layers.findings(in: self.source(code, at: path)) == [])
    }

    @Test func `functions are measured from their name to their last brace`() {
        let file = self.source(
            """
            protocol P {
                func required(_ a: Int) async throws -> Int
                init(a: Int)
            }
            struct S {
                init(a: Int) {
                    self.a = a
                }
                func short() -> Int { 1 }
                func long<T>(
                    _ body: () -> Void = { }, other: Int
                ) async throws -> [T]
                where T: Sendable {
                    let other = S.init(a: 1)
                    if a {
                        { }()
                    }
                }
            }
            """)
        #expect(FunctionShape.all(in: file).map(\.name) == ["init", "short", "long"])
        #expect(FunctionShape.all(in: file).map(\.length) == [3, 1, 9])
        #expect(FunctionShape.all(in: file).map(\.line) == [6, 9, 10])
    }

    @Test func `notes without a number are found in comments only`() {
        let note = "TO" + "DO"
        let file = self.source(
            "// \(note): later\n// \(note) #12: later\nlet a = \"\(note)\"\n// a \(note)ist\n/* FIX" + "ME */")
        #expect(Texts.unnumberedNotes(in: file).map(\.line) == [1, 5])
    }

    @Test func `links are followed from the page's own folder, those in code are not`() {
        let page = self.source(
            """
            [a](Other.md) [b](../README.md#use) [c](https://example.org/x) [d](#here) [e](mailto:a@b.c)
            `[f](not-a-link.md)`
            ```
            [g](not-a-link.md)
            ```
            [h](Gone.md "title")
            """, at: "Docs/Page.md")
        let present: Set = ["Docs/Other.md", "README.md"]
        #expect(
            Texts.deadLinks(in: page, exists: present.contains).map(\.description) == [
                "Docs/Page.md:6: the link leads to Docs/Gone.md, which is not there"
            ])
    }

    @Test func `paths of one machine are found, paths of the package and of URLs are not`() {
        let home = "/ho" + "me/ann"
        let page = self.source(
            "cd \(home)/x\nsee .build/release\nGET /users/1\nhttps://a.b\(home)\n'\(home)'", at: "a.md")
        #expect(Texts.machinePaths(in: page).map(\.line) == [1, 5])
    }
}
