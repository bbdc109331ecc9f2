import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts

/// What customers ask of transfers.
struct TransferRoutes: Sendable {
    let desk: TransferDesk

    var routes: [Route] { [self.create, self.list, self.read] }

    private var create: Route {
        Route(
            .post, "/v1/transfers", "createTransfer", tag: "Transfers",
            "Moves money from an own account to another one of the same currency",
            parameters: [
                .header(
                    "Idempotency-Key", .uuid, required: true,
                    "Names the request: sent again with it, the first answer is repeated.")
            ],
            body: .model(RequestTransfer.self),
            answers: [.json(.created, TransferView.self, "The transfer, under way or as it is since")],
            problems: [.notFound, .unprocessable, .idempotencyKeyReused, .unavailable]
        ) { try await self.create($0) }
    }

    private func create(_ request: RoutedRequest) async throws -> ServiceResponse {
        let body = try request.decode(RequestTransfer.self)
        let amount = try body.amount.positive(at: "/amount")
        guard let key = request.header(.idempotencyKey).flatMap({ UniqueID($0) }) else {
            throw Problem(.validationFailed, "header/Idempotency-Key: a UUID is expected")
        }
        guard body.fromAccountId != body.toAccountId else {
            throw Problem(.unprocessable, "/toAccountId: another account than the source is expected")
        }
        let owner = UserID(try request.caller().subject)
        if let known = try await self.desk.replay(key, body, amount: amount, of: owner) {
            return try .json(.created, known, headers: [.idempotencyReplayed: "true"])
        }
        try await self.desk.check(body, amount: amount, of: owner, metadata: request.metadata)
        let (view, isReplay) = try await self.desk.begin(
            key, body, amount: amount, of: owner, metadata: request.metadata)
        return try .json(.created, view, headers: isReplay ? [.idempotencyReplayed: "true"] : [:])
    }

    private var list: Route {
        Route(
            .get, "/v1/transfers", "listTransfers", tag: "Transfers", "Lists the caller's transfers, the newest first",
            parameters: PageRequest.parameters, answers: [.json(.ok, Page<TransferView>.self, "A page of transfers")]
        ) { request in
            let page = try PageRequest(request, keyParts: 1)
            let owner = UserID(try request.caller().subject)
            let before = try page.after.map { parts in
                guard let id = TransferID(parts[0]) else {
                    throw Problem(.validationFailed, "query/cursor: a cursor that an earlier page gave is expected")
                }
                return id
            }
            let rows = try await self.desk.environment.store.read {
                try TransfersView.transfers(of: owner, before: before, limit: page.limit + 1, in: $0)
            }
            return try .json(.ok, page.page(of: rows, key: { ["\($0.transferId)"] }) { $0 })
        }
    }

    private var read: Route {
        Route(
            .get, "/v1/transfers/{transferId}", "readTransfer", tag: "Transfers", "Tells where a transfer stands",
            parameters: [.path("transferId", .uuid, "The transfer.")],
            answers: [.json(.ok, TransferView.self, "The transfer")], problems: [.notFound]
        ) { request in
            let id = try request.id("transferId", as: TransferID.self)
            let owner = UserID(try request.caller().subject)
            let view = try await self.desk.environment.store.read {
                try TransfersView.transfer(id, of: owner, in: $0)
            }
            guard let view else { throw Problem(.notFound, "you have no transfer \(id)") }
            return try .json(.ok, view)
        }
    }
}
