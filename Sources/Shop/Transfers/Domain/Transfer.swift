import Essentials
import EventSourcing
import ShopContracts

/// One movement of money between two accounts, which payments keeps.
struct Transfer: Aggregate {
    enum Status: Hashable, Sendable {
        /// May become requested.
        case none
        /// May become debited or failed.
        case requested
        /// The amount has left the source. May become credited, or failed after a refund.
        case debited
        /// The amount has reached the target. May become completed.
        case credited
        /// Final.
        case completed
        /// No money has moved. Final.
        case failed
    }

    enum Command: Hashable, Sendable {
        case request(TransferRequested)
        case noteDebited
        /// The amount has reached the target: the transfer is done.
        case noteCredited
        /// Everything has been undone.
        case fail(reason: String)
    }

    static let category = "transfer"

    private(set) var status = Status.none
    private(set) var request: TransferRequested?

    init() {}

    func decide(_ command: Command) throws -> [TransferEvent] {
        switch command {
        case .request(let request): self.status == .none ? [.requested(request)] : []
        case .noteDebited: try self.noteDebited()
        case .noteCredited: try self.noteCredited()
        case .fail(let reason): try self.fail(reason)
        }
    }

    private func noteDebited() throws -> [TransferEvent] {
        switch self.status {
        case .requested:
            let request = try self.known
            return [
                .debited(
                    AccountDebited(
                        transferId: request.transferId, accountId: request.fromAccountId, amount: request.amount))
            ]
        case .debited, .credited, .completed: return []
        case .none, .failed: throw TransferRejection.notAllowed
        }
    }

    private func noteCredited() throws -> [TransferEvent] {
        switch self.status {
        case .debited:
            let request = try self.known
            return [
                .credited(
                    AccountCredited(
                        transferId: request.transferId, accountId: request.toAccountId, amount: request.amount)),
                .completed(TransactionCompleted(transferId: request.transferId)),
            ]
        case .credited: return [.completed(TransactionCompleted(transferId: try self.known.transferId))]
        case .completed: return []
        case .none, .requested, .failed: throw TransferRejection.notAllowed
        }
    }

    private func fail(_ reason: String) throws -> [TransferEvent] {
        switch self.status {
        case .requested: return [.failed(TransferFailed(transferId: try self.known.transferId, reason: reason))]
        case .debited:
            let request = try self.known
            return [
                .refunded(
                    AccountRefunded(
                        transferId: request.transferId, accountId: request.fromAccountId, amount: request.amount)),
                .failed(TransferFailed(transferId: request.transferId, reason: reason)),
            ]
        case .failed: return []
        case .none, .credited, .completed: throw TransferRejection.notAllowed
        }
    }

    private var known: TransferRequested {
        get throws {
            guard let request else { throw TransferRejection.notAllowed }
            return request
        }
    }

    mutating func evolve(_ event: TransferEvent) {
        switch event {
        case .requested(let fact):
            self.status = .requested
            self.request = fact
        case .debited: self.status = .debited
        case .credited: self.status = .credited
        case .refunded: self.status = .requested
        case .completed: self.status = .completed
        case .failed: self.status = .failed
        }
    }
}

/// The state of the transfer does not allow what was asked: a mistake of the program.
enum TransferRejection: Error, Hashable, Sendable {
    case notAllowed
}
