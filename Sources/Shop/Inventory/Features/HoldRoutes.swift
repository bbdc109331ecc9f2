import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts

/// What the checkout asks for: hold, commit, release, return.
enum HoldRoutes {
    private static let order = Parameter.path("orderId", .uuid, "The order.")

    static func routes(_ inventory: Inventory) -> [Route] {
        [
            Self.hold(inventory),
            Self.settle(
                inventory, "/internal/holds/{orderId}/commit", "commitHold", "Sells what is held for an order",
                problems: [.notFound, .holdReleased]
            ) { _ in .commit },
            Self.settle(
                inventory, "/internal/holds/{orderId}/release", "releaseHold",
                "Gives back what is held for an order, also before it is held", problems: [.conflict]
            ) { .release($0) },
            Self.settle(
                inventory, "/internal/holds/{orderId}/return", "returnHold",
                "Puts what an order bought back on the shelf; releases what is only held"
            ) { .takeBack($0) },
            Self.read(inventory),
        ]
    }

    private static func hold(_ inventory: Inventory) -> Route {
        Route(
            .post, "/internal/holds", "holdStock", tag: "Internal", "Holds stock for an order", access: .services,
            parameters: [.idempotencyKey], body: .model(HoldStock.self),
            answers: [.json(.created, StockHold.self, "The stock is held")],
            problems: [.outOfStock, .holdReleased, .conflict]
        ) { request in
            let body = try request.decode(HoldStock.self)
            let until = inventory.environment.wallClock.now + .seconds(body.seconds)
            let hold = try await inventory.execute(
                .reserve(body.orderId, lines: body.lines, until: until), on: body.orderId,
                metadata: request.commandMetadata("hold"))
            return try .json(.created, hold)
        }
    }

    private static func settle(
        _ inventory: Inventory, _ path: PathPattern, _ operation: String, _ summary: String,
        problems: [ProblemType] = [], command: @escaping @Sendable (OrderID) -> Hold.Command,
    ) -> Route {
        Route(
            .post, path, operation, tag: "Internal", summary, access: .services,
            parameters: [Self.order, .idempotencyKey], answers: [.json(.ok, StockHold.self, "What became of the hold")],
            problems: problems
        ) { request in
            let order = try request.id("orderId", as: OrderID.self)
            let hold = try await inventory.execute(
                command(order), on: order, metadata: request.commandMetadata(operation))
            return try .json(.ok, hold)
        }
    }

    private static func read(_ inventory: Inventory) -> Route {
        Route(
            .get, "/internal/holds/{orderId}", "readHold", tag: "Internal", "Tells what became of a hold",
            access: .services, parameters: [Self.order], answers: [.json(.ok, StockHold.self, "The hold")],
            problems: [.notFound]
        ) { request in
            guard let hold = try await inventory.hold(of: try request.id("orderId")) else {
                throw Problem(.notFound, "nothing is held for this order")
            }
            return try .json(.ok, hold)
        }
    }
}

extension Parameter {
    static let idempotencyKey = Parameter.header(
        "Idempotency-Key", .uuid, required: true, "Names the request: sent again with it, it is not carried out again.")
}

extension RoutedRequest {
    /// The key of a mutating request.
    func key() throws -> UniqueID {
        guard let key = self.header(.idempotencyKey).flatMap({ UniqueID($0) }) else {
            throw Problem(.validationFailed, "header/Idempotency-Key: a UUID is expected")
        }
        return key
    }

    /// Metadata whose causation is the id of this command: key and operation, so that a key that a caller uses for two
    /// operations names two commands.
    func commandMetadata(_ operation: String) throws -> EventMetadata {
        self.metadata.caused(by: try self.key().derived(operation))
    }
}
