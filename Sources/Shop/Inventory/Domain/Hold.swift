import Essentials
import EventSourcing
import ShopContracts

/// The stock of one order: what was set aside, and what became of it. The pieces themselves are in the ledger.
struct Hold: Aggregate {
    enum Status: Hashable, Sendable {
        /// Nobody has asked. May become held, or released when the release comes first.
        case none
        /// Set aside. May become committed or released.
        case held
        /// Sold. May become returned.
        case committed
        /// Given back, or never to be set aside. Final.
        case released
        /// Sold and come back. Final.
        case returned
    }

    enum Command: Hashable, Sendable {
        case reserve(OrderID, lines: [StockLine], until: Timestamp)
        case commit
        /// Gives back what is held, and refuses a reservation that comes later.
        case release(OrderID)
        case expire
        /// Undoes whatever has been done, sold or only held.
        case takeBack(OrderID)
    }

    static let category = "hold"

    private(set) var status = Status.none
    private(set) var orderID: OrderID?
    private(set) var lines: [StockLine] = []

    init() {}

    func decide(_ command: Command) throws -> [StockEvent] {
        switch command {
        case .reserve(let order, let lines, let until): try self.reserve(order, lines, until)
        case .commit: try self.commit()
        case .release(let order): try self.release(order)
        case .expire: self.expire()
        case .takeBack(let order): self.takeBack(order)
        }
    }

    private func reserve(_ order: OrderID, _ lines: [StockLine], _ until: Timestamp) throws -> [StockEvent] {
        switch self.status {
        case .none: return [.reserved(StockReserved(orderId: order, lines: lines, until: until))]
        case .released:
            #if PlantedFaults
                if PlantedFault.ignoreHoldTombstone.isPlanted {
                    return [.reserved(StockReserved(orderId: order, lines: lines, until: until))]
                }
            #endif
            throw HoldRejection.released
        case .held, .committed, .returned:
            guard lines == self.lines else { throw HoldRejection.differentLines }
            return []
        }
    }

    private func commit() throws -> [StockEvent] {
        switch self.status {
        case .none: throw HoldRejection.unknown
        case .released: throw HoldRejection.released
        case .held: [.committed(StockCommitted(orderId: try self.known, lines: self.lines))]
        case .committed, .returned: []
        }
    }

    private func release(_ order: OrderID) throws -> [StockEvent] {
        switch self.status {
        case .none, .held: [.released(StockReleased(orderId: order, lines: self.lines, reason: "released"))]
        case .released, .returned: []
        case .committed: throw HoldRejection.sold
        }
    }

    private func expire() -> [StockEvent] {
        switch self.status {
        case .held:
            self.orderID.map { [.released(StockReleased(orderId: $0, lines: self.lines, reason: "expired"))] } ?? []
        case .none, .committed, .released, .returned: []
        }
    }

    private func takeBack(_ order: OrderID) -> [StockEvent] {
        switch self.status {
        case .none, .held: [.released(StockReleased(orderId: order, lines: self.lines, reason: "released"))]
        case .committed: [.returned(StockReturned(orderId: order, lines: self.lines))]
        case .released, .returned: []
        }
    }

    private var known: OrderID {
        get throws {
            guard let orderID else { throw HoldRejection.unknown }
            return orderID
        }
    }

    mutating func evolve(_ event: StockEvent) {
        switch event {
        case .reserved(let fact):
            self.status = .held
            self.orderID = fact.orderId
            self.lines = fact.lines
        case .committed: self.status = .committed
        case .released(let fact):
            self.status = .released
            self.orderID = fact.orderId
        case .returned: self.status = .returned
        case .received: break
        }
    }
}

/// Why a hold does not do what it is asked.
enum HoldRejection: Error, Hashable, Sendable {
    /// Nothing was ever held for the order.
    case unknown
    /// The release, or the end of the time, came first.
    case released
    /// The stock is sold: it can be returned, not released.
    case sold
    /// The order holds other lines.
    case differentLines
}
