import Essentials
import HTTPTransport
import HTTPWire
import Synchronization
import Testing

/// A router that is played by closures.
private final class PlayedRouter: ProxyRouter, Sendable {
    let decide: @Sendable (_ path: String, ProxyExchange) -> ProxyDecision
    let reports = Mutex<[ProxyReport]>([])

    init(_ decide: @escaping @Sendable (String, ProxyExchange) -> ProxyDecision) {
        self.decide = decide
    }

    func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
        for index in head.fields.entries.indices where bytes.text(head.fields.entries[index].name) == "X-Secret" {
            head.drop(at: index)
        }
        return self.decide(bytes.text(head.path), exchange)
    }

    func writeTarget(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
    ) {
        output.append("/inner")
        output.append(bytes, head.path)
    }

    func writeRequestFields(
        _ exchange: ProxyExchange, _ head: borrowing RequestHead, _ bytes: RawSpan, _ output: inout WireBuffer
    ) {
        output.append("X-Exchange: ")
        output.append(decimal: Int64(exchange.id))
        output.append("\r\n")
    }

    func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan) {
        for index in head.fields.entries.indices where head.fields.entries[index].id == .server { head.drop(at: index) }
    }

    func writeAnswerFields(_ exchange: ProxyExchange, status: Int, _ output: inout WireBuffer) {
        output.append("X-Status: ")
        output.append(decimal: Int64(status))
        output.append("\r\n")
    }

    func choose(_ exchange: ProxyExchange, group: Int, of endpoints: [Endpoint], attempt: Int) -> Int? {
        attempt == 1 ? endpoints.count - 1 : nil
    }

    func answer(to problem: EdgeProblem, _ exchange: ProxyExchange?) -> ProxyAnswer? {
        problem == .noRoute ? ProxyAnswer(status: 404, ["X-Mine": "1"], body: "gone") : nil
    }

    func ended(_ exchange: ProxyExchange, _ report: ProxyReport) { self.reports.withLock { $0.append(report) } }

    /// Waits for so many, and returns them.
    func reports(_ count: Int) -> [ProxyReport] {
        while true {
            let all = self.reports.withLock { $0 }
            if all.count >= count { return all }
        }
    }
}

private let answered = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"

/// What the client sees of `answered`.
private let passedOn = "HTTP/1.1 200 OK\r\nX-Status: 200\r\nContent-Length: 2\r\n\r\nok"

