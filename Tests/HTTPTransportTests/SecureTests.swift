import Essentials
import HTTPTransport
import HTTPWire
import TLS
import Testing

/// A client's connection over TLS.
final class SecureWire {
    private let wire: Wire
    private let tls: TLSConnection
    private let pool = WirePool()

    init(_ wire: Wire, _ client: TLSClient) throws {
        self.wire = wire
        self.tls = client.connect(to: "shop.example")
        try self.exchange { !$0.isEstablished }
    }

    var applicationProtocol: String? { self.tls.applicationProtocol }
    /// Whether the proxy has said that it sends no more.
    var isEnded: Bool { self.tls.isEnded }

    /// Receives as long as `isGoing`; what was in the records.
    @discardableResult
    private func exchange(_ isGoing: (TLSConnection) -> Bool) throws -> [UInt8] {
        var content = WireBuffer(self.pool)
        var answers = WireBuffer(self.pool)
        if !self.tls.isEstablished { try self.tls.begin(&answers) }
        while true {
            self.wire.send(answers.withUnsafeBytes { Array($0) })
            answers.removeAll()
            guard isGoing(self.tls), content.isEmpty else { break }
            let records = self.wire.receive()
            if records.isEmpty { break }
            try self.tls.receive(records.span.bytes, &content, &answers)
        }
        return content.withUnsafeBytes { Array($0) }
    }

    func send(_ bytes: [UInt8]) throws {
        var records = WireBuffer(self.pool)
        _ = try self.tls.send(bytes.span.bytes, atMost: bytes.count, &records)
        self.wire.send(records.withUnsafeBytes { Array($0) })
    }

    func receive(until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
        var all: [UInt8] = []
        while !isEnough(all) {
            let more = try self.exchange { $0.isEstablished }
            if more.isEmpty { break }
            all += more
        }
        return all
    }

    func receiveAll() throws -> String { String(decoding: try self.receive { _ in false }, as: UTF8.self) }
}

