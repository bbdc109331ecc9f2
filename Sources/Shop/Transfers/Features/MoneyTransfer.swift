import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Sagas
import ShopContracts

/// What the saga of a transfer remembers.
struct TransferState: Codable, Hashable, Sendable {
    var transferId: TransferID
    var fromAccountId: AccountID
    var toAccountId: AccountID
    var amount: Money
    /// Why payments said no.
    var refusal: String?

    /// The leg that takes the money from its source, and the one that gives it to its target.
    var debit: UniqueID { self.transferId.rawValue.derived("debit") }
    var credit: UniqueID { self.transferId.rawValue.derived("credit") }
}

/// Debit A, credit B, then make both final; whatever goes wrong before that gives A its money back.
///
/// A leg that is pending cannot be refused any more when it is made final, so behind the second leg there is no way back
/// and none is needed.
struct MoneyTransfer: Sendable {
    private let payments: ServiceClient
    private let record: @Sendable (Transfer.Command, TransferState, any ServiceUnit, StepContext) throws -> Void

    /// - Parameter record: carries out a command on the transfer inside a transaction.
    init(
        payments: ServiceClient,
        record: @escaping @Sendable (Transfer.Command, TransferState, any ServiceUnit, StepContext) throws -> Void,
    ) {
        self.payments = payments
        self.record = record
    }

    var definition: SagaDefinition<TransferState, any ServiceUnit> {
        let patient = StepPolicy(maximumAttempts: 20, maximumDelay: .seconds(5))
        return SagaDefinition(
            "transfer",
            steps: [
                .transactional("begin") { _, _, _ in
                } compensate: { state, unit, context in
                    let reason = state.refusal ?? "the transfer could not be carried out in time"
                    try self.record(.fail(reason: reason), state, unit, context)
                },
                .idempotent("debit", policy: patient) { state, context in
                    try await self.begin(.debit, state, context)
                } compensate: { state, context in
                    try await self.settle(state.debit, "void", state, context)
                },
                .transactional("debited") { state, unit, context in
                    if let refusal = state.refusal { throw SagaRejection(code: "debit_refused", message: refusal) }
                    try self.record(.noteDebited, state, unit, context)
                },
                .idempotent("credit", policy: patient) { state, context in
                    try await self.begin(.credit, state, context)
                } compensate: { state, context in
                    try await self.settle(state.credit, "void", state, context)
                },
                .transactional("credited") { state, _, _ in
                    if let refusal = state.refusal { throw SagaRejection(code: "credit_refused", message: refusal) }
                },
                .idempotent("post debit", policy: .forever) { state, context in
                    try await self.settle(state.debit, "post", state, context)
                },
                .idempotent("post credit", policy: .forever) { state, context in
                    try await self.settle(state.credit, "post", state, context)
                },
                .transactional("complete") { state, unit, context in
                    try self.record(.noteCredited, state, unit, context)
                },
            ])
    }

    /// Begins a leg. A final no is kept in the state, so that the transfer can say why it failed.
    private func begin(
        _ direction: CreatePosting.Direction, _ state: TransferState, _ context: StepContext,
    ) async throws -> TransferState {
        let isDebit = direction == .debit
        let posting = CreatePosting(
            postingId: isDebit ? state.debit : state.credit, transferId: state.transferId,
            accountId: isDebit ? state.fromAccountId : state.toAccountId, direction: direction,
            amount: MoneyAmount(state.amount))
        do {
            let _: PostingState = try await self.payments.call(
                .post, "/internal/postings", body: posting, key: context.key, metadata: context.metadata)
            return state
        } catch let problem as RemoteProblem where problem.isDecision {
            var refused = state
            refused.refusal = problem.detail
            return refused
        }
    }

    private func settle(
        _ posting: UniqueID, _ verb: String, _ state: TransferState, _ context: StepContext,
    ) async throws -> TransferState {
        #if PlantedFaults
            if PlantedFault.keepDebitLeg.isPlanted, verb == "void" { return state }
        #endif
        do {
            let _: PostingState = try await self.payments.call(
                .post, "/internal/postings/\(posting)/\(verb)", key: context.key, metadata: context.metadata)
            return state
        } catch let problem as RemoteProblem where problem.isDecision {
            throw SagaRejection(code: problem.code, message: problem.detail)
        }
    }
}
