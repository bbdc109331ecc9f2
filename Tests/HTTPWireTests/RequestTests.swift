import HTTPWire
import HTTPWireTesting
import Testing

@Suite("Requests that are refused")
struct RefusedRequestTests {
    @Test func `there are at least 150 of them, each with a name of its own`() {
        #expect(RefusedRequest.all.count >= 150)
        #expect(Set(RefusedRequest.all.map(\.name)).count == RefusedRequest.all.count)
    }

    @Test(arguments: RefusedRequest.all)
    func `each is refused for its own reason`(_ request: RefusedRequest) {
        let transcript = ConnectionReader.read(bytes(request.text))
        #expect(transcript.code == request.code, "\(transcript)")
    }

    @Test func `every reason has a status of its class and a name of its own`() {
        for code in WireError.Code.allCases {
            #expect([400, 413, 414, 417, 431, 501, 505].contains(code.status))
            #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        }
        #expect(Set(WireError.Code.allCases.map(\.rawValue)).count == WireError.Code.allCases.count)
    }

    @Test func `every reason that a request can have is in the list`() {
        let others: Set<WireError.Code> = [.invalidStatusLine, .invalidStatus, .truncated]
        let covered = Set(RefusedRequest.all.map(\.code))
        #expect(Set(WireError.Code.allCases).subtracting(covered) == others)
    }
}

@Suite("Requests that are accepted")
struct AcceptedRequestTests {
    private func read(_ text: String) -> Transcript { ConnectionReader.read(bytes(text)) }

    @Test func `a request is understood part by part`() {
        let transcript = self.read(
            "GET /v1/orders?limit=5 HTTP/1.1\r\nHost: shop.example:8080\r\nAccept:  */* \t\r\n\r\n")
        #expect(
            transcript.messages == [
                "get GET origin /v1/orders|?limit=5 1.1 host=shop.example:8080 none stay"
                    + " [host Host: shop.example:8080] [other Accept: */*]", "= ",
            ])
        #expect(transcript.end == .incomplete || transcript.end == .clean)
    }

    @Test(arguments: [
        ("GET http://a/b?c HTTP/1.1\r\nHost: A\r\n\r\n", "get GET absolute /b|?c 1.1 host=A none stay [host Host: A]"),
        (
            "GET https://a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            "get GET absolute | 1.1 host=a:443 none stay [host Host: a:443]"
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "options OPTIONS asterisk *| 1.1 host=a none stay [host Host: a]"),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "other get origin /| 1.1 host=a none stay [host Host: a]"),
        ("GET / HTTP/1.0\r\n\r\n", "get GET origin /| 1.0 host= none close"),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "get GET origin /| 1.0 host= none stay [connection Connection: keep-alive]"
        ),
        ("GET / HTTP/1.9\r\nHost: a\r\n\r\n", "get GET origin /| 1.1 host=a none stay [host Host: a]"),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "get GET origin /| 1.1 host=a none stay [host Host: a]"),
        (
            "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
            "get GET origin /| 1.1 host=[2001:db8::1]:80 none stay [host Host: [2001:db8::1]:80]"
        ),
        (
            "GET / HTTP/1.1\r\nHost: [::ffff:127.0.0.1]\r\n\r\n",
            "get GET origin /| 1.1 host=[::ffff:127.0.0.1] none stay [host Host: [::ffff:127.0.0.1]]"
        ),
        (
            "GET /%2F?a[]=b&c=%41 HTTP/1.1\r\nHost: a\r\n\r\n",
            "get GET origin /%2F|?a[]=b&c=%41 1.1 host=a none stay [host Host: a]"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \u{E4}\u{FF}\r\n\r\n".replacing("\u{E4}\u{FF}", with: "b\tc"),
            "get GET origin /| 1.1 host=a none stay [host Host: a] [other X: ] [other Y: b\tc]"
        ),
    ])
    func `each form of it`(_ text: String, _ summary: String) {
        let transcript = self.read(text)
        #expect(transcript.messages.first == summary)
        #expect(transcript.code == nil)
    }

    @Test func `bytes above 127 may stand in values`() {
        #expect(self.read("GET / HTTP/1.1\r\nHost: a\r\nX: \u{80}\u{FF}\r\n\r\n").messages.count == 2)
    }

    @Test func `Connection says what belongs to the connection, and whether it stays`() {
        let transcript = self.read(
            "GET / HTTP/1.1\r\nHost: a\r\nx-hop: 1\r\nConnection: X-Hop, ,close\r\nX-End: 2\r\n\r\n")
        #expect(
            transcript.messages.first
                == "get GET origin /| 1.1 host=a none close [host Host: a] [other x-hop: 1 dropped]"
                + " [connection Connection: X-Hop, ,close] [other X-End: 2]")
    }

    @Test func `Upgrade counts only where Connection lists it`() {
        let with = self.read("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        #expect(with.messages.first?.contains("up=websocket") == true)
        let without = self.read("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")
        #expect(without.messages.first?.contains("up=") == false)
    }

    @Test func `100-continue counts only for a body in HTTP 1.1`() {
        let head = "Host: a\r\nExpect: 100-Continue\r\n"
        #expect(self.read("PUT / HTTP/1.1\r\n\(head)Content-Length: 1\r\n\r\na").messages[0].contains(" expects"))
        #expect(!self.read("PUT / HTTP/1.0\r\n\(head)Content-Length: 1\r\n\r\na").messages[0].contains(" expects"))
        #expect(!self.read("PUT / HTTP/1.1\r\n\(head)\r\n").messages[0].contains(" expects"))
    }

    @Test func `bodies of both framings, and requests in a row`() {
        let transcript = self.read(
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"
                + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "3;q=\"a\\\"b\" ; r\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n")
        #expect(transcript.messages.filter { $0.hasPrefix("=") } == ["= abcde", "= abc0123456789", "= "])
        #expect(transcript.code == nil)
    }

    @Test func `a body larger than the limit is refused, declared or chunked`() {
        var limits = WireLimits()
        limits.body = 4
        let declared = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        #expect(ConnectionReader.read(bytes(declared), limits: limits).code == .contentTooLarge)
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n"
        #expect(ConnectionReader.read(bytes(chunked), limits: limits).code == .contentTooLarge)
    }

    @Test func `every known name is recognised in any letters, and nothing that resembles it`() {
        for id in FieldID.allCases where id != .other {
            for name in [id.name, id.name.uppercased(), id.name.capitalized] {
                #expect(Self.identified(name) == id)
            }
            #expect(Self.identified(id.name + "x") != id)
            #expect(Self.identified("x" + id.name.dropFirst()) == (id.name.hasPrefix("x") ? id : .other))
            #expect(Self.identified(id.name.replacing("-", with: "_")) == (id.name.contains("-") ? nil : id) ?? .other)
        }
    }

    private static func identified(_ name: String) -> FieldID? {
        var parser = ResponseParser()
        let text = bytes("HTTP/1.0 200 OK\r\n\(name): 5\r\n\r\n")
        do {
            _ = try parser.parse(text.span.bytes, answering: .get)
            return parser.head.fields.entries.first?.id
        } catch {
            return Self.refused[name.lowercased()] ?? .other
        }
    }

    /// Names whose value here is refused, by which they are recognised too.
    private static let refused: [String: FieldID] = ["transfer-encoding": .transferEncoding]
}

extension String {
    fileprivate var capitalized: String {
        self.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }
}
