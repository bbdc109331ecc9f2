public import Essentials
public import HTTPTypes

/// Which headers go on to a service and which come back.
public enum ForwardedHeaders {
    /// Headers of one connection only (RFC 9110 §7.6.1), and those that only the platform may set.
    static let connectionOnly: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length",
    ]
    static let platformOnly: Set<String> = [
        "x-service-request-id", "x-request-timestamp", "x-client-ip", "x-forwarded-for", "x-forwarded-proto",
        "forwarded",
        "x-mainstay-deadline", "x-mainstay-priority", "x-mainstay-actor", "x-mainstay-causation",
    ]

    /// The headers for the service: the client's, without those above, and with the platform's own.
    public static func outgoing(
        _ client: HTTPFields, requestID: UniqueID, at moment: Timestamp, peer: String?, traceparent: String,
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
        fields[HTTPField.Name("traceparent")!] = traceparent
        if let peer {
            fields[HTTPField.Name("X-Client-IP")!] = peer
            fields[HTTPField.Name("X-Forwarded-For")!] = peer
        }
        fields[HTTPField.Name("X-Forwarded-Proto")!] = "http"
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

/// W3C Trace Context, level 1: `00-TRACE-SPAN-FLAGS`.
public enum TraceContext {
    /// The client's context with a span of the gateway's, or a new trace when the client sent none that is valid.
    public static func header(continuing header: String?, chance: Chance) -> String {
        let span = Self.hexadecimal(max(1, chance.next()))
        if let trace = header.flatMap(Self.traceID) { return "00-\(trace.id)-\(span)-\(trace.flags)" }
        return "00-\(Self.hexadecimal(chance.next()))\(Self.hexadecimal(max(1, chance.next())))-\(span)-01"
    }

    private static func traceID(_ header: String) -> (id: Substring, flags: Substring)? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[1].utf8.count == 32,
            parts[2].utf8.count == 16, parts[3].utf8.count == 2, parts[0] != "00" || parts.count == 4,
            parts[0...3].allSatisfy({ $0.utf8.allSatisfy(Self.isLowercaseHexadecimal) }),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        return (parts[1], parts[3])
    }

    private static func isLowercaseHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
