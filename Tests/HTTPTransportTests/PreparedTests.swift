import Essentials
import HTTPTransport
import HTTPWire
import Synchronization
import Testing

/// Answers `/ready` with what lies there, puts that in place of answers with 503 and of problems, and notes content that passes.
private final class SharingRouter: ProxyRouter, Sendable {
    let content = Mutex<[String]>([])
    let reports = Mutex<[ProxyReport]>([])

    private var prepared: PreparedAnswer {
        PreparedAnswer(
            status: 200, head: Array("HTTP/1.1 200 OK\r\nX: 1\r\n".utf8), content: Array("0123456789".utf8),
            range: 2..<5)
    }

    func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
        let path = bytes.text(head.path)
        if path == "/ready" { return .send(self.prepared) }
        if path == "/two", !exchange.isInternal {
            exchange.background = Array("GET /behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
        }
        return .forward(ProxyForward(to: 0))
    }

    func substitute(for head: borrowing ResponseHead, _ exchange: ProxyExchange, _ bytes: RawSpan) -> PreparedAnswer? {
        head.status == 503 ? self.prepared : nil
    }

    func substitute(for problem: EdgeProblem, _ exchange: ProxyExchange) -> PreparedAnswer? {
        problem == .upstreamFailed ? self.prepared : nil
    }

    func readAnswer(_ exchange: ProxyExchange, _ head: inout ResponseHead, _ bytes: RawSpan) {
        exchange.isWatched = true
    }

    func watched(_ exchange: ProxyExchange, answer: RawSpan) {
        self.content.withLock { $0.append(answer.text(WireRange(start: 0, count: answer.byteCount))) }
    }

    func ended(_ exchange: ProxyExchange, _ report: ProxyReport) { self.reports.withLock { $0.append(report) } }
}

private let shared = "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 3\r\n\r\n234"

@Suite("Answers from shared memory, in place of others, and requests without a client")
struct PreparedTests {
    @Test func `a prepared answer is sent with its length, to HEAD without content, and the connection goes on`()
        async throws
    {
        let upstream = try ScriptedUpstream.answering { _, _, _ in ok }
        let text = try await withProxy([upstream.endpoint], router: SharingRouter()) { server in
            let client = try Wire(to: server.endpoint)
            client.send(
                "HEAD /ready HTTP/1.1\r\nHost: a\r\n\r\nGET /ready HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.receiveAll()
        }
        let head = String(shared.dropLast(3))
        #expect(
            text == head + shared
                + "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n234")
    }

    @Test(arguments: [
        "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "",
    ])
    func `it takes the place of an upstream's answer, or of a problem`(answer: String) async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in answer.isEmpty ? "nonsense\r\n\r\n" : answer }
        let router = SharingRouter()
        let text = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.receiveAll()
        }
        #expect(text.hasPrefix(shared + "HTTP/1.1 200 OK\r\n"))
        #expect(router.content.withLock { $0 }.isEmpty)
        #expect(router.reports.withLock { $0.map(\.ending) } == [.answered, .answered])
    }

    @Test func `content that passes is seen without its framing`() async throws {
        let upstream = try ScriptedUpstream.answering { _, _, _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        }
        let router = SharingRouter()
        _ = try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.receiveAll()
        }
        #expect(router.content.withLock { $0.joined() } == "abcde")
    }

    @Test func `a request without a client goes to the upstream, and its end is reported`() async throws {
        let seen = Seen()
        let upstream = try ScriptedUpstream.answering { head, _, _ in
            seen.note(String(head.prefix { $0 != "\r\n" }))
            return ok
        }
        let router = SharingRouter()
        try await withProxy([upstream.endpoint], router: router) { server in
            let client = try Wire(to: server.endpoint)
            client.send("GET /two HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = client.receive(until: "ok")
            server.ask([Array("GET /asked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)])
            while router.reports.withLock({ $0.count }) < 3 {}
        }
        #expect(Set(seen.all) == ["GET /two HTTP/1.1", "GET /behind HTTP/1.1", "GET /asked HTTP/1.1"])
        #expect(router.reports.withLock { $0.map(\.ending) } == [.forwarded, .forwarded, .forwarded])
    }
}
