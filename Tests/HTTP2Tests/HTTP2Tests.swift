import CNGHTTP2
import HTTP2
import HTTPWire
import HTTPWireTesting
import Testing

@Suite("HTTP/2 as exchanges of HTTP/1.1")
struct HTTP2Tests {
    @Test func `a request becomes one of HTTP 1.1, and its answer goes back`() throws {
        var peer = try Peer()
        try peer.send(
            Peer.head(
                1,
                [
                    (":method", "POST"), (":scheme", "https"), (":path", "/a?b"), (":authority", "shop"),
                    ("cookie", "a=1"),
                    ("x-mine", "yes"), ("cookie", "b=2"), ("te", "trailers"), ("content-length", "3"),
                ], isWhole: false))
        try peer.send(Peer.data(1, "ab", isEnd: false))
        try peer.send(Peer.data(1, "c", isEnd: true))
        #expect(peer.events == [.opened(1), .readable(1), .readable(1), .readable(1)])
        #expect(
            peer.request(1)
                == "POST /a?b HTTP/1.1\r\nHost: shop\r\nx-mine: yes\r\ncookie: a=1; b=2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        )
        let text =
            "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nKeep-Alive: 5\r\nConnection: close, x-hop\r\n"
            + "X-Hop: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"
        #expect(peer.answer(1, text) == 0)
        #expect(peer.fields(peer.frames[0]) == [":status: 103", "link: x"])
        #expect(peer.fields(peer.frames[1]) == [":status: 200", "x-a: 1"])
        #expect(peer.frames.dropFirst(2).flatMap(\.payload) == Array("hello".utf8))
        #expect(peer.frames.last?.flags == 1 && peer.connection.openStreams == 0)
    }

