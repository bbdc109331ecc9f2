/// A set of known field names, as one word.
public struct FieldSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public init(_ names: FieldID...) {
        self.rawValue = names.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    @inline(__always)
    public func contains(_ name: FieldID) -> Bool { self.rawValue >> UInt64(name.rawValue) & 1 == 1 }

    /// What belongs to one connection (RFC 9110 §7.6.1), and `Content-Length`: whoever forwards writes the framing.
    public static let connectionOnly = FieldSet(
        rawValue: FieldID.allCases.reduce(Self(.contentLength).rawValue) {
            $1.isConnectionOnly ? $0 | 1 << UInt64($1.rawValue) : $0
        })

    /// Trailer fields that would change framing, routing, authentication or the meaning of the content (RFC 9110 §6.5.1).
    public static let forbiddenInTrailers = FieldSet(
        .host, .contentLength, .transferEncoding, .te, .trailer, .connection, .keepAlive, .upgrade, .proxyConnection,
        .proxyAuthenticate, .proxyAuthorization, .http2Settings, .authorization, .cookie, .setCookie, .expect,
        .contentType, .location, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xRealIP)
}
