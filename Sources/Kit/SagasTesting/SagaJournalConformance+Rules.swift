import Essentials
import EventSourcing
import Sagas

private struct Undone: Error {}

extension SagaJournalConformance {
    static func readsBack(_ transactor: Transactor<any SagaUnit>) async throws {
        var instance = Self.instance(1)
        instance.owner = "engine"
        instance.epoch = 7
        instance.updatedAt = Self.noon + .seconds(1)
        instance.metadata = EventMetadata(
            correlationID: Self.id(2), causationID: Self.id(3), traceparent: "00-trace", tenant: "tenant", actor: "me")
        try await Self.insert([instance], transactor)
        let stored = try await transactor.read { try $0.saga(Self.id(1)) }
        try Self.expect(stored, instance, "the saga")
        let missing = try await transactor.read { try $0.saga(Self.id(2)) }
        try Self.expect(missing, nil, "a saga that was never written")
    }

    static func isTakenOnce(_ transactor: Transactor<any SagaUnit>) async throws {
        let (isFirst, isSecond) = try await transactor.write { unit in
            var other = Self.instance(1)
            other.definition = "other"
            return (
                try unit.insertSaga(Self.instance(1), Self.first), try unit.insertSaga(other, Self.first)
            )
        }
        try Self.expect(isFirst, true, "the first insertion")
        try Self.expect(isSecond, false, "the second insertion")
        let stored = try await transactor.read { (try $0.saga(Self.id(1)), try $0.sagaJournal(Self.id(1))) }
        try Self.expect(stored.0, Self.instance(1), "the saga")
        try Self.expect(stored.1, [Self.first], "the journal")
    }

    static func factsReadBack(_ transactor: Transactor<any SagaUnit>) async throws {
        let rejection = SagaRejection(code: "no", message: "it's \"no\" – ☂")
        let failure = SagaFailure(.rejected, step: "a", message: "no", rejection: rejection)
        let facts: [SagaFact] = [
            .intended(step: 0, attempt: 1), .succeeded(step: 0),
            .failed(step: 1, attempt: 2, error: "down", isUndone: false, retryAt: Self.noon),
            .failed(step: 1, attempt: 2, error: "", isUndone: true, retryAt: nil),
            .inquired(step: 1, answer: .unknown, error: "x", retryAt: Self.noon),
            .inquired(step: 1, answer: .didNotHappen, error: nil, retryAt: nil),
            .rejected(step: 1, rejection: rejection), .waiting(step: 2, until: Self.noon),
            .waiting(step: 2, until: nil), .compensating(failure: failure),
            .compensationIntended(step: 0, attempt: 1), .compensationSucceeded(step: 0),
            .compensationFailed(step: 0, attempt: 1, error: "x", retryAt: Self.noon), .completed, .compensated,
            .parked(reason: .definitionMissing(hash: "h")), .parked(reason: .stateUnreadable(message: "m")),
            .parked(reason: .outcomeUnknown(step: "a", message: "m")),
            .parked(reason: .compensationRefused(step: "a", rejection: rejection)), .resumed,
        ]
        let entries = facts.enumerated().map { offset, fact in
            SagaEntry(
                sequence: Int64(offset) + 2, at: Self.noon + .milliseconds(offset), fact: fact,
                state: offset.isMultiple(of: 2) ? nil : Array("{\"n\":\(offset)}".utf8))
        }
        try await Self.insert([Self.instance(1)], transactor)
        try await transactor.write { unit in
            var instance = Self.instance(1)
            instance.version = Int64(facts.count) + 1
            let isKept = try unit.updateSaga(instance, ifEpoch: 0, version: 1, appending: entries)
            try Self.expect(isKept, true, "the write")
        }
        let journal = try await transactor.read { try $0.sagaJournal(Self.id(1)) }
        try Self.expect(journal, [Self.first] + entries, "the journal")
    }

