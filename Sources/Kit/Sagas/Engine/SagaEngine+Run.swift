public import Essentials
import EventSourcing

extension SagaEngine {
    /// Runs sagas until the task is cancelled. Then it takes no more, lets calls that answer be journalled, and gives
    /// the others back for the next engine. Trouble with the store is told to the observer and tried again.
    ///
    /// One task at a time may run an engine.
    public func run() async throws {
        let slots = Slots(self.configuration.concurrency)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.renewLeases() }
            var isFresh = true
            var wasWoken = true
            while !Task.isCancelled {
                let free = slots.free
                var batch = ClaimedBatch<Unit>()
                do {
                    if isFresh {
                        try await self.takeOver()
                        isFresh = false
                    }
                    if free > 0 { batch = try await self.look(limit: free, wasWoken: wasWoken) }
                } catch {
                    self.observe(.storeFailed(message: String(describing: error)))
                }
                for claimed in batch.sagas where claimed.stride.duty != .none {
                    slots.take()
                    group.addTask {
                        await self.finish(claimed)
                        if slots.giveBack() { self.waker.wake() }
                    }
                }
                if free > 0, batch.found == free { continue }
                wasWoken = await self.waitForWork(until: batch.nextDue)
            }
            group.cancelAll()
        }
    }

    /// Does everything that is due, and what becomes due by it, then returns: for tests, simulations and tools.
    ///
    /// - Returns: when the next saga is due; nil when none waits for a date.
    /// - Throws: what the store throws. Results that could not be written are lost, as in a crash.
    @discardableResult
    public func runUntilIdle() async throws -> Timestamp? {
        try await self.takeOver()
        while true {
            let batch = try await self.claim(limit: self.configuration.concurrency)
            guard batch.found > 0 else { return batch.nextDue }
            try await withThrowingTaskGroup { group in
                for claimed in batch.sagas where claimed.stride.duty != .none {
                    group.addTask { try await self.work(on: claimed, .once) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func finish(_ claimed: ClaimedSaga<Unit>) async {
        do {
            try await self.work(on: claimed, .insist)
        } catch {
            // The saga stays leased to this engine's name and is taken up again when the lease ends.
            self.observe(.storeFailed(message: String(describing: error)))
        }
    }

    /// Takes what is due. A look that nobody asked for only reads: it costs no commit when there is nothing.
    ///
    /// One that was asked for must write, because the saga may stand in a transaction that has not committed yet: ours
    /// is queued behind it.
    private func look(limit: Int, wasWoken: Bool) async throws -> ClaimedBatch<Unit> {
        if !wasWoken {
            let due = try await self.transactor.read { try self.journal($0).nextSagaDue() }
            guard let due, due <= self.now else { return ClaimedBatch(nextDue: due) }
        }
        return try await self.claim(limit: limit)
    }

    private func waitForWork(until due: Timestamp?) async -> Bool {
        let patience = self.configuration.pollInterval
        let wait = due.map { min(patience, max(.milliseconds(1), $0 - self.wallClock.now)) } ?? patience
        return await self.waker.wait(atMost: wait, time: self.time)
    }

    /// Frees what an engine of the same name held when it died, and what was parked for want of a definition that is
    /// here now.
    private func takeOver() async throws {
        try await self.transactor.write { unit in
            let journal = self.journal(unit)
            let now = self.now
            for instance in try journal.sagas(ownedBy: self.name) where self.leases.end(of: instance.id) == nil {
                var free = instance
                free.owner = nil
                free.due = now
                #if PlantedFaults
                    if PlantedFault.dropTimerOnRestart.isPlanted { free.due = nil }
                #endif
                _ = try journal.updateSaga(
                    free, ifEpoch: instance.epoch, version: instance.version, appending: [])
            }
            var last: UniqueID?
            while true {
                let page = try journal.sagas(status: .parked, after: last, limit: 100)
                for instance in page {
                    guard case .parked(.definitionMissing(let hash)) = instance.state, self.sagas[hash] != nil else {
                        continue
                    }
                    try self.change(instance, [.resumed], in: journal, at: now)
                }
                guard let end = page.last else { return }
                last = end.id
            }
        }
    }

    /// Keeps what is being worked on, for as long as it takes.
    private func renewLeases() async {
        let third = self.configuration.leaseDuration / 3
        while await self.pause(third) {
            let now = self.now
            let ending = self.leases.endingBefore(now + third * 2)
            guard !ending.isEmpty else { continue }
            let until = now + self.configuration.leaseDuration
            do {
                let kept = try await self.transactor.write { unit in
                    let journal = self.journal(unit)
                    return try ending.filter {
                        try journal.renewSagaLease($0.id, owner: self.name, epoch: $0.epoch, until: until)
                    }
                }
                for lease in kept { self.leases.renew(lease, until: until) }
            } catch {
                self.observe(.storeFailed(message: String(describing: error)))
            }
        }
    }
}
