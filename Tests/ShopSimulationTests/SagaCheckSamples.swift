import Chassis
import Essentials
import Sagas

@testable import ShopSimulation

/// Journals of a saga of two steps that turned round.
enum SagaCheckSamples {
    static let plan = SagaPlan(
        name: "sample",
        steps: [
            StepPlan(name: "one", kind: .idempotent, hasCompensation: true),
            StepPlan(name: "two", kind: .idempotent, hasCompensation: true),
        ])

    private static let way: [SagaFact] = [
        .intended(step: 0, attempt: 1), .succeeded(step: 0), .intended(step: 1, attempt: 1),
        .compensating(failure: SagaFailure(.requested, step: nil, message: "called off")),
    ]
    static let backwards: [SagaFact] =
        Self.way + [
            .compensationIntended(step: 1, attempt: 1), .compensationSucceeded(step: 1),
            .compensationIntended(step: 0, attempt: 1), .compensationSucceeded(step: 0), .compensated,
        ]
    static let forwards: [SagaFact] =
        Self.way + [
            .compensationIntended(step: 0, attempt: 1), .compensationSucceeded(step: 0),
            .compensationIntended(step: 1, attempt: 1), .compensationSucceeded(step: 1), .compensated,
        ]
    static let forgetful: [SagaFact] =
        Self.way + [.compensationIntended(step: 0, attempt: 1), .compensationSucceeded(step: 0), .compensated]

    static func oddities(_ facts: [SagaFact]) -> [Anomaly] {
        var journal = SagaCheck.Journal(id: UniqueID(high: 1, low: 1), definition: "sample", status: "compensated")
        journal.facts = facts.enumerated().map { (Int64($0.offset + 1), $0.element) }
        return SagaCheck.anomalies([journal], of: "orders")
    }
}
