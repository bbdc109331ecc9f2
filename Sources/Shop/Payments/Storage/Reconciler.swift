import Chassis
import Essentials
import EventSourcing
import Logging
import Resilience
import ShopContracts

/// Asks the provider about every payment whose outcome is unknown, until it is known, and finishes deposits.
struct Reconciler: Sendable {
    let desk: PaymentDesk
    let interval: Duration
    let maximumDelay: Duration

    /// When a payment is looked at next, and how often it has been.
    private struct Patience {
        var attempts = 0
        var next: Tick
    }

    private var backoff: Backoff {
        var backoff = Backoff()
        backoff.initialDelay = self.interval
        backoff.maximumDelay = self.maximumDelay
        backoff.jitter = .none
        return backoff
    }

    func run() async throws {
        let time = self.desk.environment.time
        var patience: [PaymentID: Patience] = [:]
        while !Task.isCancelled {
            do {
                let open = try await self.open()
                let known = Set(open)
                patience = patience.filter { known.contains($0.key) }
                for id in open where patience[id].map({ $0.next <= time.now }) ?? true {
                    await self.tryToSettle(id)
                    var entry = patience[id] ?? Patience(next: time.now)
                    entry.next = time.now + self.backoff.delay(beforeRetry: entry.attempts, fraction: 0)
                    entry.attempts += 1
                    patience[id] = entry
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                self.desk.environment.logger.warning("payments not reconciled", metadata: ["error": "\(error)"])
            }
            try await time.sleep(for: self.interval)
        }
    }

    /// Looks at every open payment once. Returns how many there were.
    func reconcile() async throws -> Int {
        let open = try await self.open()
        for id in open { try await self.settle(id) }
        return open.count
    }

    /// One payment that cannot be settled must not keep the others waiting.
    private func tryToSettle(_ id: PaymentID) async {
        do {
            try await self.settle(id)
        } catch {
            self.desk.environment.logger.warning(
                "payment not settled", metadata: ["payment.id": "\(id)", "error": "\(error)"])
        }
    }

    private func settle(_ id: PaymentID) async throws {
        let environment = self.desk.environment
        let metadata = EventMetadata(correlationID: environment.ids.next(), actor: "reconciler")
        let payment = try await self.desk.inquire(id, metadata: metadata)
        if payment.request?.accountId != nil { _ = try await self.desk.complete(payment, metadata: metadata) }
    }

    private func open() async throws -> [PaymentID] {
        #if PlantedFaults
            if PlantedFault.neverReconcile.isPlanted { return [] }
        #endif
        return try await self.unsettled()
    }

    private func unsettled() async throws -> [PaymentID] {
        try await self.desk.environment.store.read { unit in
            var open: [PaymentID] = []
            while true {
                let page = try PaymentsView.open(after: open.last, limit: 500, in: unit)
                open += page
                guard page.count == 500 else { return open }
            }
        }
    }
}