/// Frames of a client of HTTP/2 whose heads are literals.
enum Frames {
    static let beginning = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }

    static func head(_ stream: UInt8, _ fields: [(String, String)], isWhole: Bool) -> [UInt8] {
        let block = fields.flatMap { name, value -> [UInt8] in
            [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return self.frame(1, isWhole ? 5 : 4, stream, block)
    }

    static func get(_ stream: UInt8, _ path: String) -> [UInt8] {
        self.head(
            stream, [(":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "shop")], isWhole: true)
    }

    static func post(_ stream: UInt8, _ path: String) -> [UInt8] {
        self.head(
            stream, [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "shop")], isWhole: true)
    }

    /// The complete frames in `bytes`: type, flags, stream, payload.
    static func all(_ bytes: [UInt8]) -> [(type: UInt8, flags: UInt8, stream: UInt8, payload: [UInt8])] {
        var found: [(UInt8, UInt8, UInt8, [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 9 + count else { break }
            found.append((head[3], head[4], head[8], Array(rest.dropFirst(9).prefix(count))))
            rest = rest.dropFirst(9 + count)
        }
        return found
    }

    /// Whether as many streams as `count` have ended.
    static func areEnded(_ count: Int) -> ([UInt8]) -> Bool {
        { bytes in Self.all(bytes).count { $0.type < 2 && $0.flags & 1 == 1 || $0.type == 3 } == count }
    }

    /// The content of a stream.
    static func content(_ bytes: [UInt8], _ stream: UInt8) -> String {
        String(
            decoding: self.all(bytes).filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload), as: UTF8.self)
    }
}

func identity() throws -> TLSIdentity {
    let now = WallClock.system.now.milliseconds
    return try .selfSigned(
        for: ["shop.example"],
        validity: Timestamp(milliseconds: now - 86_400_000)...Timestamp(milliseconds: now + 86_400_000))
}

@Suite("TLS and HTTP/2 in front of the proxy")
struct SecureTests {
    /// Answers with the path and the content.
    private static func echo(_ seen: Seen = Seen()) throws -> ScriptedUpstream {
        try .answering { head, content, _ in
            seen.note(head)
            let text = "\(head.split(separator: " ")[1])\(String(decoding: content, as: UTF8.self))"
            return "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
        }
    }

    @Test func `a request over TLS is forwarded as one over TLS, and the end is said`() async throws {
        let identity = try identity()
        let (seen, tls) = (Seen(), try TLSServer(TLSConfiguration(identities: [identity])))
        let upstream = try Self.echo(seen)
        let content = String(repeating: "0123456789", count: 30_000)
        let answer = try await withProxy([upstream.endpoint]) {
            $0.tls = tls
        } play: { server in
            let client = try TLSClient(trusting: identity.chain, protocols: ["http/1.1"])
            let wire = try SecureWire(Wire(to: server.endpoint), client)
            let head =
                "POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: \(content.utf8.count)\r\nConnection: close\r\n\r\n"
            try wire.send(Array((head + content).utf8))
            let answer = try wire.receiveAll()
            #expect(wire.isEnded && wire.applicationProtocol == "http/1.1")
            return answer
        }
        #expect(answer.hasSuffix("Connection: close\r\n\r\n/a" + content))
        #expect(seen.all[0].contains("\r\nX-Forwarded-Proto: https\r\n"))
    }

    @Test func `certificates are exchanged while requests are served`() async throws {
        let (old, new) = (try identity(), try identity())
        let tls = try TLSServer(TLSConfiguration(identities: [old]))
        let upstream = try Self.echo()
        try await withProxy([upstream.endpoint]) {
            $0.tls = tls
        } play: { server in
            let (first, second) = (try TLSClient(trusting: old.chain), try TLSClient(trusting: new.chain))
            let wire = try SecureWire(Wire(to: server.endpoint), first)
            for round in 0..<100 {
                try tls.reload(TLSConfiguration(identities: [round % 2 == 0 ? new : old]))
                try wire.send(Array("GET /\(round) HTTP/1.1\r\nHost: shop\r\n\r\n".utf8))
                let answer = try wire.receive { $0.suffix(2 + round / 10).contains(UInt8(ascii: "/")) }
                #expect(String(decoding: answer, as: UTF8.self).hasSuffix("\r\n\r\n/\(round)"))
                _ = try SecureWire(Wire(to: server.endpoint), round % 2 == 0 ? second : first)
            }
            #expect(throws: TLSFailure.self) { try SecureWire(Wire(to: server.endpoint), second) }
        }
    }

    @Test func `whoever does not finish the handshake, or speaks in the clear, is let go`() async throws {
        let clock = HandClock()
        let tls = try TLSServer(TLSConfiguration(identities: [try identity()]))
        let upstream = try Self.echo()
        try await withProxy([upstream.endpoint], time: clock.time) {
            $0.tls = tls
        } play: { server in
            let plain = try Wire(to: server.endpoint)
            plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!plain.receiveAll().contains("HTTP"))
            let silent = try Wire(to: server.endpoint)
            silent.send([0x16, 0x03, 0x01, 0x02, 0x00])
            let next = try Wire(to: server.endpoint)
            while server.counters.connections < 3 {}
            clock.advance(by: .seconds(11))
            #expect(silent.receiveAll().isEmpty && next.receiveAll().isEmpty)
        }
        #expect(upstream.connections == 0)
    }

    @Test(arguments: [true, false])
    func `streams of one connection are requests of their own, over TLS and in the clear`(_ isSecure: Bool) async throws
    {
        let identity = try identity()
        let (seen, tls) = (Seen(), try TLSServer(TLSConfiguration(identities: [identity])))
        let upstream = try Self.echo(seen)
        let requests =
            Frames.beginning + (0..<20).flatMap { Frames.get($0 * 2 + 1, "/\($0)") }
            + Frames.head(
                41,
                [
                    (":method", "POST"), (":scheme", "https"), (":path", "/p"), (":authority", "shop"),
                    ("expect", "100-continue"),
                ],
                isWhole: false)
            + Frames.frame(0, 0, 41, Array("hello ".utf8)) + Frames.frame(0, 1, 41, Array("world".utf8))
        let (bytes, counters) = try await withProxy([upstream.endpoint]) {
            if isSecure { $0.tls = tls }
        } play: { server in
            let plain = try Wire(to: server.endpoint)
            guard isSecure else {
                plain.send(requests)
                return (plain.bytes(until: Frames.areEnded(21)), server.counters)
            }
            let wire = try SecureWire(plain, TLSClient(trusting: identity.chain, protocols: ["h2"]))
            try wire.send(requests)
            return (try wire.receive(until: Frames.areEnded(21)), server.counters)
        }
        for stream in UInt8(0)..<20 { #expect(Frames.content(bytes, stream * 2 + 1) == "/\(stream)") }
        #expect(Frames.content(bytes, 41) == "/phello world")
        #expect(seen.all.count == 21 && counters.openConnections <= 1)
        #expect(seen.all.allSatisfy { $0.contains("X-Forwarded-Proto: \(isSecure ? "https" : "http")\r\n") })
        #expect(seen.all.allSatisfy { !$0.contains("Connection:") && $0.contains("Host: shop\r\n") })
    }

    @Test func `what the proxy says itself is said over HTTP 2 too, and a reset takes the request back`() async throws {
        let started = Seen()
        let upstream = try ScriptedUpstream { connection, _ in
            started.note(connection.receive(until: "\r\n\r\n"))
            started.note(String(connection.receive().count))
        }
        let (refused, counters) = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send(Frames.beginning + Frames.get(1, "/%zz"))
            let refused = client.bytes(until: Frames.areEnded(1))
            client.send(Frames.get(3, "/slow"))
            while started.all.isEmpty {}
            client.send(Frames.frame(3, 0, 3, [0, 0, 0, 8]))
            while started.all.count < 2 {}
            return (refused, server.counters)
        }
        #expect(Frames.content(refused, 1).contains("\"rule\":\"invalid-escape\""))
        // The upstream's connection was ended, because nobody waits for its answer.
        #expect(started.all.last == "0" && counters.malformed == 1)
    }

    @Test func `a drained session finishes its streams and says that no more are taken`() async throws {
        let started = Seen()
        let upstream = try ScriptedUpstream { connection, _ in
            _ = connection.receive(until: "\r\n\r\n")
            started.note("")
            while started.all.count < 2 {}
            connection.send(ok)
        }
        let bytes = try await withProxy([upstream.endpoint]) { server in
            let client = try Wire(to: server.endpoint)
            client.send(Frames.beginning + Frames.get(1, "/"))
            while started.all.isEmpty {}
            server.drain(within: .seconds(60))
            let first = client.bytes { Frames.all($0).contains { $0.type == 7 } }
            started.note("")
            return first + client.bytes { _ in false }
        }
        #expect(Frames.content(bytes, 1) == "ok")
    }
}
