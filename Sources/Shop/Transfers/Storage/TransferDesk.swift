import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Sagas
import ShopContracts

/// Takes transfers in and starts their sagas, in one transaction.
struct TransferDesk: Sendable {
    let environment: ServiceEnvironment
    let engine: SagaEngine<any ServiceUnit>
    private let definition: SagaDefinition<TransferState, any ServiceUnit>
    private let payments: ServiceClient
    private let book: TransferBook

    init(_ environment: ServiceEnvironment, engineName: String, projector: Projector<any ServiceUnit>) {
        let book = TransferBook(environment, projector)
        let payments = ServiceClient(.payments, in: environment)
        let definition = MoneyTransfer(payments: payments, record: book.record).definition
        self.environment = environment
        self.payments = payments
        self.book = book
        self.definition = definition
        self.engine = SagaEngine(named: engineName, in: environment, definitions: [definition])
    }

    /// The transfer that a key led to, if it has been used.
    func replay(_ key: UniqueID, _ body: RequestTransfer, amount: Money, of owner: UserID) async throws -> TransferView?
    {
        try await self.environment.store.read {
            try self.replay(key, Self.fingerprint(body, amount), of: owner, in: $0)
        }
    }

    private func replay(
        _ key: UniqueID, _ fingerprint: String, of owner: UserID, in unit: any ServiceUnit,
    ) throws -> TransferView? {
        switch try IdempotencyStore.find(key, scope: Self.scope(owner), fingerprint: fingerprint, in: unit) {
        case .new: return nil
        case .mismatch: throw Problem(.idempotencyKeyReused, "the key was used for another transfer")
        case .repeated(let id):
            guard let view = try TransfersView.transfer(TransferID(id), of: owner, in: unit) else {
                throw EventStoreError(.corrupt, "transfer \(id) of a known key is not in the read model")
            }
            return view
        }
    }

    /// Asks payments whose the accounts are and in which currency.
    func check(_ body: RequestTransfer, amount: Money, of owner: UserID, metadata: EventMetadata) async throws {
        let source = try await self.account(body.fromAccountId, metadata)
        guard let source, source.ownerId == owner else {
            throw Problem(.notFound, "you have no account \(body.fromAccountId)")
        }
        guard let target = try await self.account(body.toAccountId, metadata) else {
            throw Problem(.unprocessable, "/toAccountId: there is no account \(body.toAccountId)")
        }
        for account in [source, target] where account.currency != amount.currency.code {
            throw Problem(
                .unprocessable,
                "account \(account.accountId) is in \(account.currency), the amount in \(amount.currency)")
        }
    }

    private func account(_ id: AccountID, _ metadata: EventMetadata) async throws -> AccountSummary? {
        do {
            return try await self.payments.call(.get, "/internal/accounts/\(id)", metadata: metadata)
        } catch let problem as RemoteProblem where problem.status == 404 {
            return nil
        }
    }

    /// Writes the transfer down and starts its saga.
    /// - Returns: the transfer, and whether the key had led to it before.
    func begin(
        _ key: UniqueID, _ body: RequestTransfer, amount: Money, of owner: UserID, metadata: EventMetadata,
    ) async throws -> (TransferView, isReplay: Bool) {
        let fingerprint = Self.fingerprint(body, amount)
        return try await self.environment.store.write { unit in
            if let known = try self.replay(key, fingerprint, of: owner, in: unit) { return (known, true) }
            let id: TransferID = self.environment.ids.next()
            let request = TransferRequested(
                transferId: id, ownerId: owner, fromAccountId: body.fromAccountId, toAccountId: body.toAccountId,
                amount: amount)
            var plain = metadata
            plain.causationID = nil
            try self.book.execute(.request(request), on: id, metadata: plain, in: unit)
            let state = TransferState(
                transferId: id, fromAccountId: body.fromAccountId, toAccountId: body.toAccountId, amount: amount)
            try self.engine.start(self.definition, id: id.rawValue, state: state, metadata: plain, in: unit)
            try IdempotencyStore.record(
                key, scope: Self.scope(owner), fingerprint: fingerprint, resource: id.rawValue,
                at: self.environment.wallClock.now, in: unit)
            guard let view = try TransfersView.transfer(id, of: owner, in: unit) else {
                throw EventStoreError(.corrupt, "transfer \(id) is not in the read model")
            }
            return (view, false)
        }
    }

    private static func scope(_ owner: UserID) -> String { "transfers/\(owner)" }

    private static func fingerprint(_ body: RequestTransfer, _ amount: Money) -> String {
        "\(body.fromAccountId)/\(body.toAccountId)/\(amount)"
    }
}

/// The log of transfers and its read model.
struct TransferBook: Sendable {
    private let transfers: Repository<Transfer>
    private let projector: Projector<any ServiceUnit>

    init(_ environment: ServiceEnvironment, _ projector: Projector<any ServiceUnit>) {
        self.transfers = Repository(ids: environment.ids, wallClock: environment.wallClock)
        self.projector = projector
    }

    func execute(
        _ command: Transfer.Command, on id: TransferID, metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws {
        _ = try self.transfers.execute(command, on: id.rawValue, metadata: metadata, in: unit)
        try self.projector.advance(in: unit)
    }

    /// What transactional steps call.
    func record(
        _ command: Transfer.Command, _ state: TransferState, _ unit: any ServiceUnit, _ context: StepContext,
    ) throws {
        try self.execute(command, on: state.transferId, metadata: context.metadata, in: unit)
    }
}
