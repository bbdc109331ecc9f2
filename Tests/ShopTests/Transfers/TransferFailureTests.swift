import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Identity
import Sagas
import ShopContracts
import Synchronization
import Testing

@testable import Transfers

/// Money is conserved under every failure point.
@Suite struct TransferFailureTests {
    /// Ends a process before or after its n-th write.
    private final class Death: Sendable {
        struct Crash: Error {}

        private let target: Int
        private let points = Mutex(0)

        init(at target: Int) {
            self.target = target
        }

        var hasCome: Bool { self.points.withLock { $0 > self.target } }

        private func reach() throws {
            let isDead = self.points.withLock { points in
                points += 1
                return points > self.target
            }
            if isDead { throw Crash() }
        }

        func guarding(_ store: ServiceStore) -> ServiceStore {
            ServiceStore(commits: store.commits) { mode, body in
                guard mode == .write else { return try await store.read(body) }
                try self.reach()
                let value = try await store.write(body)
                try self.reach()
                return value
            }
        }
    }

    private func verify(
        _ bench: TransfersBench, _ a: AccountID, _ b: AccountID, _ transfer: String, _ place: String,
    ) async throws {
        let status = try await bench.status(transfer)
        #expect(status == "COMPLETED" || status == "FAILED", "\(place): \(status ?? "nothing")")
        let done = status == "COMPLETED"
        let left = done ? "60.00" : "100.00"
        let given = done ? "40.00" : "0.00"
        #expect(try await bench.amounts(a, bench.alice) == [left, left, "0.00"], "\(place)")
        #expect(try await bench.amounts(b, bench.bob) == [given, given, "0.00"], "\(place)")
        #expect(try await bench.isBalanced(), "\(place)")
    }

    @Test(arguments: FaultyTransport.Fault.allCases, [1, 3, 60])
    func `money is conserved whichever calls between the services are lost`(
        _ fault: FaultyTransport.Fault, _ length: Int,
    ) async throws {
        for refusesCredit in [false, true] {
            for index in 0..<8 {
                let bench = try await TransfersBench()
                let service = try bench.start()
                let a = try await bench.account(of: bench.alice, holding: "100.00")
                let b = try await bench.account(of: bench.bob)
                let answer = try await bench.transfer("40.00", from: a, to: b)
                if refusesCredit { bench.faults.refuse(#""direction":"CREDIT""#) }
                bench.faults.fail(index..<(index + length), fault)
                try await bench.settle(service)
                let place = "\(fault) at \(index) for \(length), credit refused: \(refusesCredit)"
                try await self.verify(bench, a, b, answer.json["transferId"]?.string ?? "", place)
            }
        }
    }

    @Test(arguments: [false, true])
    func `money is conserved wherever the process dies`(_ refusesCredit: Bool) async throws {
        var target = 0
        while true {
            let bench = try await TransfersBench()
            let first = try bench.start()
            let a = try await bench.account(of: bench.alice, holding: "100.00")
            let b = try await bench.account(of: bench.bob)
            let answer = try await bench.transfer("40.00", from: a, to: b)
            if refusesCredit { bench.faults.refuse(#""direction":"CREDIT""#) }
            _ = first
            let death = Death(at: target)
            let doomed = try bench.start(death.guarding(bench.environment.store))
            try? await bench.settle(doomed)
            let hasDied = death.hasCome
            try await bench.settle(try bench.start())
            try await self.verify(bench, a, b, answer.json["transferId"]?.string ?? "", "death at \(target)")
            guard hasDied else { break }
            target += 1
        }
        #expect(target > 8)
    }
}
