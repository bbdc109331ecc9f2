/// Words that do not belong into the sources, and what to write in their place.
struct Ban: Sendable {
    /// Where a ban holds.
    enum Scope: Sendable {
        /// Everywhere in `Sources`.
        case everywhere
        /// Outside `Essentials` and the process shell, where time, chance and tasks come from.
        case ambient
    }

    var token: String
    var scope: Scope
    var replacement: String
    /// The part of the line that must follow the token, as far as it matters.
    var applies: @Sendable (_ rest: Substring) -> Bool = { _ in true }

    static let all: [Ban] = [
        Ban(token: "Date()", scope: .ambient, replacement: "WallClock.now"),
        Ban(token: "Date.now", scope: .ambient, replacement: "WallClock.now"),
        Ban(token: "ContinuousClock", scope: .ambient, replacement: "TimeSource"),
        Ban(token: "SuspendingClock", scope: .ambient, replacement: "TimeSource"),
        Ban(token: "Task.sleep", scope: .ambient, replacement: "TimeSource.sleep(for:)"),
        Ban(token: "Task.detached", scope: .ambient, replacement: "a task group"),
        Ban(token: "Task", scope: .ambient, replacement: "a task group, or async let") { opensTask($0) },
        Ban(token: ".random(", scope: .ambient, replacement: "Chance, or 'using:' a generator") { lacksGenerator($0) },
        Ban(token: ".randomElement(", scope: .ambient, replacement: "'using:' a generator") { lacksGenerator($0) },
        Ban(token: ".shuffled(", scope: .ambient, replacement: "'using:' a generator") { lacksGenerator($0) },
        Ban(token: ".shuffle(", scope: .ambient, replacement: "'using:' a generator") { lacksGenerator($0) },
        Ban(token: "SystemRandomNumberGenerator", scope: .ambient, replacement: "Chance.system"),
        Ban(token: "UUID()", scope: .ambient, replacement: "IDSource.next()"),
        Ban(token: "print(", scope: .ambient, replacement: "a logger"),
        Ban(token: "fatalError(", scope: .ambient, replacement: "preconditionFailure with a sentence, or an error"),
        Ban(token: "@unchecked Sendable", scope: .everywhere, replacement: "a Mutex"),
        Ban(token: "nonisolated(unsafe)", scope: .everywhere, replacement: "a Mutex"),
        Ban(token: "try!", scope: .everywhere, replacement: "try, or a precondition that says why"),
    ]

    /// Places where a ban does not hold. Each must still be needed.
    static let exceptions: [(file: String, token: String, reason: String)] = [
        (
            file: "Sources/Kit/Simulation/Scheduler/Scheduler+Tasks.swift", token: "Task",
            reason: "the simulator starts the first task of each process, and drops it when the process dies"
        ),
        (
            file: "Sources/Kit/EssentialsTesting/VirtualWorld.swift", token: "Task",
            reason: "the root tasks of a world that a test moves by hand belong to it, and it runs them to their end"
        ),
    ]

    /// `Task {`, `Task(priority: …) {`, `Task<Void, Never> {`, `Task.immediate {`.
    private static func opensTask(_ rest: Substring) -> Bool {
        var rest = rest
        if rest.hasPrefix(".immediate") { rest.removeFirst(".immediate".count) }
        if rest.hasPrefix("<"), let end = rest.firstIndex(of: ">") { rest = rest[rest.index(after: end)...] }
        if rest.hasPrefix("("), let end = rest.firstIndex(of: ")") { rest = rest[rest.index(after: end)...] }
        return rest.drop { $0 == " " }.hasPrefix("{")
    }

    private static func lacksGenerator(_ rest: Substring) -> Bool { !rest.contains("using:") }

    /// Whether the ban holds in the file at all.
    func holds(in file: SourceFile) -> Bool {
        guard let module = file.module else { return false }
        switch self.scope {
        case .everywhere: return true
        case .ambient: return module != "Essentials" && module != "mainstay"
        }
    }

    /// The lines of `file` with the token in code, exceptions not considered.
    func lines(in file: SourceFile) -> [Int] {
        guard file.code.contains(self.token) else { return [] }
        return file.codeLines.enumerated().compactMap { index, line in
            line.occurrences(ofToken: self.token).contains { self.applies(line[$0...]) } ? index + 1 : nil
        }
    }

    /// Every use of a banned word in one file.
    static func findings(in file: SourceFile) -> [Finding] {
        let words = self.all.filter { $0.holds(in: file) }.flatMap { ban in
            ban.isExcepted(in: file)
                ? [] : ban.lines(in: file).map { Finding(file, $0, "'\(ban.token)': use \(ban.replacement)") }
        }
        return words + self.emptyCatches(in: file)
    }

    private func isExcepted(in file: SourceFile) -> Bool {
        Self.exceptions.contains { $0.file == file.path && $0.token == self.token }
    }

    /// `catch { }`, with or without a pattern: an error that nobody hears of.
    static func emptyCatches(in file: SourceFile) -> [Finding] {
        guard file.module != nil, file.code.contains("catch") else { return [] }
        let code = file.code
        return code.ranges(of: /\bcatch\b[^{}\n]*\{\s*\}/).map { match in
            let line = code[..<match.lowerBound].count { $0 == "\n" } + 1
            return Finding(file, line, "an empty catch: throw on, or count or log what was dropped")
        }
    }
}

extension String {
    /// The ends of all places where `token` stands by itself, not as the tail or head of a longer word.
    func occurrences(ofToken token: String) -> [Index] {
        self.ranges(of: token).compactMap { range in
            let startsWord = token.first.map { $0.isLetter || $0 == "@" } ?? false
            if startsWord, range.lowerBound > self.startIndex {
                let before = self[self.index(before: range.lowerBound)]
                if before.isLetter || before.isNumber || before == "_" || before == "." { return nil }
            }
            if token.last.map({ $0.isLetter }) ?? false, range.upperBound < self.endIndex {
                let after = self[range.upperBound]
                if after.isLetter || after.isNumber || after == "_" { return nil }
            }
            return range.upperBound
        }
    }
}
