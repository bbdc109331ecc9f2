import Essentials
import HTTPTransport
import HTTPWire
import Synchronization

/// Starts a proxy, plays `body` on a thread of its own, and drains it.
func withProxy<Value: Sendable>(
    _ upstreams: [Endpoint], router: some ProxyRouter & Sendable = PrefixRouter([("/", 0)]),
    time: TimeSource = .system, _ configure: (inout ProxyConfiguration) -> Void = { _ in },
    play body: @escaping @Sendable (ProxyServer) throws -> Value
) async throws -> Value {
    var configuration = ProxyConfiguration()
    configuration.upstreams = [upstreams]
    configure(&configuration)
    let server = try ProxyServer(configuration, router: router, time: time)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let thread = DedicatedThread(name: "client")
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await thread.run { try body(server) })
        } catch {
            outcome = .failure(error)
        }
        server.drain(within: .milliseconds(1))
        try await group.waitForAll()
        return try outcome.get()
    }
}

/// What came in, in the order in which it came.
final class Seen: Sendable {
    private let texts = Mutex<[String]>([])

    func note(_ text: String) { self.texts.withLock { $0.append(text) } }
    var all: [String] { self.texts.withLock { $0 } }
}

extension ScriptedUpstream {
    /// An upstream that reads requests and answers each.
    /// - Parameter answer: gets the head as it came, the content, and the number of the connection; nil ends the connection.
    static func answering(
        _ answer: @escaping @Sendable (_ head: String, _ content: [UInt8], _ connection: Int) -> String?
    ) throws -> ScriptedUpstream {
        try ScriptedUpstream { connection, number in
            var buffer: [UInt8] = []
            while let (head, content) = Self.next(connection, &buffer) {
                guard let text = answer(head, content, number) else { break }
                connection.send(text)
            }
            connection.close()
        }
    }

    /// The next request; nil at the end, or when it breaks a rule.
    private static func next(_ connection: Wire, _ buffer: inout [UInt8]) -> (head: String, content: [UInt8])? {
        var parser = RequestParser()
        while true {
            let bytes = buffer
            guard let isComplete = try? parser.parse(bytes.span.bytes) else { return nil }
            if isComplete { break }
            let more = connection.receive()
            if more.isEmpty { return nil }
            buffer += more
        }
        let head = String(decoding: buffer[..<parser.head.byteCount], as: UTF8.self)
        buffer.removeFirst(parser.head.byteCount)
        var (body, content): (BodyReader, [UInt8]) = (BodyReader(parser.head.framing), [])
        while !body.isEnded {
            let bytes = buffer
            guard let piece = try? body.read(bytes.span.bytes, at: 0) else { return nil }
            content += bytes[piece.content.start..<piece.content.end]
            buffer.removeFirst(piece.next)
            if piece.isEnd || !piece.content.isEmpty { continue }
            let more = connection.receive()
            if more.isEmpty { return nil }
            buffer += more
        }
        return (head, content)
    }
}

/// A clock that moves when a test says so. Loops look at it every 64 milliseconds of real time.
final class HandClock: Sendable {
    private let ticks = Mutex<Int64>(1_000_000_000)

    var time: TimeSource {
        TimeSource(now: { Tick(nanoseconds: self.ticks.withLock { $0 }) }, sleepUntil: { _ in })
    }

    func advance(by duration: Duration) { self.ticks.withLock { $0 += duration.nanoseconds } }
}

let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
