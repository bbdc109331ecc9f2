import Essentials
import Foundation
import Gateway
import Glibc

/// Hosts by the system's resolver, and files on disk.
struct SystemHosts: HostSource {
    private let thread = DedicatedThread(name: "mainstay-hosts")

    func addresses(of name: String) async throws -> [String] {
        guard let address = HostAndPort(name) else { throw Failure(reason: "'\(name)' is no host:port") }
        return try await self.thread.run { try Self.resolve(address) }
    }

    func text(of file: String) async throws -> String {
        try await self.thread.run { try String(contentsOfFile: file, encoding: .utf8) }
    }

    private struct Failure: Error, CustomStringConvertible {
        var reason: String
        var description: String { self.reason }
    }

    private static func resolve(_ address: HostAndPort) throws -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(address.host, String(address.port), &hints, &list)
        guard result == 0 else { throw Failure(reason: String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            {
                let host = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
                found.append("\(HostAndPort(host: host, port: address.port))")
            }
            next = entry.ai_next
        }
        return found
    }
}
