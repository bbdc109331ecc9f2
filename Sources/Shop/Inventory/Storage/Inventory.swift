import Chassis
import Essentials
import EventSourcing
import Ledger
import ShopContracts

/// Holds and receipts: the ledger and the log in one transaction.
struct Inventory: Sendable {
    let environment: ServiceEnvironment
    private let holds: Repository<Hold>

    init(_ environment: ServiceEnvironment) {
        self.environment = environment
        self.holds = Repository(ids: environment.ids, wallClock: environment.wallClock)
    }

    private var now: Timestamp { self.environment.wallClock.now }

    /// Carries out a command on the hold of an order and moves the pieces that follow from it.
    /// - Parameter metadata: its causation is the id of the command.
    func execute(_ command: Hold.Command, on order: OrderID, metadata: EventMetadata) async throws -> StockHold {
        try await Self.refusing {
            try await self.environment.store.write { unit in
                let outcome = try self.holds.execute(command, on: order.rawValue, metadata: metadata, in: unit)
                if !outcome.isRepetition { try self.move(outcome.events, order, in: unit) }
                if case .reserve = command, outcome.root.status == .released { throw HoldRejection.released }
                return outcome.root.state(of: order)
            }
        }
    }

    private func move(_ events: [StockEvent], _ order: OrderID, in unit: any ServiceUnit) throws {
        let stock = StockBook(in: unit, at: self.now)
        for event in events {
            switch event {
            case .reserved(let fact): try stock.hold(fact.lines, for: order, timeout: fact.until - stock.now)
            case .committed(let fact): try stock.commit(fact.lines, for: order)
            case .released(let fact): try stock.release(fact.lines, for: order)
            case .returned(let fact): try stock.takeBack(fact.lines, for: order)
            case .received: break
            }
        }
    }

    /// What is known of the stock of an order; nil when nobody has asked for any.
    func hold(of order: OrderID) async throws -> StockHold? {
        try await self.environment.store.read { unit in
            let loaded = try self.holds.load(order.rawValue, in: unit)
            return loaded.exists ? loaded.root.state(of: order) : nil
        }
    }

    /// Gives back what is held too long. Returns how many orders lost their stock.
    func expire() async throws -> Int {
        guard let next = try await self.environment.store.read({ try $0.nextLedgerExpiry() }), next <= self.now else {
            return 0
        }
        var count = 0
        while true {
            let (found, isDone) = try await self.environment.store.write { unit in
                let (orders, isDone) = try StockBook(in: unit, at: self.now).expire(limit: 100)
                for order in orders {
                    let id = self.environment.ids.next()
                    _ = try self.holds.execute(
                        .expire, on: order.rawValue, metadata: EventMetadata(correlationID: id, actor: "inventory"),
                        in: unit)
                }
                return (orders.count, isDone)
            }
            count += found
            if isDone { return count }
        }
    }

    /// Puts new pieces on the shelf and writes it down.
    func receive(
        _ quantity: Int, of product: ProductID, receipt: UniqueID, metadata: EventMetadata, in unit: any ServiceUnit,
    ) throws {
        let now = self.now
        try StockBook(in: unit, at: now).receive(quantity, of: product, receipt: receipt)
        let fact = StockEvent.received(StockReceived(receiptId: receipt, productId: product, quantity: quantity))
        let event = try fact.newEvent(id: self.environment.ids.next(), timestamp: now, metadata: metadata)
        // Receipts do not depend on each other, so any version will do.
        try unit.append([event], to: StreamID(category: "stock", aggregateID: product.rawValue), expecting: .any)
    }

    /// Turns refusals of the domain into problems.
    static func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as OutOfStock {
            throw Problem(
                .outOfStock, "\(error.asked) of product \(error.productId) are asked, \(error.available) are left",
                details: [
                    "productId": .string(error.productId.description), "available": .integer(error.available),
                    "asked": .integer(error.asked),
                ])
        } catch let rejection as HoldRejection {
            throw rejection.problem
        }
    }
}

extension HoldRejection {
    fileprivate var problem: Problem {
        switch self {
        case .unknown: Problem(.notFound, "nothing is held for this order")
        case .released: Problem(.holdReleased, "what was held for this order has been given back")
        case .sold: Problem(.conflict, "the stock of this order is sold: it can be returned, not released")
        case .differentLines: Problem(.conflict, "other lines are held for this order")
        }
    }
}

extension Hold {
    func state(of order: OrderID) -> StockHold {
        let status: StockHold.Status =
            switch self.status {
            case .held: .held
            case .committed: .committed
            case .none, .released: .released
            case .returned: .returned
            }
        return StockHold(orderId: order, status: status, lines: self.lines)
    }
}
