import Foundation

/// Rules for comments and pages.
enum Texts {
    /// Notes of unfinished work that nobody could find again.
    static func unnumberedNotes(in file: SourceFile) -> [Finding] {
        file.commentLines.enumerated().compactMap { index, line in
            guard line.contains("TODO") || line.contains("FIXME") else { return nil }
            guard line.contains(/\b(TODO|FIXME)\b/), !line.contains(/#\d+/) else { return nil }
            return Finding(file, index + 1, "a note without an issue: write it as 'TODO #12: …'")
        }
    }

    /// Paths that exist on one machine only.
    static func machinePaths(in file: SourceFile) -> [Finding] {
        let roots = ["/home/", "/Users/", "/work/", "/root/", "/build/"]
        return file.lines.enumerated().compactMap { index, line in
            guard roots.contains(where: line.contains) else { return nil }
            guard let match = line.firstMatch(of: /(?:^|[\s"'(=`:])(\/(?:home|Users|work|root|build)\/[\w.\-]+)/) else {
                return nil
            }
            return Finding(file, index + 1, "'\(match.output.1)' is a path of one machine: make it relative")
        }
    }

    /// Links to files that are not there.
    static func deadLinks(in file: SourceFile, exists: (String) -> Bool) -> [Finding] {
        let folder = file.path.split(separator: "/").dropLast().map(String.init)
        return self.links(in: file).compactMap { line, target in
            if target.contains(/^[a-z][a-z0-9+.\-]*:/) || target.hasPrefix("#") { return nil }
            let path = target.split(separator: "#", omittingEmptySubsequences: false)[0]
            var parts = folder
            for part in path.split(separator: "/") {
                if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
            }
            let resolved = parts.joined(separator: "/")
            return exists(resolved) ? nil : Finding(file, line, "the link leads to \(resolved), which is not there")
        }
    }

    /// The targets of `[text](target)` outside code.
    private static func links(in file: SourceFile) -> [(line: Int, target: String)] {
        var isCode = false
        var links: [(Int, String)] = []
        for (index, line) in file.lines.enumerated() {
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isCode.toggle()
                continue
            }
            guard !isCode else { continue }
            for match in line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/) {
                links.append((index + 1, String(match.output.1)))
            }
        }
        return links
    }
}
