import Essentials
import EventSourcing

extension SagaEngine {
    /// What to do when the store fails while a result waits to be written.
    enum Persistence: Hashable, Sendable {
        /// Keep the result and try again for as long as the saga is ours.
        case insist
        /// Throw at once.
        case once
    }

    /// Makes the calls of one saga, one after another, until it waits, is parked, has ended, or is taken over.
    func work(on claimed: ClaimedSaga<Unit>, _ persistence: Persistence) async throws {
        guard let tracing else { return try await self.advance(claimed, persistence) }
        try await tracing.working(on: claimed.run.instance) { try await self.advance(claimed, persistence) }
    }

    private func advance(_ claimed: ClaimedSaga<Unit>, _ persistence: Persistence) async throws {
        var run = claimed.run
        var duty = claimed.stride.duty
        defer { self.leases.giveBack(run.id, epoch: run.instance.epoch) }
        while duty != .none {
            guard let end = self.leases.end(of: run.id), self.now < end else {
                // We have slept past the lease: somebody else may be calling already.
                return self.observe(.fenced(saga: run.id))
            }
            guard let result = await self.perform(duty, for: run) else {
                return try await self.release(run)
            }
            guard let (next, stride) = try await self.record(result, for: run, persistence) else { return }
            run = next
            duty = stride.duty
        }
    }

    /// Bookkeeping after a commit.
    func committed(_ run: SagaRun<Unit>, _ stride: SagaStride) {
        if let due = run.instance.due, stride.duty != .none {
            self.leases.hold(LeaseTable.Lease(id: run.id, epoch: run.instance.epoch, until: due))
        }
        self.observe(.journalled(saga: run.id, definition: run.instance.definition, stride.entries))
    }

    /// Writes a result and goes on as far as the transaction does. Nil when the saga is no longer ours.
    private func record(
        _ result: SagaResult, for run: SagaRun<Unit>, _ persistence: Persistence,
    ) async throws -> (SagaRun<Unit>, SagaStride)? {
        var verdicts: [SagaCallKey: SagaOutcome] = [:]
        while true {
            let known = verdicts
            do {
                let (next, stride) = try await self.transactor.write { unit in
                    var next = run
                    let stride = try self.advance(known, in: unit, at: self.now).advance(
                        &next, after: result, epoch: run.instance.epoch, version: run.instance.version)
                    return (next, stride)
                }
                self.committed(next, stride)
                return (next, stride)
            } catch let failed as TransactionalStepFailed {
                verdicts[SagaCallKey(sagaID: failed.sagaID, call: failed.call)] = failed.outcome
            } catch let error as SagaError where error.code == .fenced {
                self.observe(.fenced(saga: run.id))
                return nil
            } catch {
                self.observe(.storeFailed(message: String(describing: error)))
                guard persistence == .insist else { throw error }
                guard await self.pause(.milliseconds(100)) else { return nil }
                guard let end = self.leases.end(of: run.id), self.now < end else { return nil }
            }
        }
    }

    /// Gives a saga back that was interrupted by the engine's end, so that the next engine need not wait for the lease.
    private func release(_ run: SagaRun<Unit>) async throws {
        try await self.transactor.write { unit in
            var released = run.instance
            released.owner = nil
            released.due = self.now
            // Fenced is fine: then it is not ours to give back.
            _ = try self.journal(unit).updateSaga(
                released, ifEpoch: run.instance.epoch, version: run.instance.version, appending: [])
        }
    }

    /// Sleeps. Returns false when the task has been cancelled.
    func pause(_ duration: Duration) async -> Bool {
        do {
            try await self.time.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }

    // MARK: - Calls

    /// Makes one call. Nil when the engine is being stopped and the answer did not come.
    private func perform(_ duty: SagaDuty, for run: SagaRun<Unit>) async -> SagaResult? {
        switch duty {
        case .none: nil
        case .call(let call): await self.call(call, for: run)
        case .inquire(let call): await self.inquire(call, for: run)
        }
    }

    private func call(_ call: SagaCall, for run: SagaRun<Unit>) async -> SagaResult? {
        guard case .remote(_, let action, _, let compensation) = run.saga.steps[call.step].work,
            let body = call.direction == .action ? action : compensation
        else { preconditionFailure("\(run.machine.plan.steps[call.step].name) makes no call") }
        do {
            let state = try await self.bounded(call, for: run) { try await body(run.state, $0) }
            return SagaResult(call: call, outcome: .succeeded, state: state)
        } catch let rejection as SagaRejection {
            return SagaResult(call: call, outcome: .rejected(rejection))
        } catch let refusal as StepNotAttempted {
            return SagaResult(call: call, outcome: .failed(error: refusal.description, isUndone: true))
        } catch {
            if Task.isCancelled { return nil }
            return SagaResult(call: call, outcome: .failed(error: String(describing: error), isUndone: false))
        }
    }

    private func inquire(_ call: SagaCall, for run: SagaRun<Unit>) async -> SagaResult? {
        guard case .remote(_, _, let inquire?, _) = run.saga.steps[call.step].work else {
            preconditionFailure("\(run.machine.plan.steps[call.step].name) cannot be inquired")
        }
        do {
            switch try await self.bounded(call, for: run, { try await inquire(run.state, $0) }) {
            case .happened(let state):
                return SagaResult(call: call, outcome: .inquired(.happened, error: nil), state: state)
            case .didNotHappen: return SagaResult(call: call, outcome: .inquired(.didNotHappen, error: nil))
            case .unknown: return SagaResult(call: call, outcome: .inquired(.unknown, error: nil))
            }
        } catch let rejection as SagaRejection {
            return SagaResult(call: call, outcome: .rejected(rejection))
        } catch {
            if Task.isCancelled { return nil }
            return SagaResult(call: call, outcome: .inquired(.unknown, error: String(describing: error)))
        }
    }

    /// Runs `body` under the step's time-out, which is also its task's `Deadline.current`.
    private func bounded<Value: Sendable>(
        _ call: SagaCall, for run: SagaRun<Unit>,
        _ body: @escaping @Sendable (StepContext) async throws -> Value,
    ) async throws -> Value {
        let step = run.saga.steps[call.step]
        let deadline = Deadline(at: self.time.now + step.policy.attemptTimeout)
        let context = run.context(for: call, deadline: deadline, now: self.now)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await Deadline.$current.withValue(deadline) {
                    guard let tracing = self.tracing else { return try await body(context) }
                    return try await tracing.calling(context, returning: { try await body(context) })
                }
            }
            group.addTask {
                try await self.time.sleep(until: deadline.tick)
                return nil
            }
            if let first = try await group.next(), let value = first { return value }
            group.cancelAll()
            // An answer that comes with the cancellation is still an answer.
            if let late = try? await group.next(), let value = late { return value }
            throw StepTimedOut(step: step.name, timeout: step.policy.attemptTimeout)
        }
    }
}