    @Test func `content without a length goes in chunks, and trailers end here`() throws {
        var peer = try Peer()
        try peer.send(Peer.get(1, isWhole: false))
        try peer.send(Peer.data(1, "hello world, hello", isEnd: false))
        try peer.send(Peer.head(1, [("x-checksum", "7")]))
        #expect(
            peer.request(1)
                == "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n12\r\nhello world, hello\r\n0\r\n\r\n"
        )
    }

    /// What may not be in a head, by what is wrong with it.
    static let refused: [(String, [(String, String)])] = [
        ("a line end in a value", [("x", "a\r\nHost: b")]), ("a bare LF in a value", [("x", "a\nb")]),
        ("a bare CR in a value", [("x", "a\rb")]), ("NUL in a value", [("x", "a\0b")]),
        ("a colon in a name", [("x: y", "a")]), ("a line end in a name", [("x\r\ny", "a")]),
        ("a blank in a name", [("x ", "a")]), ("an upper case name", [("X-A", "a")]), ("an empty name", [("", "a")]),
        ("Transfer-Encoding", [("transfer-encoding", "chunked")]), ("Connection", [("connection", "close")]),
        ("Keep-Alive", [("keep-alive", "5")]), ("Proxy-Connection", [("proxy-connection", "close")]),
        ("Upgrade", [("upgrade", "websocket")]), ("HTTP2-Settings", [("http2-settings", "AAMAAABkAAQAAP__")]),
        ("TE but trailers", [("te", "gzip")]), ("another Host", [("host", "b")]),
        ("two Hosts", [("host", "a"), ("host", "a")]), ("a length with a sign", [("content-length", "+0")]),
        ("two lengths", [("content-length", "0"), ("content-length", "0")]),
        ("a length without content", [("content-length", "3")]), ("a length of letters", [("content-length", "x")]),
        ("a huge length", [("content-length", "99999999999999999999")]), ("an unknown pseudo field", [(":x", "a")]),
        ("a pseudo field behind others", [("x", "a"), (":path", "/b")]), ("two paths", [(":path", "/b")]),
        ("two methods", [(":method", "GET")]), ("two authorities", [(":authority", "a")]),
        ("a status", [(":status", "200")]), ("a protocol", [(":protocol", "websocket")]),
        ("a value that begins with a blank", [("x", " a")]), ("a value that ends with a tab", [("x", "a\t")]),
    ]

    @Test(arguments: Self.refused.indices)
    func `a field that could hide another request ends its stream`(_ index: Int) throws {
        var peer = try Peer()
        try peer.send(Peer.head(1, Self.get + Self.refused[index].1))
        #expect(peer.frames.last?.code == NGHTTP2_PROTOCOL_ERROR, "\(Self.refused[index].0)")
        #expect(!peer.events.contains(.opened(1)))
        try peer.send(Peer.get(3))
        #expect(peer.events.last == .opened(3) || peer.frames.last?.type == 7)
    }

    private static let get = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a")]

    @Test(arguments: [
        [(":method", "GET /x HTTP/1.1\r\nHost: b\r\n\r\nGET"), (":path", "/")], [(":method", "G T"), (":path", "/")],
        [(":method", "GET"), (":path", "/ HTTP/1.1\r\nHost: b")], [(":method", "GET"), (":path", "/a b")],
        [(":method", "GET"), (":path", "a")], [(":method", "GET"), (":path", "http://b/")],
        [(":method", "GET"), (":path", "")], [(":method", "GET")], [(":path", "/")],
    ])
    func `pseudo fields cannot write a second line`(_ fields: [(String, String)]) throws {
        var peer = try Peer()
        try peer.send(Peer.head(1, fields + [(":scheme", "https"), (":authority", "a")]))
        #expect(peer.frames.last?.code == NGHTTP2_PROTOCOL_ERROR && peer.events.isEmpty, "\(fields)")
    }

    @Test(arguments: [("ab", true), ("abcd", false), ("abcd", true)])
    func `content of another length than declared ends the stream`(_ content: String, _ isEnd: Bool) throws {
        var peer = try Peer()
        try peer.send(Peer.get(1, ("content-length", "3"), isWhole: false))
        try peer.send(Peer.data(1, content, isEnd: isEnd))
        #expect(peer.frames.last?.code == NGHTTP2_PROTOCOL_ERROR && peer.events.last == .closed(1))
        #expect(!peer.request(1).contains("abcd"))
    }

    @Test func `what the parser refuses is refused here or by the parser, whatever a head holds`() throws {
        // Fields of every refused request that are fields at all, sent over HTTP/2.
        var sent = 0
        for request in RefusedRequest.all {
            let lines = request.text.components("\r\n").dropFirst().prefix { !$0.isEmpty }
            let fields = lines.map { line -> (String, String) in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
            }
            guard !fields.isEmpty, fields.count < 90 else { continue }
            var peer = try Peer()
            try? peer.send(Peer.head(1, Self.get.dropLast() + fields))
            sent += 1
            let text = Array(peer.request(1).utf8)
            guard !text.isEmpty else { continue }
            // One head, and nothing behind it.
            var parser = RequestParser()
            guard (try? parser.parse(text.span.bytes)) == true else { continue }
            #expect(parser.head.byteCount == text.count && parser.head.framing == .none, "\(request)")
        }
        #expect(sent > 150)
    }

    @Test func `a sender waits when the answer is not read, and goes on when it is`() throws {
        var peer = try Peer()
        try peer.send(Peer.get(1))
        let length = 300_000
        var rest = peer.answer(
            1, "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n" + String(repeating: "x", count: length),
            isWhole: false)
        // The window of the peer, and the bound of the stream.
        #expect(rest > length - 65_535 - 65_536 - 100)
        var given = length - rest
        for _ in 0..<40 where rest > 0 {
            try peer.send(Peer.Frame(type: 8, flags: 0, stream: 0, payload: big(30_000)))
            try peer.send(Peer.Frame(type: 8, flags: 0, stream: 1, payload: big(30_000)))
            rest = peer.answer(1, String(repeating: "x", count: length - given), isWhole: false)
            given = length - rest
        }
        #expect(rest == 0 && peer.events.contains(.writable(1)))
    }

    @Test func `a peer sends no more than was taken`() throws {
        var limits = HTTP2Limits()
        limits.streamWindow = 1_000
        var peer = try Peer(limits)
        try peer.send(Peer.get(1, isWhole: false))
        // The window is only the peer's to keep after it has heard of it.
        try peer.send(Peer.Frame(type: 4, flags: 1, stream: 0, payload: []))
        try peer.send(Peer.data(1, String(repeating: "x", count: 1_000), isEnd: false))
        #expect(peer.request(1).utf8.count > 1_000)
        peer.receive()
        try peer.send(Peer.data(1, String(repeating: "y", count: 1_000), isEnd: false))
        #expect(peer.events.filter { $0 == .readable(1) }.count == 2)
        try? peer.send(Peer.data(1, "z", isEnd: false))
        #expect(peer.frames.last?.code == NGHTTP2_FLOW_CONTROL_ERROR)
    }

    @Test func `an answer that is broken off, or is none, resets its stream`() throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "nonsense\r\n\r\n", "",
            "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n",
        ] {
            var peer = try Peer()
            try peer.send(Peer.get(1))
            _ = peer.answer(1, text)
            #expect(peer.frames.last?.code == NGHTTP2_INTERNAL_ERROR, "\(text)")
        }
        var peer = try Peer()
        try peer.send(Peer.get(1))
        _ = peer.answer(1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", isWhole: false)
        peer.connection.detach(1)
        peer.receive()
        #expect(peer.frames.last?.code == NGHTTP2_INTERNAL_ERROR)
    }

    @Test func `an answer before the end of its request ends the request`() throws {
        var peer = try Peer()
        try peer.send(Peer.get(1, isWhole: false))
        _ = peer.answer(1, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        #expect(peer.frames.contains { $0.type == 0 && $0.flags == 1 && $0.payload == Array("no".utf8) })
        #expect(peer.frames.last?.code == NGHTTP2_NO_ERROR)
    }

    @Test(arguments: [
        Peer.Frame(type: 6, flags: 0, stream: 0, payload: [0, 0, 0, 0, 0, 0, 0, 0]),
        Peer.Frame(type: 2, flags: 0, stream: 1, payload: [0, 0, 0, 0, 1]),
        Peer.Frame(type: 8, flags: 0, stream: 0, payload: [0, 0, 0, 1]),
    ])
    func `frames that move nothing end the connection when there are too many`(_ frame: Peer.Frame) throws {
        var peer = try Peer()
        var sent = 0
        while sent < 5_000, peer.frames.isEmpty {
            guard (try? peer.send(frame)) != nil else { break }
            sent += 1
        }
        #expect(sent >= 1_000 && sent < 2_100)
        #expect(peer.frames.last?.code == NGHTTP2_ENHANCE_YOUR_CALM || sent < 2_000)
    }

    @Test(arguments: [true, false])
    func `streams that are opened only to be reset end the connection`(_ byPeer: Bool) throws {
        var peer = try Peer()
        var stream: UInt32 = 1
        while stream < 20_000, !peer.frames.contains(where: { $0.type == 7 }) {
            let opened = Peer.get(stream, ("content-length", "1"), isWhole: false)
            // Either the peer says so, or it sends what the server must answer with a reset.
            let reset =
                byPeer
                ? Peer.Frame(type: 3, flags: 0, stream: stream, payload: big(8))
                : Peer.data(stream, "more", isEnd: false)
            guard (try? peer.send(opened.bytes + reset.bytes)) != nil else { break }
            stream += 2
        }
        #expect(stream > 200 && stream < 1_000)
        #expect(peer.frames.last { $0.type == 7 }?.code != NGHTTP2_NO_ERROR)
    }

    @Test func `CONTINUATION without end, and heads without measure, end what they began`() throws {
        var peer = try Peer()
        _ = try? peer.send(Peer.Frame(type: 1, flags: 0, stream: 1, payload: Peer.block(Self.get)))
        var sent = 0
        while sent < 1_000, !peer.frames.contains(where: { $0.type == 7 }) {
            guard (try? peer.send(Peer.Frame(type: 9, flags: 0, stream: 1, payload: Peer.block([("x", "y")])))) != nil
            else { break }
            sent += 1
        }
        #expect(sent < 100)
        var other = try Peer()
        let large = (0..<40).map { ("x\($0)", String(repeating: "v", count: 390)) }
        var limits = HTTP2Limits()
        limits.headerList = 10_000
        other = try Peer(limits)
        try other.send(Peer.head(1, Self.get + large))
        #expect(other.frames.last?.code == NGHTTP2_ENHANCE_YOUR_CALM && other.events.isEmpty)
    }

    @Test func `no more streams are open than may be`() throws {
        var limits = HTTP2Limits()
        limits.streams = 3
        var peer = try Peer(limits)
        for stream in [1, 3, 5, 7] as [UInt32] { try peer.send(Peer.get(stream)) }
        #expect(peer.events == [.opened(1), .opened(3), .opened(5)])
        #expect(peer.frames.last?.code == NGHTTP2_REFUSED_STREAM)
    }

    @Test func `a drained connection finishes its streams and ends`() throws {
        var peer = try Peer()
        try peer.send(Peer.get(1))
        peer.connection.drain()
        peer.receive()
        #expect(peer.frames.last?.code == NGHTTP2_NO_ERROR && !peer.connection.isFinished)
        try? peer.send(Peer.get(3))
        #expect(!peer.events.contains(.opened(3)))
        _ = peer.answer(1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(peer.connection.isFinished && peer.frames.contains { $0.payload == Array("ok".utf8) })
    }
}

extension String {
    /// The parts between `separator`.
    func components(_ separator: String) -> [String] {
        self.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