@Suite("What routers decide, and hear")
struct RouterTests {
    @Test func `a router rewrites the target, sets fields and leaves some behind, both ways`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            seen.note(head)
            return answered
        }
        let router = PlayedRouter { _, _ in .forward(ProxyForward(to: 0)) }
        let answer = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nX-Secret: 1\r\nX-Open: 2\r\n\r\n")
            return client.receive(until: "ok")
        }
        #expect(
            seen.all == [
                "GET /inner/a HTTP/1.1\r\nHost: a\r\nX-Open: 2\r\nX-Exchange: 0\r\nX-Forwarded-For: 127.0.0.1\r\n"
                    + "X-Forwarded-Proto: http\r\nVia: 1.1 mainstay\r\n\r\n"
            ])
        #expect(answer == passedOn)
        let report = try #require(router.reports(1).first)
        #expect(report.ending == .forwarded && report.status == 200 && report.sent == 2 && report.attempts == 1)
        #expect(report.endpoint == upstream.endpoint && report.group == 0 && report.answered != nil)
    }

    @Test func `a decision that must be waited for holds up its own connection only`() async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let gate = Gate()
        let router = PlayedRouter { path, exchange in
            guard path == "/slow" else { return .forward(ProxyForward(to: 0)) }
            if let found = exchange.finding as? Int {
                return found == 7 ? .forward(ProxyForward(to: 0)) : .refuse(.noRoute)
            }
            return .wait {
                await gate.wait()
                return 7
            }
        }
        let texts = try await withProxy([upstream.endpoint], router: router) { server in
            let slow = try Wire(to: server.endpoint)
            slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            gate.awaitArrival()
            let fast = try Wire(to: server.endpoint)
            fast.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let first = fast.receive(until: "ok")
            gate.open()
            return [first, slow.receive { String(decoding: $0, as: UTF8.self) == passedOn + passedOn }]
        }
        #expect(texts == [passedOn, passedOn + passedOn])
        #expect(router.reports(3).allSatisfy { $0.ending == .forwarded })
    }

    @Test func `what is waited for is called off when the client has gone, and its router hears of the end once`()
        async throws
    {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let gate = Gate()
        let router = PlayedRouter { _, _ in
            .wait {
                await gate.wait()
                return 1
            }
        }
        let counters = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            gate.awaitArrival()
            client.reset()
            gate.awaitCancellation()
            _ = router.reports(1)
            while server.counters.suspendedRequests > 0 {}
            return server.counters
        }
        #expect(router.reports(1).map(\.ending) == [.clientLeft])
        #expect(counters.aborted == 1 && counters.openConnections == 0)
    }

    @Test(arguments: [
        "Content-Length: 11\r\n\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\nX: y\r\n\r\n",
    ])
    func `a handler gets the whole request, whatever its framing, and the connection goes on`(
        _ body: String
    )
        async throws
    {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let router = PlayedRouter { path, _ in
            path == "/next"
                ? .forward(ProxyForward(to: 0))
                : .handle { request in
                    ProxyAnswer(
                        status: 201, ["X-Seen": "\(request.method) \(request.target) \(request.fields.count)"],
                        body: String(decoding: request.body, as: UTF8.self))
                }
        }
        let answer = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            for byte in Array("POST http://a/x?q HTTP/1.1\r\nHost: a\r\nX-Secret: 1\r\n\(body)".utf8) {
                client.send([byte])
            }
            client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receive(until: "ok")
        }
        let lines = answer.split(separator: "\r\n").filter { !$0.hasPrefix("Date: ") }
        #expect(
            lines.prefix(5) == [
                "HTTP/1.1 201 Created", "X-Seen: POST /x?q 1", "Content-Length: 11", "X-Status: 201",
                "hello worldHTTP/1.1 200 OK",
            ])
        let reports = router.reports(2)
        #expect(reports[0].ending == .answered && reports[0].received == 11 && reports[0].sent == 11)
        #expect(reports[0].endpoint == nil && reports[1].ending == .forwarded)
    }

    @Test func `a body that breaks a rule does not reach its handler`() async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let router = PlayedRouter { _, _ in .handle { _ in ProxyAnswer(status: 200) } }
        let answer = try await withProxy([upstream.endpoint], router: router) {
            $0.limits.body = 4
        } play: { server in
            let client = try Wire(to: server.endpoint)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            return client.receiveAll()
        }
        #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("\r\nConnection: close\r\n"))
        #expect(router.reports(1).map(\.ending) == [.problem(.malformed(.contentTooLarge))])
    }

    @Test func `a router answers itself, and words the proxy's problems, without a body to HEAD`() async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let router = PlayedRouter { path, _ in
            path == "/own" ? .answer(ProxyAnswer(status: 200, ["X-Own": "1"], body: "own")) : .refuse(.noRoute)
        }
        let answer = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send(
                "HEAD /own HTTP/1.1\r\nHost: a\r\n\r\nGET /own HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                    + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.receiveAll()
        }
        let text = answer.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
        #expect(
            text.joined(separator: "|") == "HTTP/1.1 200 OK|X-Own: 1|Content-Length: 3|X-Status: 200||"
                + "HTTP/1.1 200 OK|X-Own: 1|Content-Length: 3|Connection: keep-alive|X-Status: 200||own"
                + "HTTP/1.1 404 Not Found|X-Mine: 1|Content-Length: 4|Connection: close|X-Status: 404||gone")
    }

    @Test func `endpoints come and go while requests are served, and a group without any answers with 503`()
        async throws
    {
        let upstreams = try (0..<2).map { number in
            try ScriptedUpstream.answering { _, _, _ in
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n#\(number)"
            }
        }
        let (first, second) = (upstreams[0].endpoint, upstreams[1].endpoint)
        let router = PlayedRouter { _, _ in .forward(ProxyForward(to: 0)) }
        let bodies = try await withProxy([], router: router) { server in
            let client = try Wire(to: server.endpoint)
            var bodies: [String] = []
            for endpoints in [[], [first], [first, second], [second], [first], []] {
                server.setEndpoints(endpoints, of: 0)
                // The order is heard of before the next request at the latest: both wake the loop, the order first.
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = client.receive { $0.last == UInt8(ascii: "}") || $0.suffix(2).first == UInt8(ascii: "#") }
                bodies.append(text.hasPrefix("HTTP/1.1 503") ? "503" : String(text.suffix(2)))
            }
            return bodies
        }
        #expect(bodies == ["503", "#0", "#1", "#1", "#0", "503"])
    }

    @Test func `no more requests are suspended than may be`() async throws {
        let gate = Gate()
        let router = PlayedRouter { _, _ in
            .handle { _ in
                await gate.wait()
                return ProxyAnswer(status: 204)
            }
        }
        let answers = try await withProxy([], router: router) {
            $0.suspendedRequests = 1
        } play: { server in
            let clients = [try Wire(to: server.endpoint), try Wire(to: server.endpoint)]
            clients[0].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            gate.awaitArrival()
            clients[1].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let refused = clients[1].receive(until: "}")
            gate.open()
            return [refused, clients[0].receive(until: "\r\n\r\n")]
        }
        #expect(answers[0].hasPrefix("HTTP/1.1 503 ") && answers[0].contains("\"code\":\"overloaded\""))
        #expect(answers[1].hasPrefix("HTTP/1.1 204 No Content\r\n") && !answers[1].contains("Content-Length"))
    }

    @Test func `no more of bodies is held for handlers than may be`() async throws {
        let router = PlayedRouter { _, _ in .handle { _ in ProxyAnswer(status: 204) } }
        let (answers, counters) = try await withProxy([], router: router) {
            $0.collectedBytes = 1_000
        } play: { server in
            let first = try Wire(to: server.endpoint)
            first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 901\r\n\r\n" + String(repeating: "x", count: 900))
            while server.counters.collectedBytes < 900 {}
            let second = try Wire(to: server.endpoint)
            second.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n" + String(repeating: "x", count: 200))
            let refused = second.receive(until: "}")
            first.send("x")
            let texts = [first.receive(until: "\r\n\r\n"), refused]
            while server.counters.collectedBytes > 0 {}
            return (texts, server.counters)
        }
        #expect(answers[0].hasPrefix("HTTP/1.1 204") && answers[1].hasPrefix("HTTP/1.1 503"))
        #expect(counters.suspendedRequests == 0)
    }

    @Test func `an answer that has not begun by the request's own deadline is a 504`() async throws {
        let clock = HandClock()
        let upstream = try ScriptedUpstream { connection, _ in
            while !connection.receive().isEmpty { clock.advance(by: .seconds(4)) }
        }
        let router = PlayedRouter { _, _ in .forward(ProxyForward(to: 0, deadline: .seconds(3))) }
        let answer = try await withProxy([upstream.endpoint], router: router, time: clock.time) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return client.receive(until: "}")
        }
        #expect(answer.hasPrefix("HTTP/1.1 504 "))
        #expect(router.reports(1)[0].ended - router.reports(1)[0].began >= .seconds(3))
    }

    @Test(arguments: [true, false])
    func `a body that trickles is answered with 408, a steady one may take its time`(_ isSteady: Bool) async throws {
        let clock = HandClock()
        let upstream = try ScriptedUpstream.answering { _, content, _ in
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Got: \(content.count)\r\n\r\n"
        }
        // The time for the answer runs when the body is there, not before.
        let router = PlayedRouter { _, _ in .forward(ProxyForward(to: 0, deadline: .seconds(15))) }
        let answer = try await withProxy([upstream.endpoint], router: router, time: clock.time) { server in
            let client = try Wire(to: server.endpoint)
            let piece = String(repeating: "x", count: isSteady ? 5_000 : 50)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(10 * piece.utf8.count)\r\n\r\n")
            for _ in 0..<10 {
                let before = server.counters.rounds
                client.send(piece)
                // The loop has taken the piece before the clock moves.
                while server.counters.rounds < before + 3 {}
                clock.advance(by: .seconds(5))
            }
            return client.receive(until: isSteady ? "\r\n\r\n" : "}")
        }
        #expect(answer.hasPrefix(isSteady ? "HTTP/1.1 200" : "HTTP/1.1 408"))
        #expect(isSteady == answer.contains("X-Got: 50000\r\n"))
    }

    @Test func `who has connected before a drain is still answered`() async throws {
        let gate = Gate()
        let upstream = try ScriptedUpstream.answering { _, _, _ in answered }
        let router = PlayedRouter { path, _ in
            guard path == "/slow" else { return .forward(ProxyForward(to: 0)) }
            return .handle { _ in
                await gate.wait()
                return ProxyAnswer(status: 204)
            }
        }
        let answers = try await withProxy([upstream.endpoint], router: router) { server in
            let slow = try Wire(to: server.endpoint)
            slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            gate.awaitArrival()
            let waiting = try (0..<100).map { _ in try Wire(to: server.endpoint) }
            server.drain(within: .seconds(60))
            for client in waiting { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            let texts = waiting.map { $0.receiveAll() }
            gate.open()
            return texts + [slow.receiveAll()]
        }
        #expect(
            answers.dropLast().allSatisfy { $0.hasPrefix("HTTP/1.1 200 OK\r\n") && $0.contains("Connection: close") })
        #expect(answers.last?.hasPrefix("HTTP/1.1 204 ") == true)
    }
}

/// Holds tasks until it is opened; threads can wait for them to come and go.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var held: [CheckedContinuation<Void, Never>] = []
        var arrivals = 0
        var cancellations = 0
    }

    private let state = Mutex(State())

    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    state.arrivals += 1
                    if !state.isOpen { state.held.append(continuation) }
                    return state.isOpen
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.cancellations += 1 }
            self.open()
        }
    }

    func open() {
        let held = self.state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func awaitArrival() { while self.state.withLock({ $0.arrivals }) == 0 {} }
    func awaitCancellation() { while self.state.withLock({ $0.cancellations }) == 0 {} }
}