    static func statesReadBack(_ transactor: Transactor<any SagaUnit>) async throws {
        let rejection = SagaRejection(code: "no", message: "no")
        let states: [SagaState] = [
            .running, .waiting(until: Self.noon), .waiting(until: nil), .compensating, .completed, .compensated,
            .parked(.definitionMissing(hash: "h")), .parked(.stateUnreadable(message: "m")),
            .parked(.outcomeUnknown(step: "a", message: "m")),
            .parked(.compensationRefused(step: "a", rejection: rejection)),
        ]
        for (number, state) in states.enumerated() {
            let due: Timestamp? = state == .waiting(until: nil) || state.hasEnded ? nil : Self.noon
            let instance = Self.instance(UInt64(number), due: due, state: state)
            try await Self.insert([instance], transactor)
            let stored = try await transactor.read { try $0.saga(instance.id) }
            try Self.expect(stored, instance, "a saga that is \(state)")
        }
    }

    static func lateWrite(_ transactor: Transactor<any SagaUnit>) async throws {
        var stored = Self.instance(1)
        stored.epoch = 3
        stored.version = 5
        try await Self.insert([stored], transactor)
        let before = stored
        for (epoch, version) in [(2, 5), (3, 4), (4, 5), (3, 6)] as [(Int64, Int64)] {
            let isKept = try await transactor.write { unit in
                var late = before
                late.owner = "late"
                let entry = SagaEntry(sequence: 6, at: Self.noon, fact: .completed)
                let isHeld = try unit.lockSaga(before.id, epoch: epoch, version: version)
                try Self.expect(isHeld, false, "holding under epoch \(epoch) and version \(version)")
                return try unit.updateSaga(late, ifEpoch: epoch, version: version, appending: [entry])
            }
            try Self.expect(isKept, false, "a write under epoch \(epoch) and version \(version)")
        }
        let after = try await transactor.read { (try $0.saga(before.id), try $0.sagaJournal(before.id)) }
        try Self.expect(after.0, before, "the saga")
        try Self.expect(after.1, [Self.first], "the journal")
        let isHeld = try await transactor.write { try $0.lockSaga(before.id, epoch: 3, version: 5) }
        try Self.expect(isHeld, true, "holding under the right epoch and version")
    }

    static func failedTransaction(_ transactor: Transactor<any SagaUnit>) async throws {
        var isThrown = false
        do {
            try await transactor.write { unit in
                _ = try unit.insertSaga(Self.instance(1), Self.first)
                _ = try unit.addSagaSignal(Self.id(1), name: "s", payload: Array("1".utf8), now: Self.noon)
                throw Undone()
            }
        } catch is Undone {
            isThrown = true
        }
        try Self.expect(isThrown, true, "whether the error of a transaction comes out of it")
        let left = try await transactor.read { unit in
            (try unit.saga(Self.id(1)), try unit.sagaJournal(Self.id(1)), try unit.sagaSignal(Self.id(1), name: "s"))
        }
        try Self.expect(left.0, nil, "the saga")
        try Self.expect(left.1, [], "the journal")
        try Self.expect(left.2, nil, "the signal")
    }

    static func dueInOrder(_ transactor: Transactor<any SagaUnit>) async throws {
        let empty = try await transactor.read { try $0.nextSagaDue() }
        try Self.expect(empty, nil, "the next due date of an empty journal")
        try await Self.insert(
            [
                Self.instance(1, due: Self.noon + .seconds(2)), Self.instance(2, due: Self.noon + .seconds(-1)),
                Self.instance(3, due: nil, state: .completed), Self.instance(4, due: Self.noon),
                Self.instance(5, due: Self.noon + .seconds(-1)),
            ], transactor)
        let (due, two, next) = try await transactor.read { unit in
            (
                try unit.dueSagas(at: Self.noon, limit: 10).map(\.id), try unit.dueSagas(at: Self.noon, limit: 2).count,
                try unit.nextSagaDue()
            )
        }
        try Self.expect(due, [Self.id(2), Self.id(5), Self.id(4)], "the due sagas")
        try Self.expect(two, 2, "how many come at a limit of two")
        try Self.expect(next, Self.noon + .seconds(-1), "the next due date")
    }

