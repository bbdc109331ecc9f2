import EdgeCaching
import Essentials
import HTTPTransport
import Synchronization
import Testing

@Suite("What is forgotten", .timeLimit(.minutes(5)))
struct PurgeTests {
    private func purge(_ client: Client, _ body: String, _ bearer: String = token) -> Int {
        client.send("/_mainstay/purge", ["Authorization: Bearer \(bearer)"], method: "POST", body: body)
        return client.receive().status
    }

    @Test func `an unsafe request forgets its target and what the answer names`() async throws {
        let origin = try Origin { request in
            request.method == "POST"
                ? ProxyAnswer(
                    status: 201,
                    ["Location": "/b", "Content-Location": "http://shop/c", "Cache-Group-Invalidation": "\"g\""])
                : .text("x", "max-age=60", request.target == "/d" ? "Cache-Groups: \"g\"\r\n" : "")
        }
        let edge = try edge(origin.server.endpoint)
        let caches = try await play([origin.server, edge]) {
            let client = Client(edge.endpoint)
            for target in ["/a", "/b", "/c", "/d", "/e"] { _ = client.get(target) }
            client.send("/a", method: "POST", body: "x")
            _ = client.receive()
            return ["/a", "/b", "/c", "/d", "/e"].map { client.get($0).cache }
        }
        #expect(caches.map { $0.contains("fwd=uri-miss") } == [true, true, true, true, false])
    }

    @Test func `one call purges by URL, key and group through edge and shield, and needs the token`() async throws {
        let version = Mutexed(1)
        let origin = try Origin { request in
            .text(
                "\(version.value.withLock { $0 })", "max-age=600",
                "Surrogate-Key: all \(request.target.dropFirst())\r\nCache-Groups: \"g\"\r\n")
        }
        let shield = try edge(origin.server.endpoint, role: .shield)
        let edge = try edge(shield.endpoint) { $0.purgeBehind = { try await shield.purge($0) } }
        let outcome = try await play([origin.server, shield, edge]) {
            let client = Client(edge.endpoint)
            let bodies = [
                #"{"urls": ["http://shop/a"]}"#, #"{"keys": ["a"]}"#, #"{"everything": true}"#,
                #"{"groups": [{"authority": "shop", "name": "g"}]}"#, #"{"keys": ["all"]}"#,
            ]
            var texts = [client.get("/a").text]
            for (number, body) in bodies.enumerated() {
                version.value.withLock { $0 = number + 2 }
                texts.append(client.get("/a").text)
                let status = self.purge(client, body)
                texts.append("\(status) \(client.get("/a").text)")
            }
            let refused = [
                self.purge(client, bodies[0], "0123456789abcdeF"), self.purge(client, "{}"),
                self.purge(client, "nonsense"),
                self.purge(client, #"{"urls": ["/a"]}"#),
            ]
            return (texts, refused)
        }
        #expect(
            outcome.0 == [
                "1", "1", "204 2", "2", "204 3", "3", "204 4", "4", "204 5", "5", "204 6",
            ])
        #expect(outcome.1 == [401, 400, 400, 400])
    }

    @Test func `what was asked for before a purge is not stored after it`() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let count = Mutexed(0)
        let origin = try Origin { _ in
            let number = count.value.withLock {
                $0 += 1; return $0
            }
            if number == 1 { for await _ in gate { break } }
            return .text("\(number)", "max-age=60", "Surrogate-Key: k\r\n")
        }
        let edge = try edge(origin.server.endpoint)
        let texts = try await play([origin.server, edge]) {
            let (early, late) = (Client(edge.endpoint), Client(edge.endpoint))
            early.send("/a")
            while origin.requests.isEmpty {}
            let status = self.purge(late, #"{"keys": ["k"]}"#)
            // It does not wait for the request that began before the purge.
            let second = late.get("/a").text
            opened.finish()
            return ["\(status)", second, early.receive().text, late.get("/a").text]
        }
        #expect(texts == ["204", "2", "1", "2"])
    }

    @Test func `under continuous refill nothing older than a purge is served after it`() async throws {
        let version = Mutexed(0)
        let origin = try Origin { _ in
            .text("\(version.value.withLock { $0 })", "max-age=600", "Surrogate-Key: k\r\n")
        }
        let shield = try edge(origin.server.endpoint, role: .shield)
        let edge = try edge(shield.endpoint) {
            $0.loops = 2
            $0.purgeBehind = { try await shield.purge($0) }
        }
        let isOver = Mutexed(false)
        let threads = (0..<3).map { DedicatedThread(name: "reader \($0)") }
        let stale = try await play([origin.server, shield, edge]) {
            for thread in threads {
                thread.submit {
                    let client = Client(edge.endpoint)
                    while !isOver.value.withLock({ $0 }) { _ = client.get("/a") }
                }
            }
            let client = Client(edge.endpoint)
            var stale = 0
            for number in 1...200 {
                version.value.withLock { $0 = number }
                _ = self.purge(client, #"{"keys": ["k"]}"#)
                if client.get("/a").text != "\(number)" { stale += 1 }
            }
            isOver.value.withLock { $0 = true }
            return stale
        }
        #expect(stale == 0)
    }

    @Test func `purging is switched off without a token`() async throws {
        let origin = try Origin { _ in .text("x", "max-age=60") }
        let edge = try edge(origin.server.endpoint) { $0.token = nil }
        let status = try await play([origin.server, edge]) {
            self.purge(Client(edge.endpoint), #"{"everything": true}"#)
        }
        #expect(status == 404 && origin.requests.isEmpty)
    }
}
