import HTTPWire
import Testing

@Suite("Responses")
struct ResponseTests {
    /// The head's meaning as text, or the rule that it breaks.
    private func read(_ text: String, to method: WireMethod = .get) -> String {
        let all = bytes(text)
        var parser = ResponseParser()
        do throws(WireError) {
            guard try parser.parse(all.span.bytes, answering: method) else { return "incomplete" }
        } catch {
            return error.code.rawValue
        }
        let head = parser.head
        let facts = "\(head.status) '\(all.span.bytes.text(head.reason))' 1.\(head.minorVersion) \(head.framing)"
        return facts + (head.isPersistent ? " stay" : " close") + (head.isInterim ? " interim" : "")
            + (head.upgrade.isEmpty ? "" : " up=\(all.span.bytes.text(head.upgrade))")
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 'OK' 1.1 length(5) stay"),
        ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 '' 1.1 none stay"),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 '' 1.1 none stay"),
        ("HTTP/1.1 200 So gut\r\nTransfer-Encoding: chunked\r\n\r\n", "200 'So gut' 1.1 chunked stay"),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 'OK' 1.1 untilClose close"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "200 'OK' 1.0 length(5) close"),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\n", "200 'OK' 1.0 length(5) stay"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", "200 'OK' 1.1 length(5) close"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204 'No Content' 1.1 none stay"),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 'Not Modified' 1.1 none stay"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "100 'Continue' 1.1 none stay interim"),
        ("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "103 'Early Hints' 1.1 none stay interim"),
        (
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            "101 'Switching' 1.1 none stay up=websocket"
        ),
        ("HTTP/1.1 200 OK\r\nHost: a, b\r\nContent-Length: 0\r\n\r\n", "200 'OK' 1.1 none stay"),
        ("HTTP/1.1 20", "incomplete"), ("", "incomplete"),
    ])
    func `their bodies are framed by status, method and fields`(_ text: String, _ meaning: String) {
        #expect(self.read(text) == meaning)
    }

    @Test func `an answer to HEAD has no body, whatever it declares`() {
        #expect(self.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", to: .head) == "200 'OK' 1.1 none stay")
        #expect(
            self.read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", to: .head) == "200 'OK' 1.1 none stay")
    }

    @Test(arguments: [
        ("ICY 200 OK\r\n\r\n", "invalid-status-line"), ("HTTP/2.0 200 OK\r\n\r\n", "unsupported-version"),
        ("HTTP/1.1 20 OK\r\n\r\n", "invalid-status-line"), ("HTTP/1.1 2000 OK\r\n\r\n", "invalid-status-line"),
        ("HTTP/1.1 600 OK\r\n\r\n", "invalid-status"), ("HTTP/1.1 099 OK\r\n\r\n", "invalid-status"),
        ("HTTP/1.1  200 OK\r\n\r\n", "invalid-status-line"), ("HTTP/1.1 200\tOK\r\n\r\n", "invalid-status-line"),
        ("HTTP/1.1 200 OK\n\r\n", "bare-lf"), ("HTTP/1.1 200 O\rK\r\n\r\n", "bare-cr"),
        ("HTTP/1.1 200 O\0K\r\n\r\n", "nul-byte"), ("\r\nHTTP/1.1 200 OK\r\n\r\n", "bare-cr"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "duplicate-content-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "length-and-transfer-encoding"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-not-allowed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "invalid-transfer-encoding"),
        ("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-not-allowed"),
        ("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "content-not-allowed"),
        ("HTTP/1.1 101 Up\r\nContent-Length: 5\r\n\r\n", "content-not-allowed"),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "obsolete-fold"),
        ("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "space-before-colon"),
    ])
    func `what an upstream may not send either`(_ text: String, _ reason: String) {
        #expect(self.read(text) == reason)
    }

    @Test func `one cut anywhere changes nothing`() {
        let all = bytes("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: a \r\n\r\n")
        for cut in 0..<all.count {
            var parser = ResponseParser()
            do {
                #expect(try !parser.parse(Array(all[..<cut]).span.bytes, answering: .get))
                #expect(try parser.parse(all.span.bytes, answering: .get))
            } catch {
                Issue.record("cut at \(cut): \(error)")
            }
            #expect(parser.head.framing == .length(12))
            #expect(parser.head.fields.first(.server).map { all.span.bytes.text($0) } == "a")
        }
    }
}

@Suite("Bodies")
struct BodyReaderTests {
    private func read(
        _ text: String, _ framing: BodyFraming, cut: Int
    ) throws -> (content: String, isEnd: Bool, rest: Int) {
        let all = bytes(text)
        var body = BodyReader(framing)
        var content: [UInt8] = []
        var position = 0
        for end in [cut, all.count] {
            let part = Array(all[..<end])
            while !body.isEnded {
                let piece = try body.read(part.span.bytes, at: position)
                content += part[piece.content.start..<piece.content.end]
                let isStuck = piece.next == position && piece.content.isEmpty
                position = piece.next
                if isStuck || position == part.count && !piece.isEnd { break }
            }
        }
        return (String(decoding: content, as: UTF8.self), body.isEnded, all.count - position)
    }

    @Test func `each framing gives the same content however it is cut, and stops where it ends`() throws {
        let chunked = "4\r\nabcd\r\n2;x\r\nef\r\n0\r\nX: y\r\nZ: y\r\n\r\n"
        for cut in 0...6 {
            #expect(try self.read("abcdefGET /", .length(6), cut: cut) == ("abcdef", true, 5))
            #expect(try self.read("abcdef", .untilClose, cut: cut) == ("abcdef", false, 0))
            #expect(try self.read("GET /", .none, cut: min(cut, 5)) == ("", true, 5))
        }
        for cut in 0...chunked.utf8.count {
            #expect(try self.read(chunked + "GET /", .chunked, cut: cut) == ("abcdef", true, 5))
        }
    }

    @Test func `a connection that ends too early is told from one that ends the body`() throws {
        var length = BodyReader(.length(3))
        #expect(throws: WireError(.truncated, at: 7)) { try length.end(at: 7) }
        var chunked = BodyReader(.chunked)
        #expect(throws: WireError(.truncated, at: 0)) { try chunked.end(at: 0) }
        var open = BodyReader(.untilClose)
        try open.end(at: 9)
        #expect(open.isEnded)
    }
}
