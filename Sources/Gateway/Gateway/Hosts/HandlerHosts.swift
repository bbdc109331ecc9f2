import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import HTTPWire
import LoadBalancing
import Synchronization

/// The hosts of the handler, which sends whole messages.
final class HandlerHosts: Sendable {
    /// Hosts that are tried for one request.
    private static let attempts = 3

    private let environment: GatewayEnvironment
    private let balancers: Mutex<Balancers>

    init(_ board: HostBoard, _ environment: GatewayEnvironment) {
        self.environment = environment
        self.balancers = Mutex(Balancers(board, chance: environment.chance))
    }

    /// Sends a request to a host of the group; to another one when it did not arrive.
    /// - Parameters:
    ///   - groups: the names of all groups.
    ///   - request: what the host is chosen by.
    ///   - send: calls the host, or the service by its own name where it has no hosts.
    /// - Throws: a problem when there is no host; what `send` throws.
    func run(
        _ group: Int, of groups: [String], _ request: RequestText, peer: UInt64,
        _ send: (ServiceName) async throws -> ServiceResponse
    ) async throws -> ServiceResponse {
        let service = ServiceName(rawValue: groups[group])
        let draw = self.environment.chance.next()
        var failed: Balancers.Lease?
        for attempt in 1... {
            let now = self.environment.time.now
            let choice = try self.balancers.withLock { balancers -> (Balancers.Lease, String)? in
                balancers.follow(groups, at: now)
                guard balancers.has(group) else { return nil }
                if let reason = balancers.unavailability(group) { throw Upstreams.isDown(service, reason) }
                let key = balancers.key(group, request.head, request.bytes.span.bytes, peer: peer, draw: draw)
                guard let lease = balancers.pick(group, key: key, avoiding: failed, at: now),
                    let name = balancers.name(lease)
                else { throw Upstreams.isDown(service, "it has no host") }
                return (lease, name)
            }
            guard let (lease, host) = choice else { return try await send(service) }
            do {
                let answer = try await send(ServiceName(rawValue: host))
                self.end(lease, answer.head.status.code >= 500 ? .failure : .success)
                return answer
            } catch let error as TransportError where error.code == .notConnected && attempt < Self.attempts {
                self.end(lease, .failure)
                failed = lease
            } catch {
                self.end(lease, error is CancellationError ? .cancelled : .failure)
                throw error
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private func end(_ lease: Balancers.Lease, _ outcome: CallOutcome) {
        let now = self.environment.time.now
        self.balancers.withLock { $0.ended(lease, outcome, at: now) }
    }
}
