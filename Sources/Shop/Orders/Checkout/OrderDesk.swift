import Chassis
import Essentials
import EventSourcing
import Sagas
import ShopContracts

/// Carries out commands on orders inside a transaction, and keeps the read models as fresh as the log.
struct OrderDesk: Sendable {
    let repository: Repository<Order>
    let projector: Projector<any ServiceUnit>

    init(_ environment: ServiceEnvironment) {
        self.repository = Repository(ids: environment.ids, wallClock: environment.wallClock)
        self.projector = Projector([OrderSummaries(), CustomerCounters()], log: { $0 })
    }

    /// - Parameter metadata: its causation is the command's id.
    @discardableResult
    func execute(
        _ command: OrderCommand, on id: OrderID, metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws -> Outcome<Order> {
        let outcome = try self.repository.execute(command, on: id.rawValue, metadata: metadata, in: unit)
        try self.projector.advance(in: unit)
        return outcome
    }

    /// Carries out a saga's command. What the order refuses is a rejection of the step.
    func execute(
        _ command: OrderCommand, on id: OrderID, _ context: StepContext, in unit: any ServiceUnit,
    ) throws {
        // A step may give several commands: each needs an id of its own.
        let commandID = context.derivedID(command.name)
        do {
            try self.execute(command, on: id, metadata: context.metadata.caused(by: commandID), in: unit)
        } catch let rejection as OrderRejection {
            throw SagaRejection(code: ProblemType.transitionNotAllowed.code, message: rejection.description)
        }
    }

    /// - Throws: ``OrderRejection/doesNotExist``.
    func load(_ id: OrderID, in unit: any ServiceUnit) throws -> Order.Body {
        try self.repository.load(id.rawValue, in: unit).root.existing()
    }

    /// - Throws: `SagaRejection` when the method is not allowed.
    func requiring(_ method: OrderMethod, on id: OrderID, in unit: any ServiceUnit) throws -> Order.Body {
        do {
            return try self.repository.load(id.rawValue, in: unit).root.requiring(method)
        } catch let rejection as OrderRejection {
            throw SagaRejection(code: ProblemType.transitionNotAllowed.code, message: rejection.description)
        }
    }
}

extension OrderCommand {
    /// The name of the method.
    fileprivate var name: String { String("\(self)".prefix { $0 != "(" }) }
}
