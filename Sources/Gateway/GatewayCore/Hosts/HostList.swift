public import LoadBalancing

/// A file with one host a line: `10.0.0.7:8080`, or with a weight behind a blank; `#` begins a comment.
public enum HostList {
    /// - Throws: ``ConfigurationRefused`` with every line that is none.
    public static func parse(_ text: String) throws(ConfigurationRefused) -> [BalancedHost] {
        var hosts: [BalancedHost] = []
        var problems: [ConfigurationProblem] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let name = words.first else { continue }
            let weight = words.count > 1 ? Int(words[1]) : 1
            let problem: String? =
                if !self.isAddress(name) {
                    "'\(name)' is no address; accepted: host:port, such as 10.0.0.7:8080 or [::1]:8080"
                } else if hosts.contains(where: { $0.name == name }) {
                    "'\(name)' is there twice"
                } else if words.count > 2 || !(weight.map { (1...1_000).contains($0) } ?? false) {
                    "behind the address a weight from 1 to 1000 is accepted, and nothing else"
                } else {
                    nil
                }
            if let problem {
                problems.append(ConfigurationProblem(line: index + 1, place: "line \(index + 1)", message: problem))
            } else {
                hosts.append(BalancedHost(name, weight: weight ?? 1))
            }
        }
        guard problems.isEmpty else { throw ConfigurationRefused(problems: problems) }
        return hosts
    }

    /// Whether a text is `host:port`, with brackets around an IPv6 address.
    public static func isAddress(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            return false
        }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return (1...65_535).contains(port) && !host.isEmpty && (isBracketed || !host.contains(":"))
            && !host.contains { $0 == "/" || $0.isWhitespace }
    }
}
