/// Where something listens: `host:port`, an IPv6 address in brackets as in a URL (RFC 3986): `[::1]:25`.
struct HostAndPort: CustomStringConvertible {
    /// A name or an address, without brackets.
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Returns: nil for anything else, an IPv6 address without brackets as well: where it ends could only be guessed.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.contains(":") == isBracketed,
            host.allSatisfy({ $0.isASCII && !$0.isWhitespace && !"[]/@".contains($0) })
        else { return nil }
        self.init(host: String(host), port: port)
    }

    var description: String { self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)" }
}
