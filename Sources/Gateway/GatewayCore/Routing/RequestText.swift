public import HTTPWire

/// A request head made of texts, for whoever has no bytes of one: handlers, commands, tests.
public struct RequestText: Sendable {
    public let head: RequestHead
    /// What the offsets of ``head`` refer to.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - target: path and query.
    ///   - fields: in order; those that frame a message or belong to a connection are left out, and `host` decides over `Host`.
    /// - Throws: what makes it no HTTP request.
    public init(
        _ method: String, _ target: String, host: String? = nil, fields: [(name: String, value: String)] = []
    ) throws(WireError) {
        let host = host ?? fields.first { $0.name.lowercased() == "host" }?.value
        var text = "\(method) \(target) HTTP/1.\(host == nil ? 0 : 1)\r\n"
        if let host { text += "Host: \(host)\r\n" }
        for field in fields where !Self.skipped.contains(field.name.lowercased()) {
            text += "\(field.name): \(field.value)\r\n"
        }
        let bytes = Array((text + "\r\n").utf8)
        var parser = RequestParser()
        guard try parser.parse(bytes.span.bytes), parser.head.byteCount == bytes.count else {
            throw WireError(.truncated, at: bytes.count)
        }
        self.head = parser.head
        self.bytes = bytes
    }

    private static let skipped: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer",
    ]
}

extension RoutingTable {
    public func decide(_ request: RequestText, peer: UInt64 = 0, draw: UInt64 = 0) -> RouteDecision {
        self.decide(request.head, request.bytes.span.bytes, peer: peer, draw: draw)
    }

    /// Path and query for the service.
    public func target(_ decision: RouteDecision, _ request: RequestText) -> String {
        String(decoding: self.target(decision, request.head, request.bytes.span.bytes), as: UTF8.self)
    }

    /// The `Location` of a decision to redirect.
    public func location(_ decision: RouteDecision, _ request: RequestText, isSecure: Bool) -> String {
        let bytes = self.location(decision, request.head, request.bytes.span.bytes, isSecure: isSecure)
        return String(decoding: bytes, as: UTF8.self)
    }
}
