import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import LoadBalancing

/// Asks the gates of a release: whether the new version is well, warm, and answers as it should, without any client's traffic.
struct ReleaseGates: Sendable {
    private static let timeout = Duration.seconds(5)

    let environment: GatewayEnvironment
    let board: HostBoard

    /// - Returns: what is wrong; nil when the gate is passed.
    func ask(_ gate: ReleaseMachine.Gate, _ release: ReleaseConfiguration, of service: String) async -> String? {
        let hosts = self.board.groups[service]?.members.filter { !$0.isDraining }.map(\.host.name) ?? [service]
        if hosts.isEmpty { return "\(service) has no host" }
        let health = self.board.services.first { $0.name == service }?.healthPath ?? "/health/ready"
        for host in hosts {
            let failure: String? =
                switch gate {
                case .healthy: await self.expect(200..<300, of: host, health)
                case .warm: await self.warm(host, release.warmUp, health)
                case .smoke: await self.smoke(host, release.smokeTests)
                }
            if let failure { return failure }
        }
        return nil
    }

    private func warm(_ host: String, _ warmUp: ReleaseConfiguration.WarmUp, _ health: String) async -> String? {
        for path in warmUp.paths.isEmpty ? [health] : warmUp.paths {
            for _ in 0..<warmUp.requests {
                // Whatever it answers warms it, unless it fails.
                if let failure = await self.expect(200..<500, of: host, path) { return failure }
            }
        }
        return nil
    }

    private func smoke(_ host: String, _ tests: [ReleaseConfiguration.SmokeTest]) async -> String? {
        for test in tests {
            if let failure = await self.expect(test.status..<(test.status + 1), of: host, test.path) { return failure }
        }
        return nil
    }

    private func expect(_ statuses: Range<Int>, of host: String, _ path: String) async -> String? {
        let deadline = Deadline(at: self.environment.time.now + Self.timeout)
        do {
            let answer = try await self.environment.transport.call(
                ServiceName(rawValue: host), ServiceRequest(.get, path), deadline: deadline)
            let status = answer.head.status.code
            return statuses.contains(status) ? nil : "\(host) answered \(status) to \(path)"
        } catch {
            return "\(host) did not answer \(path): \(error)"
        }
    }
}
