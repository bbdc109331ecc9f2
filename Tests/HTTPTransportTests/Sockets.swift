import Essentials
import Glibc
import HTTPTransport
import Synchronization

/// A blocking connection for tests. Every wait is bounded: a read that gets nothing for ten minutes ends.
final class Wire: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    convenience init(to endpoint: Endpoint) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(endpoint.port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw WireFailure(call: "connect", number: errno) }
        self.init(descriptor: descriptor)
    }

    deinit { Glibc.close(self.descriptor) }

    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// - Returns: how many bytes were taken within the time limit.
    @discardableResult func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return sent }
            sent += count
        }
        return sent
    }

    @discardableResult func send(_ text: String) -> Int { self.send(text.unicodeScalars.map { UInt8($0.value) }) }

    /// The next bytes; empty at the end.
    func receive() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    /// What comes until `isEnough` or the end.
    func bytes(until isEnough: ([UInt8]) -> Bool) -> [UInt8] {
        var all: [UInt8] = []
        while !isEnough(all) {
            let more = self.receive()
            if more.isEmpty { break }
            all += more
        }
        return all
    }

    /// The same as text.
    func receive(until isEnough: ([UInt8]) -> Bool) -> String {
        String(decoding: self.bytes(until: isEnough), as: UTF8.self)
    }

    func receive(until end: String) -> String {
        let wanted = Array(end.utf8)
        return self.receive { $0.count >= wanted.count && Array($0.suffix(wanted.count)) == wanted }
    }

    func receiveAll() -> String { self.receive { _ in false } }

    func endSending() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// How long ``send(_:)`` may wait for room, in milliseconds.
    func limitSending(_ milliseconds: Int) {
        var limit = timeval(tv_sec: 0, tv_usec: milliseconds * 1_000)
        setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Ends with a reset: both directions at once, and what waits is thrown away.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        // Connecting to nowhere ends the connection but keeps the descriptor for `deinit`.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        connect(self.descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    func close() { shutdown(self.descriptor, Int32(SHUT_RDWR)) }
}

struct WireFailure: Error {
    var call: String
    var number: Int32
}

/// An upstream whose connections are played by a closure, one thread each.
final class ScriptedUpstream: Sendable {
    let endpoint: Endpoint
    private let listener: Int32
    private let accepting = DedicatedThread(name: "upstream")
    private let played = Played()

    private final class Played: Sendable {
        let state = Mutex<(connections: [Wire], threads: [DedicatedThread])>(([], []))
    }

    init(_ play: @escaping @Sendable (_ connection: Wire, _ number: Int) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Wire.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) + listen(listener, 64) + getsockname(listener, $0, &length)
            }
        }
        guard result == 0 else { throw WireFailure(call: "listen", number: errno) }
        self.listener = listener
        self.endpoint = Endpoint("127.0.0.1", UInt16(bigEndian: address.sin_port))
        let played = self.played
        self.accepting.submit {
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                let wire = Wire(descriptor: descriptor)
                let thread = DedicatedThread(name: "connection")
                let number = played.state.withLock {
                    $0.connections.append(wire)
                    $0.threads.append(thread)
                    return $0.connections.count
                }
                thread.submit { play(wire, number) }
            }
        }
    }

    deinit { self.stop() }

    var connections: Int { self.played.state.withLock { $0.connections.count } }

    func stop() {
        shutdown(self.listener, Int32(SHUT_RDWR))
        self.played.state.withLock { state in
            for connection in state.connections { connection.close() }
            state = ([], [])
        }
    }
}
