public import Essentials
public import HTTPTypes
public import HTTPWire

/// Which headers go on to a service and which come back.
public enum ForwardedHeaders {
    /// Headers of one connection only (RFC 9110 §7.6.1), and those that only the platform may set.
    static let connectionOnly: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length",
    ]
    /// What only the platform may set. A transport that forwards bytes leaves out and writes the forwarding fields itself.
    static let platformNames = [
        "x-service-request-id", "x-request-timestamp", "x-client-ip", "x-mainstay-deadline", "x-mainstay-priority",
        "x-mainstay-actor", "x-mainstay-causation",
    ]
    private static let platformOnly = Set(platformNames + ["x-forwarded-for", "x-forwarded-proto", "forwarded"])
    private static let platformBytes = platformNames.map { Array($0.utf8) }

    /// Whether a field name is one that only the platform may set, in any case of letters.
    public static func isPlatformOnly(_ name: WireRange, _ bytes: RawSpan) -> Bool {
        guard name.count >= 11, name.count <= 20 else { return false }
        return self.platformBytes.contains { Self.isSame(name, bytes, $0) }
    }

    /// Whether a field name is `X-Service-Request-ID`, which the gateway writes itself.
    public static func isRequestID(_ name: WireRange, _ bytes: RawSpan) -> Bool {
        Self.isSame(name, bytes, self.platformBytes[0])
    }

    private static func isSame(_ name: WireRange, _ bytes: RawSpan, _ wanted: [UInt8]) -> Bool {
        guard name.count == wanted.count else { return false }
        return bytes.withUnsafeBytes { all in
            wanted.indices.allSatisfy { Self.folded(all[name.start + $0]) == wanted[$0] }
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    /// The headers for the service: the client's, without those above, and with the platform's own.
    public static func outgoing(
        _ client: HTTPFields, requestID: UniqueID, at moment: Timestamp, peer: String?, trace: TraceContext,
        isSecure: Bool = false,
    ) -> HTTPFields {
        let named = Self.namedByConnection(client)
        var fields = HTTPFields()
        for field in client {
            let name = field.name.canonicalName
            if Self.connectionOnly.contains(name) || Self.platformOnly.contains(name) || named.contains(name) {
                continue
            }
            if name == "traceparent" { continue }
            fields.append(field)
        }
        fields[HTTPField.Name("X-Service-Request-ID")!] = requestID.description
        fields[HTTPField.Name("X-Request-Timestamp")!] = moment.rfc3339
        fields[HTTPField.Name("traceparent")!] = trace.header
        if let peer {
            fields[HTTPField.Name("X-Client-IP")!] = peer
            fields[HTTPField.Name("X-Forwarded-For")!] = peer
        }
        fields[HTTPField.Name("X-Forwarded-Proto")!] = isSecure ? "https" : "http"
        return fields
    }

    /// The headers for the client.
    public static func incoming(_ service: HTTPFields) -> HTTPFields {
        let named = Self.namedByConnection(service)
        var fields = HTTPFields()
        for field in service {
            let name = field.name.canonicalName
            if Self.connectionOnly.contains(name) || named.contains(name) { continue }
            fields.append(field)
        }
        return fields
    }

    private static func namedByConnection(_ fields: HTTPFields) -> Set<String> {
        Set((fields[.connection] ?? "").lowercased().split(separator: ",").map { $0.filter { $0 != " " } })
    }
}
