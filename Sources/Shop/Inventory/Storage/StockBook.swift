import Essentials
import Ledger
import ShopContracts

/// The pieces of every product, in double entry: one ledger a product, with the accounts shelf, sold and world.
///
/// Nothing can be taken from the shelf that is not on it: the ledger refuses, whoever asks.
struct StockBook {
    let book: LedgerBook
    let now: Timestamp

    init(in unit: any LedgerUnit, at now: Timestamp) {
        self.book = LedgerBook(in: unit, at: now)
        self.now = now
    }

    static func ledger(_ product: ProductID) -> String { "stock/\(product)" }
    static func shelf(_ product: ProductID) -> UniqueID { product.rawValue.derived("stock/shelf") }
    static func sold(_ product: ProductID) -> UniqueID { product.rawValue.derived("stock/sold") }
    static func world(_ product: ProductID) -> UniqueID { product.rawValue.derived("stock/world") }

    /// How many pieces can be sold now; nil for a product that never had any account.
    func available(_ product: ProductID) throws -> Int64? {
        try self.book.account(Self.shelf(product))?.availableToDebit
    }

    func open(_ product: ProductID) throws {
        let ledger = Self.ledger(product)
        try self.book.open(
            LedgerAccount(
                id: Self.shelf(product), ledger: ledger, code: "shelf", limit: .debitsMustNotExceedCredits))
        try self.book.open(
            LedgerAccount(id: Self.sold(product), ledger: ledger, code: "sold", limit: .debitsMustNotExceedCredits))
        try self.book.open(LedgerAccount(id: Self.world(product), ledger: ledger, code: "world"))
    }

    func receive(_ quantity: Int, of product: ProductID, receipt: UniqueID) throws {
        try self.open(product)
        try self.book.transfer(
            .posted(
                receipt, debit: Self.world(product), credit: Self.shelf(product), amount: Int64(quantity),
                code: "receipt"))
    }

    // MARK: Holds

    /// Sets all lines aside, or none.
    /// - Throws: ``OutOfStock``.
    func hold(_ lines: [StockLine], for order: OrderID, timeout: Duration) throws {
        let pieces = Self.merged(lines)
        let transfers = pieces.map { line in
            LedgerTransfer.pending(
                Self.transfer("hold", order, line.productId), debit: Self.shelf(line.productId),
                credit: Self.sold(line.productId), amount: Int64(line.quantity), timeout: timeout,
                code: Self.code(of: order))
        }
        do {
            try self.book.transferAll(transfers)
        } catch let refusal as LedgerRefusal {
            guard refusal.code == .exceedsCredits || refusal.code == .accountNotFound,
                let line = zip(transfers, pieces).first(where: { $0.0.id == refusal.id })?.1
            else { throw refusal }
            throw OutOfStock(productId: line.productId, available: refusal.available ?? 0, asked: line.quantity)
        }
    }

    /// Sells what is held.
    /// - Throws: `HoldRejection.released` when the time has run out.
    func commit(_ lines: [StockLine], for order: OrderID) throws {
        do {
            try self.book.transferAll(
                Self.merged(lines).map { line in
                    .postPending(
                        Self.transfer("commit", order, line.productId),
                        pending: Self.transfer("hold", order, line.productId), code: "commit")
                })
        } catch let refusal as LedgerRefusal where refusal.code == .expired {
            throw HoldRejection.released
        }
    }

    /// Puts what is held back on the shelf. Lines whose time has run out are left to the expiry.
    func release(_ lines: [StockLine], for order: OrderID) throws {
        for line in Self.merged(lines) {
            let hold = Self.transfer("hold", order, line.productId)
            guard case .pending(let until)? = try self.book.entry(hold)?.state else { continue }
            if let until, until <= self.now { continue }
            try self.book.transfer(
                .voidPending(Self.transfer("release", order, line.productId), pending: hold, code: "release"))
        }
    }

    /// Puts what was sold back on the shelf.
    func takeBack(_ lines: [StockLine], for order: OrderID) throws {
        try self.book.transferAll(
            Self.merged(lines).map { line in
                .posted(
                    Self.transfer("return", order, line.productId), debit: Self.sold(line.productId),
                    credit: Self.shelf(line.productId), amount: Int64(line.quantity), code: "return")
            })
    }

    /// The orders whose holds ran out, in the order in which they did.
    func expire(limit: Int) throws -> (orders: [OrderID], isDone: Bool) {
        let entries = try self.book.expire(limit: limit)
        var orders: [OrderID] = []
        for entry in entries {
            if let order = Self.order(of: entry.transfer.code), !orders.contains(order) { orders.append(order) }
        }
        return (orders, entries.count < limit)
    }

    // MARK: Names in the ledger

    /// One line a product, in the order of their first mention.
    private static func merged(_ lines: [StockLine]) -> [StockLine] {
        var merged: [StockLine] = []
        for line in lines {
            if let index = merged.firstIndex(where: { $0.productId == line.productId }) {
                merged[index].quantity += line.quantity
            } else {
                merged.append(line)
            }
        }
        return merged
    }

    private static func transfer(_ what: String, _ order: OrderID, _ product: ProductID) -> UniqueID {
        order.rawValue.derived("\(what)/\(product)")
    }

    private static func code(of order: OrderID) -> String { "hold/\(order)" }

    private static func order(of code: String) -> OrderID? {
        code.hasPrefix("hold/") ? OrderID(String(code.dropFirst(5))) : nil
    }
}

/// The shelf does not hold what was asked.
struct OutOfStock: Error, Hashable, Sendable {
    var productId: ProductID
    var available: Int64
    var asked: Int
}
