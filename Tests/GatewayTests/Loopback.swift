#if os(Linux)
    import Essentials
    import Glibc
    import HTTPTransport
    import HTTPWire
    import Synchronization

    /// A blocking connection of a test's client.
    final class Loopback: Sendable {
        private let descriptor: Int32

        init(to endpoint: Endpoint) {
            self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            precondition(result == 0, "the gateway under test listens")
        }

        deinit { close(self.descriptor) }

        func send(_ text: String) { self.send(Array(text.utf8)) }

        func send(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }

        /// One answer: its status, its fields with names in lower case, its body. Nil when the connection ended first.
        func answer(to method: WireMethod = .get) -> Answer? {
            var bytes: [UInt8] = []
            var parser = ResponseParser()
            while (try? parser.parse(bytes.span.bytes, answering: method)) != true {
                guard let more = self.receive() else { return nil }
                bytes += more
            }
            let (head, all) = (parser.head, bytes)
            var fields: [String: String] = [:]
            for entry in head.fields.entries {
                let value = all.span.bytes.text(entry.value)
                fields[all.span.bytes.text(entry.name).lowercased()] = value
            }
            var (body, content, position) = (BodyReader(head.framing), [UInt8](), head.byteCount)
            while !body.isEnded {
                guard let piece = try? body.read(bytes.span.bytes, at: position) else { return nil }
                content += bytes[piece.content.start..<piece.content.end]
                position = piece.next
                if piece.isEnd { break }
                if !piece.content.isEmpty { continue }
                guard let more = self.receive() else { return nil }
                bytes += more
            }
            return Answer(status: head.status, fields: fields, bytes: content)
        }

        func endSending() { shutdown(self.descriptor, Int32(SHUT_WR)) }

        /// Everything until the connection ends.
        func receiveAll() -> String {
            var bytes: [UInt8] = []
            while let more = self.receive() { bytes += more }
            return String(decoding: bytes, as: UTF8.self)
        }

        private func receive() -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(self.descriptor, &buffer, buffer.count, 0)
            return count > 0 ? Array(buffer[..<count]) : nil
        }

        struct Answer: Hashable, Sendable {
            var status: Int
            var fields: [String: String]
            var bytes: [UInt8]

            var body: String { String(decoding: self.bytes, as: UTF8.self) }
        }
    }

    /// A service over sockets: every request is read whole and answered by a closure.
    struct LoopbackService: ProxyRouter, Sendable {
        let answer: @Sendable (ProxyRequest) async -> ProxyAnswer

        func route(_ exchange: ProxyExchange, _ head: inout RequestHead, _ bytes: RawSpan) -> ProxyDecision {
            .handle(self.answer)
        }

        /// Serves as long as `body` runs.
        static func serving<Value: Sendable>(
            _ answer: @escaping @Sendable (ProxyRequest) async -> ProxyAnswer,
            _ body: (Endpoint) async throws -> Value
        ) async throws -> Value {
            var configuration = ProxyConfiguration()
            configuration.upstreams = [[]]
            let server = try ProxyServer(configuration, router: LoopbackService(answer: answer))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                defer { server.drain(within: .zero) }
                return try await body(server.endpoint)
            }
        }
    }
#endif
