/// The field names that a server or a proxy acts upon; all others are passed on unread.
public enum FieldID: UInt8, Hashable, Sendable, CaseIterable {
    /// Any name that is not listed here.
    case other
    case te
    case via
    case date
    case host
    case etag
    case vary
    case expect
    case server
    case cookie
    case upgrade
    case trailer
    case location
    case connection
    case keepAlive
    case tracestate
    case setCookie
    case traceparent
    case xRequestID
    case contentType
    case authorization
    case contentLength
    case http2Settings
    case xForwardedFor
    case xRealIP
    case forwarded
    case proxyConnection
    case xForwardedHost
    case transferEncoding
    case xForwardedProto
    case proxyAuthenticate
    case proxyAuthorization

    /// The name in lower case; empty for ``other``.
    public var name: String {
        switch self {
        case .other: ""
        case .te: "te"
        case .via: "via"
        case .date: "date"
        case .host: "host"
        case .etag: "etag"
        case .vary: "vary"
        case .expect: "expect"
        case .server: "server"
        case .cookie: "cookie"
        case .upgrade: "upgrade"
        case .trailer: "trailer"
        case .location: "location"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .tracestate: "tracestate"
        case .setCookie: "set-cookie"
        case .traceparent: "traceparent"
        case .xRequestID: "x-request-id"
        case .contentType: "content-type"
        case .authorization: "authorization"
        case .contentLength: "content-length"
        case .http2Settings: "http2-settings"
        case .xForwardedFor: "x-forwarded-for"
        case .xRealIP: "x-real-ip"
        case .forwarded: "forwarded"
        case .proxyConnection: "proxy-connection"
        case .xForwardedHost: "x-forwarded-host"
        case .transferEncoding: "transfer-encoding"
        case .xForwardedProto: "x-forwarded-proto"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        }
    }

    /// Whether the field belongs to one connection and never goes further (RFC 9110 §7.6.1). `Content-Length` is not one
    /// of them, yet a proxy writes it itself.
    public var isConnectionOnly: Bool {
        switch self {
        case .te, .upgrade, .trailer, .connection, .keepAlive, .http2Settings, .proxyConnection,
            .transferEncoding, .proxyAuthenticate, .proxyAuthorization:
            true
        case .other, .via, .date, .host, .etag, .vary, .expect, .server, .cookie, .location, .tracestate,
            .setCookie, .traceparent, .xRequestID, .contentType, .authorization, .contentLength, .xForwardedFor,
            .xRealIP, .forwarded, .xForwardedHost, .xForwardedProto:
            false
        }
    }
}

extension FieldID {
    /// The known name in `count` bytes of token at `start`, compared without regard to case, eight bytes at once.
    ///
    /// Setting bit 5 of every byte folds letters; of the other bytes of a token only `^` and `_` change, into bytes that
    /// no known name has. The words are little endian; a name longer than eight bytes is covered by its first and last
    /// word, one longer than sixteen by a third between them.
    @inline(__always)
    static func of(_ bytes: RawSpan, at start: Int, count: Int) -> FieldID {
        if count < 9 { return self.short(bytes.shortWord(at: start, count: count) | bytes.foldMask(count)) }
        let first = bytes.word(at: start) | RawSpan.fold
        let last = bytes.word(at: start + count - 8) | RawSpan.fold
        return count < 17
            ? self.middle(count, first, last)
            : self.long(count, first, bytes.word(at: start + 8) | RawSpan.fold, last)
    }

    private static func short(_ word: UInt64) -> FieldID {
        switch word {
        case 0x0000_0000_0000_6574: .te
        case 0x0000_0000_0061_6976: .via
        case 0x0000_0000_6574_6164: .date
        case 0x0000_0000_7473_6F68: .host
        case 0x0000_0000_6761_7465: .etag
        case 0x0000_0000_7972_6176: .vary
        case 0x0000_7463_6570_7865: .expect
        case 0x0000_7265_7672_6573: .server
        case 0x0000_6569_6B6F_6F63: .cookie
        case 0x0065_6461_7267_7075: .upgrade
        case 0x0072_656C_6961_7274: .trailer
        case 0x6E6F_6974_6163_6F6C: .location
        default: .other
        }
    }

    private static func middle(_ count: Int, _ first: UInt64, _ last: UInt64) -> FieldID {
        switch (count, first, last) {
        case (10, 0x6974_6365_6E6E_6F63, 0x6E6F_6974_6365_6E6E): .connection
        case (10, 0x696C_612D_7065_656B, 0x6576_696C_612D_7065): .keepAlive
        case (10, 0x6174_7365_6361_7274, 0x6574_6174_7365_6361): .tracestate
        case (10, 0x6B6F_6F63_2D74_6573, 0x6569_6B6F_6F63_2D74): .setCookie
        case (11, 0x7261_7065_6361_7274, 0x746E_6572_6170_6563): .traceparent
        case (12, 0x7365_7571_6572_2D78, 0x6469_2D74_7365_7571): .xRequestID
        case (12, 0x2D74_6E65_746E_6F63, 0x6570_7974_2D74_6E65): .contentType
        case (13, 0x7A69_726F_6874_7561, 0x6E6F_6974_617A_6972): .authorization
        case (14, 0x2D74_6E65_746E_6F63, 0x6874_676E_656C_2D74): .contentLength
        case (14, 0x6573_2D32_7074_7468, 0x7367_6E69_7474_6573): .http2Settings
        case (15, 0x7261_7772_6F66_2D78, 0x726F_662D_6465_6472): .xForwardedFor
        case (9, 0x692D_6C61_6572_2D78, 0x7069_2D6C_6165_722D): .xRealIP
        case (9, 0x6564_7261_7772_6F66, 0x6465_6472_6177_726F): .forwarded
        case (16, 0x6F63_2D79_786F_7270, 0x6E6F_6974_6365_6E6E): .proxyConnection
        case (16, 0x7261_7772_6F66_2D78, 0x7473_6F68_2D64_6564): .xForwardedHost
        default: .other
        }
    }

    private static func long(_ count: Int, _ first: UInt64, _ second: UInt64, _ last: UInt64) -> FieldID {
        switch (count, first, second, last) {
        case (17, 0x7265_6673_6E61_7274, 0x6E69_646F_636E_652D, 0x676E_6964_6F63_6E65):
            .transferEncoding
        case (17, 0x7261_7772_6F66_2D78, 0x746F_7270_2D64_6564, 0x6F74_6F72_702D_6465):
            .xForwardedProto
        case (18, 0x7561_2D79_786F_7270, 0x6163_6974_6E65_6874, 0x6574_6163_6974_6E65):
            .proxyAuthenticate
        case (19, 0x7561_2D79_786F_7270, 0x7461_7A69_726F_6874, 0x6E6F_6974_617A_6972):
            .proxyAuthorization
        default: .other
        }
    }
}
