import HTTPTransport
import HTTPWire
import Testing

@Suite("Forwarding")
struct ForwardingTests {
    @Test func `a request goes on without what belongs to the connection, and says whom it is from`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            seen.note(head)
            return
                "HTTP/1.1 200 OK\r\nServer: x\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nConnection: x-hop\r\nContent-Length: 2\r\n\r\nok"
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send(
                "GET http://shop/v1?a HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 6.6.6.6\r\nAccept: */*\r\nTE: trailers\r\n"
                    + "X-Mine: 1\r\nConnection: close, x-mine\r\nForwarded: for=6.6.6.6\r\n\r\n")
            return client.receiveAll()
        }
        #expect(
            seen.all == [
                "GET /v1?a HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\nX-Forwarded-For: 127.0.0.1\r\n"
                    + "X-Forwarded-Proto: http\r\nVia: 1.1 mainstay\r\n\r\n"
            ])
        #expect(answer == "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    }

    @Test func `connections are kept on both sides, and requests in a row are answered in order`() async throws {
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            let path = head.split(separator: " ")[1]
            return "HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)"
        }
        let answers = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send((1...20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            let first = client.receive(until: "/20")
            client.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n")
            return first + client.receive(until: "/last")
        }
        let bodies = answers.split(separator: "\r\n\r\n").dropFirst().map { $0.split(separator: "HTTP")[0] }
        #expect(bodies.map(String.init) == (1...20).map { "/\($0)" } + ["/last"])
        #expect(upstream.connections == 1)
    }

    @Test(arguments: [1, 7, 70_000])
    func `bodies of both framings go through, however they are cut`(_ step: Int) async throws {
        let upstream = try ScriptedUpstream.answering { head, content, _ in
            let text = String(decoding: content, as: UTF8.self)
            return head.contains("Transfer-Encoding: chunked")
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n0\r\nX: y\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
        }
        let content = String(repeating: "0123456789", count: step == 70_000 ? 30_000 : 20)
        let half = content.utf8.count / 2
        let requests = [
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)",
            "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(String(half, radix: 16));a=\"b\"\r\n\(content.prefix(half))\r\n"
                + "\(String(half, radix: 16))\r\n\(content.suffix(half))\r\n0\r\nX: y\r\n\r\n",
        ]
        let answers = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            var texts: [String] = []
            for request in requests {
                var rest = Array(request.utf8)[...]
                while !rest.isEmpty {
                    client.send(Array(rest.prefix(step)))
                    rest = rest.dropFirst(step)
                }
                texts.append(client.receive(until: texts.isEmpty ? content : "0\r\n\r\n"))
            }
            return texts
        }
        #expect(answers[0] == "HTTP/1.1 200 OK\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)")
        #expect(Self.content(ofChunked: answers[1]) == "abc" + content)
        #expect(upstream.connections == 1)
    }

    /// The content of a chunked answer.
    private static func content(ofChunked text: String) -> String? {
        let bytes = Array(text.utf8)
        var parser = ResponseParser()
        guard (try? parser.parse(bytes.span.bytes, answering: .get)) == true else { return nil }
        var (body, content, position): (BodyReader, [UInt8], Int) = (BodyReader(.chunked), [], parser.head.byteCount)
        while !body.isEnded {
            guard let piece = try? body.read(bytes.span.bytes, at: position), piece.next > position else { return nil }
            content += bytes[piece.content.start..<piece.content.end]
            position = piece.next
        }
        return position == bytes.count ? String(decoding: content, as: UTF8.self) : nil
    }

    @Test func `an answer that the end delimits is sent in chunks, and as it is to HTTP 1.0`() async throws {
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            connection.send("HTTP/1.1 200 OK\r\n\r\nabc")
            connection.close()
        }
        let answers = try await withProxy([upstream.endpoint]) { server in
            let new = try Wire(to: server.endpoint)
            new.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let old = try Wire(to: server.endpoint)
            old.send("GET / HTTP/1.0\r\n\r\n")
            return [new.receive(until: "0\r\n\r\n"), old.receiveAll()]
        }
        #expect(answers[0] == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        #expect(answers[1] == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc")
    }

    @Test func `HTTP 1.0 gets a Host towards the upstream, and its connection is kept when it asks`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            seen.note(head)
            return ok
        }
        let endpoint = upstream.endpoint
        let answer = try await withProxy([endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let first = client.receive(until: "ok")
            client.send("GET / HTTP/1.0\r\n\r\n")
            return first + client.receiveAll()
        }
        #expect(seen.all.allSatisfy { $0.contains("Host: \(endpoint)\r\n") } && seen.all.count == 2)
        #expect(
            answer.contains("Connection: keep-alive\r\n\r\nokHTTP/1.1 200")
                && answer.hasSuffix("Connection: close\r\n\r\nok"))
    }

    @Test func `answers without a body keep their length and their connection`() async throws {
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            if head.hasPrefix("HEAD") { return "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" }
            if head.contains("/none") { return "HTTP/1.1 204 No Content\r\n\r\n" }
            return "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n"
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send(
                "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /same HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            return client.receiveAll()
        }
        #expect(
            answer == "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
                + "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\nConnection: close\r\n\r\n")
    }

    @Test func `100-continue is answered by the proxy, and interim answers but 100 are passed on`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, content, _ in
            seen.note(head)
            return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            let first = client.receive(until: "\r\n\r\n")
            client.send("abc")
            return first + client.receive(until: "ok")
        }
        #expect(answer == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok)
        #expect(seen.all.first?.contains("Expect") == false)
    }

    @Test func `an upgrade to a protocol that is allowed becomes a tunnel, another one does not`() async throws {
        let upstream = try ScriptedUpstream { connection, _ in
            let head = connection.receive(until: "\r\n\r\n")
            guard head.contains("Upgrade: websocket\r\n"), head.contains("Connection: upgrade\r\n") else {
                connection.send(ok)
                return
            }
            connection.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
            while case let bytes = connection.receive(), !bytes.isEmpty { connection.send(bytes.reversed()) }
        }
        let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade:"
        let texts = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("\(head) websocket\r\n\r\n")
            let start = client.receive(until: "hello")
            client.send("\0abc")
            let echo = client.receive(until: "\0")
            client.close()
            let other = try Wire(to: server.endpoint)
            other.send("\(head) h2c\r\n\r\n")
            return [start, echo, other.receive(until: "ok"), "\(server.counters.upgrades)"]
        }
        #expect(
            texts == [
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello", "cba\0",
                ok, "1",
            ])
    }

    @Test func `an answer larger than every buffer arrives whole`() async throws {
        let content = String(repeating: "0123456789abcdef", count: 400_000)
        let upstream = try ScriptedUpstream.answering { _, _, _ in
            "HTTP/1.1 200 OK\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)"
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.receiveAll()
        }
        #expect(answer.hasSuffix("\r\n\r\n" + content))
    }

    @Test func `a client that does not read stops the upstream`() async throws {
        let sent = Seen()
        let size = 64 << 20
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            connection.limitSending(300)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            sent.note("\(connection.send([UInt8](repeating: 0, count: size)))")
            connection.close()
        }
        try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while sent.all.isEmpty { if upstream.connections > 1 { return } }
        }
        let bytes = try #require(sent.all.first.flatMap { Int($0) })
        #expect(bytes < 32 << 20, "the rest waits at the upstream; the kernel's buffers hold some of it")
    }
}
