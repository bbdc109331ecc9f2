import Essentials
import GatewayCore
import LoadBalancing
import Logging

/// Where lists of hosts come from that are not in the configuration.
public protocol HostSource: Sendable {
    /// The addresses of a name.
    /// - Parameter name: `host:port`.
    /// - Returns: each as `address:port`, with brackets around an IPv6 address.
    func addresses(of name: String) async throws -> [String]

    /// The text of a file.
    func text(of file: String) async throws -> String
}

/// Finds the hosts of services by name or in files, again and again, and writes them on the board. When nothing can be
/// found, or an answer is empty, the hosts known last stay.
struct HostDiscovery: Sendable {
    /// Between two looks.
    static let pause = Duration.seconds(1)

    let source: any HostSource
    let board: HostBoard
    let time: TimeSource
    let logger: Logger

    func run() async throws {
        var complaints: [String: String] = [:]
        while true {
            for service in self.board.services { await self.look(service, &complaints) }
            try await self.time.sleep(for: Self.pause)
        }
    }

    private func look(_ service: ServiceConfiguration, _ complaints: inout [String: String]) async {
        do {
            let hosts: [BalancedHost]
            switch service.source {
            case .list: return
            case .dns(let name):
                // In the order of their names: an answer that only turns is no change.
                hosts = Set(try await self.source.addresses(of: name)).sorted().map { BalancedHost($0) }
            case .file(let file): hosts = try HostList.parse(try await self.source.text(of: file))
            }
            if hosts.isEmpty { throw NoHosts() }
            self.board.setHosts(hosts, of: service.name)
            complaints[service.name] = nil
        } catch {
            let text = "\(error)"
            guard complaints[service.name] != text else { return }
            complaints[service.name] = text
            self.logger.warning(
                "hosts cannot be found, those known last stay",
                metadata: ["service": "\(service.name)", "reason": "\(text)"])
        }
    }
}

private struct NoHosts: Error, CustomStringConvertible {
    var description: String { "there is none" }
}
