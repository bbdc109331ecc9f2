import EdgeCaching
import Essentials
import HTTPTransport
import HTTPWire
import Synchronization
import Testing

@Suite("An edge between real sockets", .timeLimit(.minutes(5)))
struct EdgeTests {
    @Test func `what is fresh comes from the store, with its age and with what the cache did`() async throws {
        let calendar = HandCalendar()
        let origin = try Origin { _ in .text("hello", "max-age=60", "ETag: \"a\"\r\nSurrogate-Key: k\r\n") }
        let edge = try edge(origin.server.endpoint, calendar)
        let answers = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            var answers = [client.get("/a")]
            calendar.advance(by: 7)
            answers.append(client.get("/a"))
            answers.append(client.get("/a", "If-None-Match: \"a\""))
            answers.append(client.get("/a", "Range: bytes=1-2"))
            client.send("/a", method: "HEAD")
            answers.append(client.receive(to: .head))
            answers.append(client.get("/a", "Range: bytes=9-"))
            return answers
        }
        #expect(answers.map(\.status) == [200, 200, 304, 206, 200, 416])
        #expect(answers.map(\.text) == ["hello", "hello", "", "el", "", ""])
        #expect(answers.map { $0["age"] } == [nil, "7", "7", "7", "7", "7"])
        #expect(answers[0].cache == "mainstay-edge; fwd=uri-miss; stored")
        #expect(answers[1].cache == "mainstay-edge; hit; ttl=53")
        #expect(answers[2]["etag"] == "\"a\"" && answers[4]["content-length"] == "5")
        #expect(answers[3]["content-range"] == "bytes 1-2/5" && answers[5]["content-range"] == "bytes */5")
        #expect(answers.allSatisfy { $0["surrogate-key"] == nil })
        #expect(origin.requests == ["GET /a"])
    }

    @Test func `what is stale is renewed by its origin's word`() async throws {
        let calendar = HandCalendar()
        let origin = try Origin { request in
            let asked = request.fields.first { $0.name == "If-None-Match" }?.value
            return asked == "\"a\""
                ? ProxyAnswer(status: 304, ["Cache-Control": "max-age=100", "X": "2"])
                : .text("hello", "max-age=10", "ETag: \"a\"\r\nX: 1\r\n")
        }
        let edge = try edge(origin.server.endpoint, calendar)
        let answers = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            var answers = [client.get("/a")]
            calendar.advance(by: 20)
            answers.append(client.get("/a"))
            calendar.advance(by: 99)
            answers.append(client.get("/a"))
            calendar.advance(by: 2)
            answers.append(client.get("/a", "If-None-Match: \"a\""))
            return answers
        }
        #expect(answers.map(\.text) == ["hello", "hello", "hello", ""])
        #expect(answers.map { $0["x"] } == ["1", "2", "2", nil])
        #expect(answers[1].cache == "mainstay-edge; fwd=stale; ttl=100; fwd-status=304; stored")
        #expect(answers[2].cache == "mainstay-edge; hit; ttl=1")
        #expect(answers[3].status == 304 && origin.requests.count == 3)
    }

    @Test func `a thousand clients that ask for one cold target reach the origin once`() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let origin = try Origin { _ in
            for await _ in gate { break }
            return .text("hello", "max-age=60")
        }
        let edge = try edge(origin.server.endpoint) { $0.loops = 2 }
        let texts = try await play([origin.server, edge]) {
            let clients = (0..<1_000).map { _ in Client(edge.endpoint) }
            for client in clients { client.send("/a") }
            while edge.counters.suspendedRequests < 999 {}
            opened.finish()
            return clients.map { $0.receive().text }
        }
        #expect(texts.count == 1_000 && texts.allSatisfy { $0 == "hello" })
        #expect(origin.requests == ["GET /a"])
    }

    @Test func `clients of a target that cannot be shared are not kept waiting for each other`() async throws {
        let arrived = Mutexed(0)
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let origin = try Origin { request in
            guard request.target == "/a",
                arrived.value.withLock({
                    $0 += 1; return $0
                }) > 1
            else {
                return .text("one", "private")
            }
            for await _ in gate { break }
            return .text("one", "private")
        }
        let edge = try edge(origin.server.endpoint)
        let statuses = try await play([origin.server, edge]) {
            let first = Client(edge.endpoint)
            _ = first.get("/a")
            let clients = (0..<50).map { _ in Client(edge.endpoint) }
            for client in clients { client.send("/a") }
            // All are at the origin at the same time.
            while arrived.value.withLock({ $0 }) < 51 {}
            opened.finish()
            return clients.map { $0.receive().status }
        }
        #expect(statuses == Array(repeating: 200, count: 50))
    }

    @Test func `others take over when the answer that they wait for is none`() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let count = Mutexed(0)
        let origin = try Origin { _ in
            guard
                count.value.withLock({
                    $0 += 1
                    return $0
                }) == 1
            else { return .text("hello", "max-age=60") }
            for await _ in gate { break }
            return ProxyAnswer(status: 304)
        }
        let edge = try edge(origin.server.endpoint)
        let answers = try await play([origin.server, edge]) {
            let clients = (0..<20).map { _ in Client(edge.endpoint) }
            for client in clients { client.send("/a") }
            while edge.counters.suspendedRequests < 19 {}
            opened.finish()
            return clients.map { $0.receive() }
        }
        #expect(answers.filter { $0.status == 304 }.count == 1)
        #expect(answers.filter { $0.text == "hello" }.count == 19)
        #expect(origin.requests.count == 2)
    }

    @Test func `a stale answer is served while it is renewed in the background, once`() async throws {
        let calendar = HandCalendar()
        let count = Mutexed(0)
        let origin = try Origin { _ in
            let number = count.value.withLock {
                $0 += 1; return $0
            }
            return .text("\(number)", "max-age=10, stale-while-revalidate=60")
        }
        let edge = try edge(origin.server.endpoint, calendar)
        let texts = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            var texts = [client.get("/a").text]
            calendar.advance(by: 20)
            texts += [client.get("/a").text, client.get("/a").text]
            var fresh = client.get("/a")
            while fresh.text == "1" { fresh = client.get("/a") }
            return texts + [fresh.text, fresh.cache]
        }
        #expect(texts[0] == "1" && texts[1] == "1" && texts[3] == "2")
        #expect(texts[4] == "mainstay-edge; hit; ttl=10")
        #expect(origin.requests.count == 2)
    }

    @Test func `a stale answer stands in for an origin that is gone`() async throws {
        let calendar = HandCalendar()
        let isBroken = Mutexed(false)
        let origin = try Origin { _ in
            isBroken.value.withLock { $0 }
                ? ProxyAnswer(status: 503) : .text("hello", "max-age=10, stale-if-error=100")
        }
        let edge = try edge(origin.server.endpoint, calendar)
        let answers = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            var answers = [client.get("/a")]
            isBroken.value.withLock { $0 = true }
            calendar.advance(by: 20)
            answers.append(client.get("/a"))
            calendar.advance(by: 100)
            answers.append(client.get("/a"))
            return answers
        }
        #expect(answers.map(\.status) == [200, 200, 503])
        #expect(answers[1].cache == "mainstay-edge; fwd=stale; ttl=-10; fwd-status=503; detail=stale-if-error")
    }

    @Test func `large answers leave from where they lie, also to who reads slowly`() async throws {
        let text = String(repeating: "0123456789abcdef", count: 500_000)
        let origin = try Origin { _ in .text(text, "max-age=60") }
        let edge = try edge(origin.server.endpoint)
        let answers = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            let first = client.get("/a")
            client.send("/a")
            client.send("/a", ["Range: bytes=100000-299999"])
            client.send("/a", method: "HEAD")
            return [first, client.receive(), client.receive(), client.receive(to: .head), client.get("/a")]
        }
        #expect(answers.map(\.content.count) == [8_000_000, 8_000_000, 200_000, 0, 8_000_000])
        #expect(answers[1].text == text && answers[2].text == String(text.dropFirst(100_000).prefix(200_000)))
        #expect(origin.requests.count == 1)
    }

    @Test func `only-if-cached is answered from the store or not at all`() async throws {
        let origin = try Origin { _ in .text("hello", "max-age=60") }
        let edge = try edge(origin.server.endpoint)
        let answers = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            return [
                client.get("/a", "Cache-Control: only-if-cached"), client.get("/a"),
                client.get("/a", "Cache-Control: only-if-cached"),
            ]
        }
        #expect(answers.map(\.status) == [504, 200, 200])
        #expect(answers[0].cache == "mainstay-edge; fwd=uri-miss; detail=only-if-cached")
    }
}
