import Essentials
import HTTPTransport
import HTTPWire
import Testing

/// Answers that an upstream must not give, and what becomes of them.
@Suite("Bad upstreams")
struct BadAnswerTests {
    private static let good = "HTTP/1.1 200 OK\r\n"

    /// Heads that break a rule: nothing of them may reach the client.
    static let heads: [(String, String)] =
        [
            "", " ", "HTTP/1.1\r\n\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 600 X\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1\t200 OK\r\n\r\n", " HTTP/1.1 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/0.9 200 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "HTTP 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\r\r\n\r\n",
            "HTTP/1.1 200 O\rK\r\n\r\n",
            "<html>hello</html>\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n",
        ].enumerated().map { ("status line \($0)", $1) }
        + [
            "X: a\nY: b\r\n", "X: a\n\r\n", "X: a\r\rY: b\r\n", "X: a\rY: b\r\n", "X: \0\r\n", "X: a\r\n b\r\n",
            "X: a\r\n\tb\r\n",
            " X: a\r\n", "X : a\r\n", "X\t: a\r\n", ": a\r\n", "X\r\n", "X a\r\n", "X(: a\r\n", "\u{E4}: a\r\n",
            "X: \u{1}\r\n",
            "X: \u{7F}\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
            "Content-Length: 2, 2\r\n", "Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
            "Content-Length: 2 \r\n b\r\n", "Content-Length: \r\n", "Content-Length: 2a\r\n",
            "Content-Length: 99999999999999999999\r\n", "Content_Length: 2\r\n", "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: identity\r\n", "Transfer-Encoding: \r\n", "Transfer-Encoding: chunked;a=b\r\n",
            "Transfer-Encoding: \u{B}chunked\r\n", "Transfer_Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
            "X: \(String(repeating: "a", count: 17_000))\r\n", String(repeating: "X: a\r\n", count: 101),
            String(repeating: "X: \(String(repeating: "a", count: 1_000))\r\n", count: 70),
        ].enumerated().map { ("field \($0)", Self.good + $1 + "\r\n0\r\n\r\n") }
        + [
            ("a transfer coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (
                "a transfer coding without content",
                "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            ("a length without content", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
            ("an upgrade that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
            ("an end in the head", "HTTP/1.1 200 OK\r\nContent-Le"),
            ("an interim answer alone", "HTTP/1.1 103 Early\r\n\r\n"),
            ("interim answers without end", String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 17) + ok),
            ("an interim answer with a length", "HTTP/1.1 103 Early\r\nContent-Length: 5\r\n\r\nhello" + ok),
        ]

    /// Bodies that break off or break a rule behind a good head: the client must see that they are not whole.
    static let bodies: [(String, String)] = [
        "Content-Length: 5\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3;\(String(repeating: "a", count: 70_000))\r\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: a\nb\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ].enumerated().map { ("body \($0)", Self.good + $1) }

    /// Gives the text whose place the path says, and ends the connection.
    private static func upstream(_ texts: [String]) throws -> ScriptedUpstream {
        try ScriptedUpstream { connection, _ in
            let head = connection.receive(until: "\r\n\r\n")
            guard let place = Int(head.split(separator: " ")[1].dropFirst()) else { return connection.close() }
            connection.send(texts[place])
            connection.close()
        }
    }

    @Test func `a head that breaks a rule is replaced whole, over HTTP 1.1 and HTTP 2`() async throws {
        let upstream = try Self.upstream(Self.heads.map(\.1))
        let answers = try await withProxy([upstream.endpoint]) { server in
            try Self.heads.indices.map { place in
                let client = try Wire(to: server.endpoint)
                client.send("POST /\(place) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                let session = try Wire(to: server.endpoint)
                session.send(Frames.beginning + Frames.post(1, "/\(place)"))
                return (client.receiveAll(), session.bytes(until: Frames.areEnded(1)))
            }
        }
        for ((name, _), (text, frames)) in zip(Self.heads, answers) {
            let last = text.ranges(of: "HTTP/1.1 ").last.map { text[$0.lowerBound...] } ?? ""
            #expect(last.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"), "\(name): \(text.debugDescription)")
            #expect(last.contains("\"code\":\"upstream-failed\""), "\(name)")
            #expect(Frames.content(frames, 1).contains("\"code\":\"upstream-failed\""), "\(name)")
        }
    }

    @Test func `a body that is not whole is seen not to be whole`() async throws {
        let upstream = try Self.upstream(Self.bodies.map(\.1))
        let answers = try await withProxy([upstream.endpoint]) { server in
            try Self.bodies.indices.map { place in
                let client = try Wire(to: server.endpoint)
                client.send("POST /\(place) HTTP/1.1\r\nHost: a\r\n\r\n")
                let session = try Wire(to: server.endpoint)
                session.send(Frames.beginning + Frames.post(1, "/\(place)"))
                return (client.receiveAll(), session.bytes(until: Frames.areEnded(1)))
            }
        }
        for ((name, _), (text, frames)) in zip(Self.bodies, answers) {
            #expect(!text.hasSuffix("0\r\n\r\n") && !text.hasSuffix("abcab"), "\(name): \(text.debugDescription)")
            #expect(text.ranges(of: "HTTP/1.1 ").count <= 1, "\(name)")
            #expect(Frames.all(frames).last?.type == 3, "\(name)")
        }
    }

    @Test func `what comes behind an answer is nobody's answer`() async throws {
        let upstream = try ScriptedUpstream { connection, number in
            _ = connection.receive(until: "\r\n\r\n")
            connection.send(number == 1 ? ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" : ok)
            _ = connection.receive()
            connection.close()
        }
        let answers = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            return (0..<2).map { _ in
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return client.receive(until: "ok")
            }
        }
        #expect(answers == [ok, ok] && upstream.connections == 2)
    }
}
