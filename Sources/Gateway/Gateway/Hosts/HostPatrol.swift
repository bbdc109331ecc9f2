import Chassis
import Essentials
import GatewayCore
import HTTPTypes
import LoadBalancing
import Logging
import Synchronization

/// Asks hosts for their health, and writes what they answer on the board.
final class HostPatrol: Sendable {
    /// How soon a host that joined is asked at the latest.
    private static let pause = Duration.seconds(1)

    private let environment: GatewayEnvironment
    private let board: HostBoard
    private let checks = Mutex(HostChecks())

    init(_ environment: GatewayEnvironment, _ board: HostBoard) {
        self.environment = environment
        self.board = board
    }

    /// Asks until the task is cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                let now = self.environment.time.now
                let (services, hosts) = (self.board.services, self.board.groups)
                let (due, next) = self.checks.withLock { checks in
                    checks.follow(services, hosts, at: now)
                    return (checks.begin(at: now), checks.due)
                }
                for target in due { group.addTask { await self.check(target) } }
                let wait = next.map { min(max($0 - now, .milliseconds(1)), Self.pause) } ?? Self.pause
                try await self.environment.time.sleep(for: wait)
            }
        }
    }

    /// Asks one host, now.
    /// - Returns: what is wrong with it; nil when it is well.
    func ask(_ target: HostChecks.Target) async -> String? {
        let deadline = Deadline(at: self.environment.time.now + target.timeout)
        do {
            let answer = try await self.environment.transport.call(
                ServiceName(rawValue: target.host), ServiceRequest(.get, target.path), deadline: deadline)
            return (200..<300).contains(answer.head.status.code) ? nil : "it answered \(answer.head.status.code)"
        } catch let error as TransportError {
            return error.code == .deadlineExceeded ? "Health check timeout" : error.message
        } catch {
            return "the check was cancelled"
        }
    }

    private func check(_ target: HostChecks.Target) async {
        let failure = await self.ask(target)
        guard !Task.isCancelled else { return }
        let now = self.environment.time.now
        guard let belief = self.checks.withLock({ $0.answered(target, failure, at: now) }) else { return }
        var hasChanged = false
        self.board.change(target.host, of: target.service) { member in
            hasChanged = (member.failure == nil) != (belief == nil)
            member.failure = belief
        }
        guard hasChanged else { return }
        self.environment.logger.info(
            "a host changed its state",
            metadata: [
                "service": "\(target.service)", "host": "\(target.host)", "state": "\(belief == nil ? "UP" : "DOWN")",
                "reason": "\(belief ?? "-")",
            ])
    }
}
