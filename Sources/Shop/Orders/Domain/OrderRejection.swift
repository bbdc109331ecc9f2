import ShopContracts

/// Why an order does not do what it is told.
enum OrderRejection: Error, Hashable, Sendable {
    /// The state does not allow the method.
    case notAllowed(OrderMethod, in: OrderState)
    /// Lines can only be changed in DRAFT.
    case notEditable(in: OrderState)
    case alreadyExists
    case doesNotExist
    case noLines
    case tooManyLines
    /// Nothing is given away: a payment of nothing cannot be captured, so there would be no way to CONFIRMED.
    case nothingToPay(Currency)
    case unknownLine(OrderLineID)
    case badQuantity(Int)
    case badAmount(String)
    case mixedCurrencies(Currency, Currency)
    /// CONFIRMED needs the stock as well as the money.
    case stockNotReserved
    /// CONFIRMED needs exactly the money that the order costs.
    case wrongAmount(captured: Money, total: Money)
    /// The time for returns is over.
    case returnWindowClosed(day: Int)
    /// The order can still be returned, so it cannot be put away.
    case returnWindowOpen(day: Int)
}

extension OrderRejection {
    /// Why lines have no sum.
    init(_ error: MoneyError) {
        switch error {
        case .mixedCurrencies(let left, let right): self = .mixedCurrencies(left, right)
        case .malformed, .tooLarge: self = .badAmount("\(error)")
        }
    }
}

extension OrderRejection: CustomStringConvertible {
    var description: String {
        switch self {
        case .notAllowed(let method, let state): "\(method.rawValue) is not allowed in the state \(state.rawValue)"
        case .notEditable(let state): "lines can only be changed in DRAFT; the order is \(state.rawValue)"
        case .alreadyExists: "the order exists already"
        case .doesNotExist: "there is no such order"
        case .noLines: "an order without lines cannot be placed"
        case .tooManyLines: "an order has at most \(OrderLine.maximumCount) lines"
        case .nothingToPay(let currency):
            "items: the order costs \(Money.zero(currency)); at least one of its lines must cost something"
        case .unknownLine(let id): "the order has no line \(id)"
        case .badQuantity(let quantity): "\(quantity) is no quantity; 1 to 100 are accepted"
        case .badAmount(let reason): reason
        case .mixedCurrencies(let left, let right): "the order is in \(left); a line in \(right) cannot be added"
        case .stockNotReserved: "an order is confirmed only when its stock is reserved"
        case .wrongAmount(let captured, let total): "\(captured) were captured for an order of \(total)"
        case .returnWindowClosed(let day):
            "orders can be returned until day \(Order.returnWindowDays); this is day \(day)"
        case .returnWindowOpen(let day):
            "the order can be returned until day \(Order.returnWindowDays); this is day \(day)"
        }
    }
}