    static func renewal(_ transactor: Transactor<any SagaUnit>) async throws {
        var owned = Self.instance(1)
        owned.owner = "engine"
        owned.epoch = 2
        try await Self.insert([owned, Self.instance(2)], transactor)
        let later = Self.noon + .seconds(30)
        let answers = try await transactor.write { unit in
            [
                try unit.renewSagaLease(Self.id(1), owner: "other", epoch: 2, until: later),
                try unit.renewSagaLease(Self.id(1), owner: "engine", epoch: 1, until: later),
                try unit.renewSagaLease(Self.id(2), owner: "engine", epoch: 0, until: later),
                try unit.renewSagaLease(Self.id(1), owner: "engine", epoch: 2, until: later),
            ]
        }
        try Self.expect(answers, [false, false, false, true], "the renewals")
        owned.due = later
        let (held, free) = try await transactor.read { unit in
            (try unit.sagas(ownedBy: "engine"), try unit.saga(Self.id(2))?.due)
        }
        try Self.expect(held, [owned], "what the engine owns")
        try Self.expect(free, Self.noon, "the due date of what nobody owns")
    }

    static func paging(_ transactor: Transactor<any SagaUnit>) async throws {
        let states: [SagaState] = [.running, .completed, .running, .parked(.stateUnreadable(message: "")), .running]
        let instances = states.enumerated().map { Self.instance(UInt64($0.offset) + 1, state: $0.element) }
        try await Self.insert(instances.reversed(), transactor)
        func ids(_ status: SagaStatus?, after: UInt64?, limit: Int) async throws -> [UInt64] {
            try await transactor.read {
                try $0.sagas(status: status, after: after.map(Self.id), limit: limit).map(\.id.low)
            }
        }
        try Self.expect(try await ids(nil, after: nil, limit: 3), [1, 2, 3], "the first page")
        try Self.expect(try await ids(nil, after: 3, limit: 3), [4, 5], "the second page")
        try Self.expect(try await ids(.running, after: 1, limit: 9), [3, 5], "those that run")
        try Self.expect(try await ids(.parked, after: nil, limit: 9), [4], "those that are parked")
    }

    static func firstSignal(_ transactor: Transactor<any SagaUnit>) async throws {
        let answers = try await transactor.write { unit in
            [
                try unit.addSagaSignal(Self.id(1), name: "a", payload: Array("1".utf8), now: Self.noon),
                try unit.addSagaSignal(Self.id(1), name: "a", payload: Array("2".utf8), now: Self.noon),
                try unit.addSagaSignal(Self.id(2), name: "a", payload: Array("3".utf8), now: Self.noon),
            ]
        }
        try Self.expect(answers, [true, false, true], "whether each signal was new")
        let payload = try await transactor.read { try $0.sagaSignal(Self.id(1), name: "a") }
        try Self.expect(payload, Array("1".utf8), "the payload")
    }

    static func waking(_ transactor: Transactor<any SagaUnit>) async throws {
        var owned = Self.instance(3)
        owned.owner = "engine"
        try await Self.insert(
            [
                Self.instance(1, due: nil, state: .waiting(until: nil)), Self.instance(2, due: nil, state: .completed),
                owned,
            ], transactor)
        let moment = Self.noon + .seconds(5)
        let dues = try await transactor.write { unit in
            try (1...3).map { (number: UInt64) in
                _ = try unit.addSagaSignal(Self.id(number), name: "a", payload: Array("1".utf8), now: moment)
                return try unit.saga(Self.id(number))?.due
            }
        }
        try Self.expect(dues, [moment, nil, Self.noon], "the due dates after a signal")
    }
}
