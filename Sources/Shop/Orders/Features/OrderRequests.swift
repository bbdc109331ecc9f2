import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import Identity
import Sagas
import ShopContracts

/// What the features of the service share.
struct OrderFeatures: Sendable {
    let environment: ServiceEnvironment
    let orders: OrderDesk
    let engine: SagaEngine<any ServiceUnit>
    let checkout: SagaDefinition<Checkout, any ServiceUnit>
    let refund: SagaDefinition<RefundCase, any ServiceUnit>
    let catalog: ServiceClient
    let shipping: ServiceClient

    static let tag = "Orders"
    static let orderID = Parameter.path("orderId", .uuid, "The order.")
    static let lineID = Parameter.path("lineId", .uuid, "The line of the order.")
    /// On commands that may be repeated safely when their answer was lost.
    static let optionalKey = Parameter.header(
        "Idempotency-Key", .uuid, required: false, "A repetition with the same key has the first one's effect.")

    var now: Timestamp { self.environment.wallClock.now }

    /// Starts the checkout of an order's current try.
    func startCheckout(of body: Order.Body, metadata: EventMetadata, in unit: any ServiceUnit) throws {
        try self.engine.start(
            self.checkout, id: Checkout.id(of: body.orderId, attempt: body.attempt), state: Checkout(body),
            metadata: metadata, in: unit)
    }

    /// Starts giving back what was captured for an order, if anything was.
    func startRefund(of body: Order.Body, metadata: EventMetadata, in unit: any ServiceUnit) throws {
        guard let state = RefundCase(body) else { return }
        try self.engine.start(
            self.refund, id: RefundCase.id(of: body.orderId), state: state, metadata: metadata, in: unit)
    }

    /// The order as its read model has it.
    func summary(_ id: OrderID, in unit: any ServiceUnit) throws -> OrderSummary {
        guard let summary = try OrderSummaries.find(id, in: unit) else {
            throw Problem(.notFound, "there is no order \(id)")
        }
        return summary
    }

    /// The order, if the caller may see it: their own, or any for operators. Another customer's does not exist.
    func visible(_ id: OrderID, to caller: Principal, in unit: any ServiceUnit) throws -> OrderSummary {
        let summary = try self.summary(id, in: unit)
        guard summary.customerId.rawValue == caller.subject || caller.isOperator else {
            throw Problem(.notFound, "there is no order \(id)")
        }
        return summary
    }

    /// Carries out a customer's or operator's command and answers with the order.
    /// - Parameter follow: runs in the same transaction, the first time only.
    func perform(
        _ command: @escaping @Sendable (OrderFeatures) throws -> OrderCommand, _ request: RoutedRequest,
        named operation: String,
        follow: @escaping @Sendable (Order.Body, EventMetadata, any ServiceUnit) throws -> Void = { _, _, _ in },
    ) async throws -> OrderSummary {
        let id = try request.id("orderId", as: OrderID.self)
        let caller = try request.caller()
        let metadata = request.command(operation)
        return try await self.environment.store.write { unit in
            _ = try self.visible(id, to: caller, in: unit)
            do {
                let outcome = try self.orders.execute(try command(self), on: id, metadata: metadata, in: unit)
                if !outcome.isRepetition { try follow(try outcome.root.existing(), metadata, unit) }
            } catch let rejection as OrderRejection {
                throw rejection.problem
            }
            return try self.summary(id, in: unit)
        }
    }
}

extension Principal {
    /// Staff may see and handle everybody's orders.
    var isOperator: Bool { self.role == .operator || self.role == .admin }
}

extension RoutedRequest {
    /// Metadata whose causation is the id of the command: it follows from the idempotency key, if there is one, and from
    /// the operation, so that one key used for two operations is two commands.
    func command(_ operation: String) -> EventMetadata {
        let key = self.header(.idempotencyKey).flatMap { UniqueID($0) } ?? self.requestID
        return self.metadata.caused(by: StepContext.key(saga: key, step: operation, direction: .action))
    }
}

extension OrderRejection {
    /// The kinds of problem that a command on an order may meet.
    static let problems: [ProblemType] = [.notFound, .transitionNotAllowed, .unprocessable, .mixedCurrencies]

    var problem: Problem {
        switch self {
        case .notAllowed(let method, let state):
            Problem(
                .transitionNotAllowed, self.description,
                details: ["method": .string(method.rawValue), "state": .string(state.rawValue)])
        case .notEditable(let state):
            Problem(.transitionNotAllowed, self.description, details: ["state": .string(state.rawValue)])
        case .alreadyExists, .returnWindowOpen, .stockNotReserved, .wrongAmount:
            Problem(.transitionNotAllowed, self.description)
        case .doesNotExist, .unknownLine: Problem(.notFound, self.description)
        case .noLines, .tooManyLines, .nothingToPay, .badQuantity, .badAmount: Problem(.unprocessable, self.description)
        case .mixedCurrencies: Problem(.mixedCurrencies, self.description)
        case .returnWindowClosed(let day):
            Problem(.returnWindowClosed, self.description, details: ["day": .integer(day)])
        }
    }
}
