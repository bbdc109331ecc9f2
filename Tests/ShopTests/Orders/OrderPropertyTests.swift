import Essentials
import EssentialsTesting
import Ledger
import ShopContracts
import Testing

@testable import Orders

/// 1,000,000 orders, generated from a seed. Values only, so that a debug build gets through them in seconds.
@Suite("Generated orders") struct OrderPropertyTests {
    @Test func `over 1,000,000 the total is the sum of the lines, and the ledger of their payments reconciles to zero`()
        throws
    {
        var generator = OrderGenerator(seed: 20_260_101)
        var payments = PaymentWalks()
        var (refused, drift) = (0, 0)
        for _ in 0..<1_000_000 {
            let order = try generator.next()
            var amount: Int64?
            do throws(OrderRejection) {
                let total = try Order.calculateTotal(order.lines, in: .eur)
                let body = OrderSamples.body(generator.order, generator.customer, order.lines)
                if order.isMixed || total.minor != order.expected || body.totalAmount.minor != order.expected {
                    drift += 1
                }
                amount = total.minor
            } catch {
                refused += 1
                if !order.isMixed { drift += 1 }
            }
            if let amount { try payments.pay(amount, dice: order.dice) }
        }
        #expect(drift == 0)
        #expect(refused > 30_000)
        payments.check(orders: 1_000_000 - refused)
    }
}

/// Draws the lines of orders: one to four, some of them in another currency than the rest.
private struct OrderGenerator {
    struct Draw {
        var lines: [OrderLine]
        var isMixed: Bool
        /// The sum of the lines, by an arithmetic of its own.
        var expected: Int64
        /// What is left of the draw for other decisions.
        var dice: UInt64
    }

    let order: OrderID
    let customer: CustomerID
    private let product: ProductID
    private let lineID: OrderLineID
    private var random: SplitMix

    init(seed: UInt64) {
        let ids = IDSource.seeded(3)
        (self.order, self.customer, self.product, self.lineID) = (ids.next(), ids.next(), ids.next(), ids.next())
        self.random = SplitMix(state: seed)
    }

    mutating func next() throws -> Draw {
        let dice = self.random.next()
        let count = Int(dice & 3) + 1
        var draw = Draw(lines: [], isMixed: dice >> 8 & 15 == 0 && count > 1, expected: 0, dice: dice >> 16)
        draw.lines.reserveCapacity(count)
        for index in 0..<count {
            let random = self.random.next()
            let quantity = Int(random % 100) + 1
            let price = Int64(random >> 32)
            draw.expected += price * Int64(quantity)
            let currency: Currency = draw.isMixed && index == count - 1 ? .usd : .eur
            draw.lines.append(
                try OrderLine(
                    lineId: self.lineID, productId: self.product, name: "", quantity: quantity,
                    unitPrice: Money(minor: price, currency)))
        }
        return draw
    }
}

/// The ways of money, in a ledger of double entry: the total of each order is authorised, and then captured, captured in
/// part, voided, or captured and refunded.
private struct PaymentWalks {
    private static let now = OrderSamples.start
    private static let card = UniqueID(high: 1, low: 1)
    private static let revenue = UniqueID(high: 1, low: 2)

    private var ledger = LedgerMachine()
    private var walks = 0
    // What the ledger must say in the end, counted without it.
    private var authorised: Int64 = 0
    private var kept: Int64 = 0
    private var refunded = 0

    init() {
        self.ledger.add(LedgerAccount(id: Self.card, ledger: "EUR", code: "card"))
        self.ledger.add(
            LedgerAccount(id: Self.revenue, ledger: "EUR", code: "revenue", limit: .debitsMustNotExceedCredits))
    }

    mutating func pay(_ amount: Int64, dice: UInt64) throws {
        guard amount > 0 else { return }
        self.walks += 1
        let hold = self.id(1)
        try self.transfer(.pending(hold, debit: Self.card, credit: Self.revenue, amount: amount, timeout: nil))
        self.authorised += amount
        switch dice & 3 {
        case 0: try self.transfer(.voidPending(self.id(2), pending: hold))
        case 1:
            let part = amount / 2 + 1
            try self.transfer(.postPending(self.id(2), pending: hold, amount: part))
            self.kept += part
        case 2:
            try self.transfer(.postPending(self.id(2), pending: hold))
            try self.transfer(.posted(self.id(3), debit: Self.revenue, credit: Self.card, amount: amount))
            self.refunded += 1
        default:
            try self.transfer(.postPending(self.id(2), pending: hold))
            self.kept += amount
        }
        if self.walks % 500 == 0 { self.forget() }
    }

    private func id(_ step: UInt64) -> UniqueID { UniqueID(high: UInt64(self.walks), low: step) }

    private mutating func transfer(_ transfer: LedgerTransfer) throws {
        guard case .accepted(let change) = try self.ledger.decide(transfer, at: Self.now) else {
            Issue.record("\(transfer) was taken for a repetition")
            return
        }
        self.ledger.evolve(change)
    }

    /// Goes on with the accounts alone: finished payments say nothing more.
    private mutating func forget() {
        let accounts = self.ledger.accounts.values
        self.ledger = LedgerMachine()
        for account in accounts { self.ledger.add(account) }
    }

    func check(orders: Int) {
        // A draw of nothing but prices of zero is the only order without a payment.
        #expect(orders - self.walks < 100 && self.refunded > 200_000)
        let accounts = self.ledger.accounts.values
        #expect(accounts.reduce(0) { $0 + $1.balance } == 0)
        #expect(accounts.allSatisfy { $0.debitsPending == 0 && $0.creditsPending == 0 && $0.keepsLimit })
        #expect(self.ledger.accounts[Self.revenue]?.balance == self.kept)
        #expect(self.ledger.accounts[Self.card]?.balance == -self.kept)
        #expect(self.kept > 0 && self.kept < self.authorised)
    }
}
