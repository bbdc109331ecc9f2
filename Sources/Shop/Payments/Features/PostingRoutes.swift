import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// What transfers ask for: legs between wallets, and whose a wallet is.
enum PostingRoutes {
    static func routes(_ accounts: Accounts) -> [Route] {
        [
            Self.create(accounts),
            Self.settle("/internal/postings/{postingId}/post", "postPosting", "Makes a leg final", [.notFound]) {
                try await accounts.post($0)
            },
            Self.settle(
                "/internal/postings/{postingId}/void", "voidPosting", "Undoes a leg, also before it has come", []
            ) { try await accounts.void($0) },
            Self.account(accounts),
        ]
    }

    private static func create(_ accounts: Accounts) -> Route {
        Route(
            .post, "/internal/postings", "createPosting", tag: "Internal", "Begins one leg of a transfer",
            access: .services, parameters: [.idempotencyKey], body: .model(CreatePosting.self),
            answers: [.json(.created, PostingState.self, "The leg is pending")],
            problems: [.notFound, .insufficientFunds, .unprocessable, .postingVoided, .conflict]
        ) { request in
            let body = try request.decode(CreatePosting.self)
            let state = try await accounts.begin(body, try body.amount.positive(at: "amount"))
            guard state.status != .voided else {
                throw Problem(.postingVoided, "posting \(body.postingId) has been voided")
            }
            return try .json(.created, state)
        }
    }

    private static func settle(
        _ path: PathPattern, _ operation: String, _ summary: String, _ problems: [ProblemType],
        _ body: @escaping @Sendable (UniqueID) async throws -> PostingState,
    ) -> Route {
        Route(
            .post, path, operation, tag: "Internal", summary, access: .services,
            parameters: [.path("postingId", .uuid, "The leg."), .idempotencyKey],
            answers: [.json(.ok, PostingState.self, "Where it stands now")],
            problems: problems + [.postingVoided, .conflict]
        ) { request in
            guard let id = request.path["postingId"].flatMap({ UniqueID($0) }) else {
                throw Problem(.validationFailed, "the path parameter postingId must be a UUID")
            }
            return try .json(.ok, try await body(id))
        }
    }

    private static func account(_ accounts: Accounts) -> Route {
        Route(
            .get, "/internal/accounts/{accountId}", "accountSummary", tag: "Internal", "Tells whose an account is",
            access: .services, parameters: [.path("accountId", .uuid, "The account.")],
            answers: [.json(.ok, AccountSummary.self, "The account")], problems: [.notFound]
        ) { request in
            let id = try request.id("accountId", as: AccountID.self)
            let wallet = try await accounts.environment.store.read { try PaymentsView.wallet(id, in: $0) }
            guard let wallet else { throw Problem(.notFound, "there is no account \(id)") }
            return try .json(
                .ok, AccountSummary(accountId: id, ownerId: wallet.ownerID, currency: wallet.currency.code))
        }
    }
}
