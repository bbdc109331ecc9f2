import EventSourcing
import Sagas
import SagasTesting
import Testing

@Suite struct `The journal` {
    @Test(arguments: Backend.allCases, SagaJournalConformance.allCases)
    func `keeps the rule`(_ backend: Backend, _ rule: SagaJournalConformance) async throws {
        try await rule.check(try backend.transactor())
    }
}
