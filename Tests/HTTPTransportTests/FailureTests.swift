import HTTPTransport
import HTTPWire
import HTTPWireTesting
import Testing

@Suite("What goes wrong")
struct FailureTests {
    @Test func `nothing that is refused reaches the upstream, and the client learns the rule`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, content, _ in
            seen.note(head)
            return ok
        }
        let answers = try await withProxy([upstream.endpoint]) {
            // One of them is the beginning of HTTP/2.
            $0.http2 = nil
        } play: { server in
            try RefusedRequest.all.map { request in
                let client = try Wire(to: server.endpoint)
                client.send(request.bytes)
                client.endSending()
                return client.receiveAll()
            }
        }
        for (request, answer) in zip(RefusedRequest.all, answers) {
            let last = answer.ranges(of: "HTTP/1.1 ").last.map { answer[$0.upperBound...] } ?? ""
            #expect(last.hasPrefix("\(request.code.status) "), "\(request.name): \(answer.debugDescription)")
            #expect(last.hasSuffix("\"code\":\"malformed-request\",\"rule\":\"\(request.code.rawValue)\"}"))
            #expect(last.contains("\r\nConnection: close\r\n") && last.contains("\r\nDate: "))
        }
        // Three cases have a good request before the refused one.
        let goodOnes = answers.count { $0.hasPrefix("HTTP/1.1 200") }
        #expect(seen.all.count == goodOnes && goodOnes < 5)
        #expect(seen.all.allSatisfy { $0.hasPrefix("GET / HTTP/1.1\r\n") || $0.hasPrefix("POST / HTTP/1.1\r\n") })
    }

    @Test func `a request is sent again on another connection when the kept one has ended`() async throws {
        let upstream = try ScriptedUpstream { connection, number in
            _ = connection.receive(until: "\r\n\r\n")
            if number == 2 { return connection.close() }
            connection.send(ok)
            _ = connection.receive()
            connection.close()
        }
        let (answers, counters) = try await withProxy([upstream.endpoint]) { server in
            var texts: [String] = []
            for _ in 0..<2 {
                let client = try Wire(to: server.endpoint)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                texts.append(client.receive(until: "ok"))
            }
            return (texts, server.counters)
        }
        #expect(answers == [ok, ok])
        #expect(counters.retries == 2)
    }

    @Test func `what is not idempotent is not sent again`() async throws {
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            connection.close()
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receive(until: "}")
        }
        #expect(answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n") && answer.contains("\"code\":\"upstream-failed\""))
        #expect(upstream.connections == 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ])
    func `an answer that breaks a rule is replaced, and its connection ends`(_ text: String) async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in text }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receive(until: "}")
        }
        #expect(answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n") && answer.contains("\"code\":\"upstream-failed\""))
    }

    @Test func `an answer that breaks off is broken off`() async throws {
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
            connection.close()
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receiveAll()
        }
        #expect(answer == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
    }

    @Test func `an endpoint that refuses connections is passed over, and with no other the client hears of it`()
        async throws
    {
        let closed = try ScriptedUpstream.answering { _, _, _ in nil }
        let gone = closed.endpoint
        closed.stop()
        let upstream = try ScriptedUpstream.answering { _, _, _ in ok }
        let texts = try await withProxy([gone, upstream.endpoint]) { server in
            try (0..<4).map { _ in
                let client = try Wire(to: server.endpoint)
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return client.receive(until: "ok")
            }
        }
        #expect(texts == [ok, ok, ok, ok])
        let answer = try await withProxy([gone]) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receive(until: "}")
        }
        #expect(answer.hasPrefix("HTTP/1.1 502 ") && answer.contains("\"code\":\"upstream-unreachable\""))
    }

    @Test func `requests wait for a connection when all are busy, and no more wait than may`() async throws {
        let upstream = try ScriptedUpstream.answering { head, _, _ in head.contains("/slow") ? nil : ok }
        let counters = try await withProxy([upstream.endpoint]) {
            $0.upstreamConnections = 1
            $0.waitingRequests = 100
        } play: { server in
            let clients = try (0..<20).map { _ in try Wire(to: server.endpoint) }
            for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            for client in clients { #expect(client.receive(until: "ok") == ok) }
            return server.counters
        }
        #expect(counters.upstreamConnections == 1)
    }

    @Test func `a head that does not become complete is answered with 408`() async throws {
        let clock = HandClock()
        let upstream = try ScriptedUpstream.answering { _, _, _ in ok }
        let answer = try await withProxy([upstream.endpoint], time: clock.time) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHos")
            _ = client.receive(until: "ok")
            clock.advance(by: .seconds(11))
            return client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("\"code\":\"head-timeout\""))
    }

    @Test func `an upstream that does not answer is given up with 504, and a silent client is let go`() async throws {
        let clock = HandClock()
        let upstream = try ScriptedUpstream { connection, _ in
            while !connection.receive().isEmpty { clock.advance(by: .seconds(31)) }
        }
        let answer = try await withProxy([upstream.endpoint], time: clock.time) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let first = client.receive(until: "}")
            clock.advance(by: .seconds(61))
            return first + client.receiveAll() + "|"
        }
        #expect(answer.hasPrefix("HTTP/1.1 504 ") && answer.hasSuffix("\"code\":\"upstream-timeout\"}|"))
    }

    @Test func `a drained proxy finishes what is under way and accepts nothing new`() async throws {
        let started = Seen()
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            started.note("")
            while started.all.count < 2 {}
            connection.send(ok)
        }
        let answer = try await withProxy([upstream.endpoint]) { server in
            let idle = try Wire(to: server.endpoint)
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while started.all.isEmpty {}
            server.drain(within: .seconds(60))
            #expect(idle.receiveAll().isEmpty)
            #expect(throws: WireFailure.self) { try Wire(to: server.endpoint) }
            started.note("")
            return client.receiveAll()
        }
        #expect(answer == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    }
}
