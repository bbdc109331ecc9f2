/// A numeric address and a port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// IPv4 or IPv6, without brackets.
    public var address: String
    /// 0 only where the system is to choose one.
    public var port: UInt16

    public init(_ address: String, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or a port alone, which means 127.0.0.1.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else {
            guard let port = UInt16(text) else { return nil }
            self.init("127.0.0.1", port)
            return
        }
        var host = text[..<colon]
        guard let port = UInt16(text[text.index(after: colon)...]), !host.isEmpty else { return nil }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        self.init(host == "localhost" ? "127.0.0.1" : String(host), port)
    }

    /// Whether the address is one that can be connected to, and not a name.
    public var isNumeric: Bool {
        let parts = self.address.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return true }
        return self.address.contains(":") && self.address.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    public var description: String {
        self.address.contains(":") ? "[\(self.address)]:\(self.port)" : "\(self.address):\(self.port)"
    }
}
