import HTTPWire

/// The fields of a request as they come out of HPACK, on their way to a head of HTTP/1.1.
///
/// nghttp2 has checked most of it (RFC 9113 §8.2, §8.3) before; what could make one request two on the other side is checked here
/// again, and once more by ``RequestParser`` when the head is read.
struct RequestFields {
    private var method: [UInt8] = []
    private var path: [UInt8] = []
    private var authority: [UInt8] = []
    private var host: [UInt8] = []
    private var cookie: [UInt8] = []
    /// Other field lines, each with its end.
    private var lines: [UInt8] = []
    private(set) var contentLength: Int64?
    private(set) var size = 0

    /// - Returns: false when the field may not be there.
    mutating func note(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        self.size += name.count + value.count + 32
        guard Self.isText(value) else { return false }
        if name.first == UInt8(ascii: ":") { return self.notePseudo(name, value) }
        guard !name.isEmpty, name.allSatisfy(Self.isLowerToken) else { return false }
        switch name.count {
        case 4 where Self.equals(name, "host"):
            guard self.host.isEmpty, Self.isWord(value) else { return false }
            self.host = Array(value)
        case 6 where Self.equals(name, "cookie"):
            // RFC 9113 §8.2.3: crumbs become one field again.
            if !self.cookie.isEmpty { self.cookie += Array("; ".utf8) }
            self.cookie += value
        case 14 where Self.equals(name, "content-length"):
            guard self.contentLength == nil, let length = Self.number(value) else { return false }
            self.contentLength = length
        case 2 where Self.equals(name, "te"): return Self.equals(value, "trailers")
        case 17 where Self.equals(name, "transfer-encoding"), 10 where Self.equals(name, "connection"),
            7 where Self.equals(name, "upgrade"), 10 where Self.equals(name, "keep-alive"),
            16 where Self.equals(name, "proxy-connection"), 14 where Self.equals(name, "http2-settings"):
            return false
        default:
            self.lines += name
            self.lines += [UInt8(ascii: ":"), UInt8(ascii: " ")]
            self.lines += value
            self.lines += [0x0D, 0x0A]
        }
        return true
    }

    private mutating func notePseudo(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard Self.isWord(value) else { return false }
        if Self.equals(name, ":method") {
            self.method = Array(value)
        } else if Self.equals(name, ":path") {
            self.path = Array(value)
        } else if Self.equals(name, ":authority") {
            self.authority = Array(value)
        } else if Self.equals(name, ":scheme") {
            return Self.equals(value, "https") || Self.equals(value, "http")
        } else {
            return false
        }
        return true
    }

    /// Whether `:authority` and `Host` name the same (RFC 9113 §8.3.1), and the path is one.
    var isConsistent: Bool {
        guard self.method != Array("CONNECT".utf8) else { return true }
        guard self.path.first == UInt8(ascii: "/") || self.path == [UInt8(ascii: "*")] else { return false }
        return self.host.isEmpty || self.authority.isEmpty
            || self.host.map(Self.lowered) == self.authority.map(Self.lowered)
    }

    /// Whether the answer has no body whatever its fields say.
    var wireMethod: WireMethod { self.method == Array("HEAD".utf8) ? .head : .other }

    /// Writes the head, for a connection that has no other request.
    /// - Parameter isWhole: whether no content follows.
    func write(_ output: inout WireBuffer, isWhole: Bool) {
        output.append(contentsOf: self.method)
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: self.path.isEmpty ? self.authority : self.path)
        output.append(" HTTP/1.1\r\nHost: ")
        output.append(contentsOf: self.authority.isEmpty ? self.host : self.authority)
        output.append("\r\n")
        output.append(contentsOf: self.lines)
        if !self.cookie.isEmpty {
            output.append("cookie: ")
            output.append(contentsOf: self.cookie)
            output.append("\r\n")
        }
        if let contentLength {
            output.append("Content-Length: ")
            output.append(decimal: contentLength)
            output.append("\r\n")
        } else if !isWhole {
            output.append("Transfer-Encoding: chunked\r\n")
        }
        output.append("Connection: close\r\n\r\n")
    }

    // MARK: Bytes

    private static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// Text without blanks: what stands between two spaces of a request line, or is a host.
    private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { bytes.allSatisfy { $0 > 0x20 } }

    private static func isLowerToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int64(String(decoding: bytes, as: UTF8.self))
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    private static func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && text.withUTF8Buffer { $0.elementsEqual(bytes) }
    }
}
