import EdgeCaching
import Essentials
import Glibc
import HTTPTransport
import HTTPWire
import Synchronization

/// A blocking client of one connection.
final class Client {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ endpoint: Endpoint) {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0, "the edge does not accept")
    }

    deinit { close(self.descriptor) }

    func send(_ target: String, _ fields: [String] = [], method: String = "GET", body: String = "") {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: shop\r\n" + fields.map { "\($0)\r\n" }.joined()
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        let bytes = Array((text + "\r\n" + body).utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// The next answer; status 0 when none came.
    func receive(to method: WireMethod = .get) -> Answer {
        var parser = ResponseParser()
        var answer = Answer()
        while true {
            let bytes = self.buffer
            if (try? parser.parse(bytes.span.bytes, answering: method)) == true { break }
            guard self.fill() else { return answer }
        }
        answer.status = parser.head.status
        for entry in parser.head.fields.entries {
            answer.fields.append(
                (self.text(entry.name).lowercased(), self.text(entry.value)))
        }
        self.buffer.removeFirst(parser.head.byteCount)
        var body = BodyReader(parser.head.framing)
        while !body.isEnded {
            let bytes = self.buffer
            guard let piece = try? body.read(bytes.span.bytes, at: 0) else { return answer }
            answer.content += bytes[piece.content.start..<piece.content.end]
            self.buffer.removeFirst(piece.next)
            if !body.isEnded, piece.content.isEmpty, !self.fill() { break }
        }
        return answer
    }

    private func text(_ range: WireRange) -> String {
        String(decoding: self.buffer[range.start..<range.end], as: UTF8.self)
    }

    private func fill() -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.descriptor, &piece, piece.count, 0)
        if count > 0 { self.buffer += piece[..<count] }
        return count > 0
    }

    func get(_ target: String, _ fields: String...) -> Answer {
        self.send(target, fields)
        return self.receive()
    }
}

struct Answer: Sendable {
    var status = 0
    var fields: [(name: String, value: String)] = []
    var content: [UInt8] = []

    var text: String { String(decoding: self.content, as: UTF8.self) }
    subscript(name: String) -> String? { self.fields.first { $0.name == name }?.value }
    /// What the cache in front says.
    var cache: String { self.fields.last { $0.name == "cache-status" }?.value ?? "" }
}

/// An origin whose answers a closure makes.
final class Origin: Sendable {
    typealias Handler = @Sendable (ProxyRequest) async -> ProxyAnswer

    struct Router: ProxyRouter {
        let handler: Handler

        func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
            .handle(self.handler)
        }
    }

    let server: ProxyServer
    private let log = Mutexed<[String]>([])

    init(_ handler: @escaping Handler) throws {
        var configuration = ProxyConfiguration()
        configuration.upstreams = [[]]
        configuration.suspendedRequests = 16_384
        let log = self.log
        self.server = try ProxyServer(configuration) {
            Router { request in
                log.value.withLock { $0.append("\(request.method) \(request.target)") }
                return await handler(request)
            }
        }
    }

    /// What it was asked for, in order.
    var requests: [String] { self.log.value.withLock { $0 } }
}

final class Mutexed<Value: Sendable>: Sendable {
    let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
}

/// A calendar that moves when a test says so.
final class HandCalendar: Sendable {
    private let moment = Mutex(Timestamp(milliseconds: 1_700_000_000_000))

    var wallClock: WallClock { WallClock { self.moment.withLock { $0 } } }

    func advance(by seconds: Int) { self.moment.withLock { $0 = $0 + .seconds(seconds) } }
}

let token = "0123456789abcdef"

/// Starts servers, plays `body` on a thread of its own, and drains them.
func play<Value: Sendable>(
    _ servers: [any Runnable], _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for server in servers { group.addTask { try await server.run() } }
        let thread = DedicatedThread(name: "client")
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await thread.run { try body() })
        } catch {
            outcome = .failure(error)
        }
        for server in servers { server.drain(within: .milliseconds(1)) }
        try await group.waitForAll()
        return try outcome.get()
    }
}

protocol Runnable: Sendable {
    func run() async throws
    func drain(within limit: Duration)
}

extension EdgeCache: Runnable {}
extension ProxyServer: Runnable {}

/// An edge in front of an origin.
func edge(
    _ origin: Endpoint, _ calendar: HandCalendar = HandCalendar(), role: EdgeConfiguration.Role = .edge,
    _ change: (inout EdgeConfiguration) -> Void = { _ in }
) throws -> EdgeCache {
    var configuration = EdgeConfiguration(role: role)
    configuration.origins = [origin]
    configuration.token = Redacted(token)
    change(&configuration)
    return try EdgeCache(configuration, wallClock: calendar.wallClock)
}

extension ProxyAnswer {
    /// A text with `Cache-Control`.
    static func text(_ text: String, _ control: String, _ fields: String = "") -> ProxyAnswer {
        ProxyAnswer(
            status: 200, fields: Array("Cache-Control: \(control)\r\n\(fields)".utf8), body: Array(text.utf8))
    }
}
