import CNGHTTP2
import HTTP2
import HTTPWire

/// A client that writes frames byte by byte, so that it can write wrong ones.
struct Peer: ~Copyable {
    struct Frame: Hashable {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        var bytes: [UInt8] {
            let count = UInt32(self.payload.count)
            return [UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), self.type, self.flags]
                + big(self.stream) + self.payload
        }

        /// Of RST_STREAM, or of GOAWAY.
        var code: nghttp2_error_code? {
            let start = self.type == 3 ? 0 : 4
            guard self.type == 3 || self.type == 7, self.payload.count >= start + 4 else { return nil }
            return nghttp2_error_code(self.payload[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
    }

    let connection: HTTP2Connection
    private let inflater: OpaquePointer?
    private var output: WireBuffer
    /// Every frame of the server, but SETTINGS, PING and WINDOW_UPDATE.
    private(set) var frames: [Frame] = []
    private(set) var events: [HTTP2Connection.Event] = []

    init(_ limits: HTTP2Limits = HTTP2Limits()) throws {
        let pool = WirePool()
        self.connection = HTTP2Connection(limits, pool: pool)
        self.output = WireBuffer(pool)
        var inflater: OpaquePointer?
        nghttp2_hd_inflate_new(&inflater)
        self.inflater = inflater
        try self.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Frame(type: 4, flags: 0, stream: 0, payload: []).bytes)
    }

    deinit { nghttp2_hd_inflate_del(self.inflater) }

    mutating func send(_ bytes: [UInt8]) throws {
        defer { self.receive() }
        try self.connection.receive(bytes.span.bytes)
    }

    mutating func send(_ frame: Frame) throws { try self.send(frame.bytes) }

    /// HEADERS with literal fields that are not indexed.
    static func head(_ stream: UInt32, _ fields: [(String, String)], isWhole: Bool = true) -> Frame {
        Frame(type: 1, flags: isWhole ? 5 : 4, stream: stream, payload: Self.block(fields))
    }

    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in
            [0]
                + [name, value].flatMap { text -> [UInt8] in
                    let bytes = text.unicodeScalars.map { UInt8($0.value) }
                    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
                    var (rest, length) = (bytes.count - 127, [UInt8(127)])
                    while rest >= 128 {
                        length.append(UInt8(rest % 128 + 128))
                        rest /= 128
                    }
                    return length + [UInt8(rest)] + bytes
                }
        }
    }

    static func get(_ stream: UInt32, _ more: (String, String)..., isWhole: Bool = true) -> Frame {
        Self.head(
            stream, [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a")] + more,
            isWhole: isWhole)
    }

    static func data(_ stream: UInt32, _ text: String, isEnd: Bool) -> Frame {
        Frame(type: 0, flags: isEnd ? 1 : 0, stream: stream, payload: Array(text.utf8))
    }

    /// Takes what the server has to say.
    mutating func receive() {
        try? self.connection.send(&self.output, upTo: 1 << 20)
        while let event = self.connection.nextEvent() { self.events.append(event) }
        let bytes = self.output.withUnsafeBytes { Array($0) }
        self.output.removeAll()
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = head[..<3].reduce(0) { $0 << 8 | Int($1) }
            let frame = Frame(
                type: head[3], flags: head[4], stream: head[5...].reduce(0) { $0 << 8 | UInt32($1) },
                payload: Array(rest.dropFirst(9).prefix(count)))
            if ![4, 6, 8].contains(frame.type) { self.frames.append(frame) }
            rest = rest.dropFirst(9 + count)
        }
    }

    /// The request of a stream as HTTP/1.1, as far as it has come.
    func request(_ stream: Int32) -> String {
        var inbound = WireBuffer(WirePool())
        while self.connection.take(stream, &inbound) == .moved {}
        return inbound.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Gives an answer in HTTP/1.1; how much of it was not taken.
    mutating func answer(_ stream: Int32, _ text: String, isWhole: Bool = true) -> Int {
        var outbound = WireBuffer(WirePool())
        outbound.append(contentsOf: Array(text.utf8))
        _ = self.connection.give(stream, &outbound)
        if isWhole { self.connection.finish(stream) }
        self.receive()
        return outbound.count
    }

    /// The fields of a HEADERS frame of the server, in order; each frame once.
    func fields(_ frame: Frame) -> [String] {
        var (names, bytes): ([String], [UInt8]) = ([], frame.payload)
        var position = 0
        while position < bytes.count {
            var (field, flags): (nghttp2_nv, Int32) = (nghttp2_nv(), 0)
            let count = bytes.withUnsafeMutableBufferPointer {
                nghttp2_hd_inflate_hd2(
                    self.inflater, &field, &flags, $0.baseAddress! + position, $0.count - position, 1)
            }
            guard count > 0 || flags != 0 else { break }
            position += Int(count)
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                let name = UnsafeBufferPointer(start: field.name, count: field.namelen)
                let value = UnsafeBufferPointer(start: field.value, count: field.valuelen)
                names.append("\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))")
            }
        }
        nghttp2_hd_inflate_end_headers(self.inflater)
        return names
    }
}

func big(_ number: UInt32) -> [UInt8] {
    [UInt8(number >> 24), UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
}
