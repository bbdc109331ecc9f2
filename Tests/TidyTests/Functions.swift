/// A function, initialiser or subscript with a body, and how long it is.
struct FunctionShape: Hashable, Sendable {
    var name: String
    /// The line of `func`.
    var line: Int
    /// From that line to the closing brace.
    var length: Int

    /// All functions in the code of `file`; nested ones count by themselves and as a part of the outer one.
    static func all(in file: SourceFile) -> [FunctionShape] {
        let code = Array(file.code.unicodeScalars)
        var found: [FunctionShape] = []
        var line = 1
        var word = ""
        for (index, scalar) in code.enumerated() {
            if scalar.isPartOfWord {
                word.unicodeScalars.append(scalar)
                continue
            }
            if word == "func" || word == "init" && scalar != "." || word == "subscript" || word == "deinit" {
                let declares = word == "func" || isDeclaration(code, at: index - word.unicodeScalars.count)
                if declares, let length = self.length(code, from: index) {
                    let name = word == "func" ? self.name(code, from: index) : word
                    found.append(FunctionShape(name: name, line: line, length: length))
                }
            }
            word = ""
            if scalar == "\n" { line += 1 }
        }
        return found
    }

    /// Whether `init` stands where a declaration stands: not behind a dot or an expression.
    private static func isDeclaration(_ code: [Unicode.Scalar], at index: Int) -> Bool {
        guard let before = code[..<index].last(where: { $0 != " " }) else { return true }
        return before == "\n" || before == ")" || before.isPartOfWord || before == "{" || before == "}"
    }

    private static func name(_ code: [Unicode.Scalar], from index: Int) -> String {
        var name = String.UnicodeScalarView()
        for scalar in code[index...].drop(while: { $0 == " " }) {
            if scalar == "(" || scalar == "<" || scalar == " " { break }
            name.append(scalar)
        }
        return String(name)
    }

    /// Lines from `index` to the end of the body; nil when there is no body (a requirement of a protocol).
    private static func length(_ code: [Unicode.Scalar], from index: Int) -> Int? {
        var (parentheses, braces, lines) = (0, 0, 1)
        var last: Unicode.Scalar = " "
        for position in index..<code.count {
            let scalar = code[position]
            switch scalar {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses -= 1
            case "{" where parentheses == 0 || braces > 0: braces += 1
            case "}" where braces > 0:
                braces -= 1
                if braces == 0 { return lines }
            case "}" where parentheses == 0: return nil
            case "\n":
                if braces == 0, parentheses == 0, !continues(code, after: position, last: last) { return nil }
                lines += 1
            default: break
            }
            if scalar != " ", scalar != "\n" { last = scalar }
        }
        return nil
    }

    /// Whether a signature goes on in the next line.
    private static func continues(_ code: [Unicode.Scalar], after position: Int, last: Unicode.Scalar) -> Bool {
        if last == "," || last == ":" || last == "&" { return true }
        let rest = code[(position + 1)...].drop { $0 == " " || $0 == "\n" }
        return ["{", "->", "where ", "async", "throws", "rethrows"].contains { rest.starts(with: $0.unicodeScalars) }
    }
}

extension Unicode.Scalar {
    fileprivate var isPartOfWord: Bool {
        switch self.value {
        case 48...57, 65...90, 95, 97...122: true
        default: self.value > 127
        }
    }
}
