import Essentials
public import EventSourcing
public import Sagas

/// What every journal of sagas must do. Run each rule on a fresh, empty store of the backend:
///
/// ```swift
/// @Test(arguments: SagaJournalConformance.allCases)
/// func `our journal keeps the rule`(_ rule: SagaJournalConformance) async throws {
///     try await rule.check(try OurStore.fresh().transactor.map { $0 })
/// }
/// ```
public enum SagaJournalConformance: String, CaseIterable, Sendable, CustomStringConvertible {
    case aSagaReadsBackAsWritten
    case anIDIsTakenOnce
    case everyFactReadsBackInOrder
    case everyStateReadsBack
    case aLateWriteLeavesNoTrace
    case aFailedTransactionLeavesNoTrace
    case dueSagasComeInOrder
    case aLeaseIsRenewedByItsOwnerOnly
    case sagasArePagedByID
    case theFirstSignalStays
    case aSignalWakesOnlyWhoWaits

    public var description: String { self.rawValue }

    /// - Throws: ``SagaConformanceFailure`` when the rule is broken, or what the store throws.
    public func check(_ transactor: Transactor<any SagaUnit>) async throws {
        switch self {
        case .aSagaReadsBackAsWritten: try await Self.readsBack(transactor)
        case .anIDIsTakenOnce: try await Self.isTakenOnce(transactor)
        case .everyFactReadsBackInOrder: try await Self.factsReadBack(transactor)
        case .everyStateReadsBack: try await Self.statesReadBack(transactor)
        case .aLateWriteLeavesNoTrace: try await Self.lateWrite(transactor)
        case .aFailedTransactionLeavesNoTrace: try await Self.failedTransaction(transactor)
        case .dueSagasComeInOrder: try await Self.dueInOrder(transactor)
        case .aLeaseIsRenewedByItsOwnerOnly: try await Self.renewal(transactor)
        case .sagasArePagedByID: try await Self.paging(transactor)
        case .theFirstSignalStays: try await Self.firstSignal(transactor)
        case .aSignalWakesOnlyWhoWaits: try await Self.waking(transactor)
        }
    }
}

/// A rule that a backend breaks.
public struct SagaConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
}

extension SagaJournalConformance {
    static let noon = Timestamp(milliseconds: 1_800_000_000_000)

    static func id(_ number: UInt64) -> UniqueID { UniqueID(high: 0xABCD, low: number) }

    static func instance(_ number: UInt64, due: Timestamp? = noon, state: SagaState = .running) -> SagaInstance {
        SagaInstance(
            id: Self.id(number), definition: "test", definitionHash: "hash", state: state, due: due, owner: nil,
            epoch: 0, version: 1, startedAt: Self.noon, updatedAt: Self.noon,
            metadata: EventMetadata(correlationID: Self.id(99)))
    }

    static let first = SagaEntry(
        sequence: 1, at: noon, fact: .started(plan: SagaPlan(name: "test", steps: [])), state: Array("{}".utf8))

    static func insert(_ instances: [SagaInstance], _ transactor: Transactor<any SagaUnit>) async throws {
        try await transactor.write { unit in
            for instance in instances { _ = try unit.insertSaga(instance, Self.first) }
        }
    }

    static func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) throws {
        guard value == expected else {
            throw SagaConformanceFailure(description: "\(what) should be \(expected), not \(value)")
        }
    }
}
