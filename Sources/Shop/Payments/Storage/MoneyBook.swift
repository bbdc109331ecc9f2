import Essentials
import Ledger
import ShopContracts

/// All money of the platform, in double entry: one ledger a currency.
///
/// | account | what it is | limit |
/// | --- | --- | --- |
/// | card | a customer's cards, one account a customer: what was charged from the world outside | none |
/// | revenue | the merchant's | cannot give back more than it took |
/// | wallet | a customer's own money | cannot be overdrawn |
/// | clearing | transfers between wallets while they are under way | none |
///
/// The ids of all movements of a payment follow from its id, so each can happen once. The card account shows for every
/// customer what was charged in all.
struct MoneyBook {
    let book: LedgerBook

    init(in unit: any LedgerUnit, at now: Timestamp) {
        self.book = LedgerBook(in: unit, at: now)
    }

    private static let house = UniqueID(high: 0x6D61_696E_7374_8000, low: 0x8000_0000_0000_0000)

    static func card(of customer: CustomerID, _ currency: Currency) -> UniqueID {
        customer.rawValue.derived("card/\(currency)")
    }
    static func revenue(_ currency: Currency) -> UniqueID { self.house.derived("revenue/\(currency)") }
    static func clearing(_ currency: Currency) -> UniqueID { self.house.derived("clearing/\(currency)") }

    // MARK: Card payments

    /// Where the money of a payment goes.
    private static func target(of payment: PaymentRequested) -> UniqueID {
        payment.accountId?.rawValue ?? self.revenue(payment.amount.currency)
    }

    func hold(_ payment: PaymentRequested) throws {
        let currency = payment.amount.currency
        let card = Self.card(of: payment.customerId, currency)
        try self.book.open(LedgerAccount(id: card, ledger: currency.code, code: "card"))
        if payment.accountId == nil {
            try self.book.open(
                LedgerAccount(
                    id: Self.revenue(currency), ledger: currency.code, code: "revenue",
                    limit: .debitsMustNotExceedCredits))
        }
        try self.book.transfer(
            .pending(
                payment.paymentId.rawValue.derived("hold"), debit: card, credit: Self.target(of: payment),
                amount: payment.amount.minor, timeout: nil, code: payment.accountId == nil ? "payment" : "deposit"))
    }

    func capture(_ payment: PaymentID) throws {
        #if PlantedFaults
            if PlantedFault.captureTwice.isPlanted, let held = try self.book.entry(payment.rawValue.derived("hold")),
                let movement = held.movement
            {
                try self.book.transfer(
                    .posted(
                        payment.rawValue.derived("capture again"), debit: movement.debit, credit: movement.credit,
                        amount: movement.amount, code: "capture"))
            }
        #endif
        try self.book.transfer(
            .postPending(
                payment.rawValue.derived("capture"), pending: payment.rawValue.derived("hold"), code: "capture"))
    }

    func void(_ payment: PaymentID) throws {
        try self.book.transfer(
            .voidPending(payment.rawValue.derived("void"), pending: payment.rawValue.derived("hold"), code: "void"))
    }

    func refund(_ payment: PaymentRequested) throws {
        #if PlantedFaults
            if PlantedFault.refundTwice.isPlanted {
                try self.book.transfer(
                    .posted(
                        payment.paymentId.rawValue.derived("refund again"), debit: Self.target(of: payment),
                        credit: Self.card(of: payment.customerId, payment.amount.currency),
                        amount: payment.amount.minor, code: "refund"))
            }
        #endif
        try self.book.transfer(
            .posted(
                payment.paymentId.rawValue.derived("refund"), debit: Self.target(of: payment),
                credit: Self.card(of: payment.customerId, payment.amount.currency), amount: payment.amount.minor,
                code: "refund"))
    }

    // MARK: Wallets

    func openWallet(_ account: AccountID, _ currency: Currency) throws {
        try self.book.open(
            LedgerAccount(
                id: account.rawValue, ledger: currency.code, code: "wallet", limit: .debitsMustNotExceedCredits))
    }

    /// One leg of a transfer, pending until it is posted or voided.
    func begin(_ posting: CreatePosting, _ amount: Money) throws -> LedgerEntry {
        let clearing = Self.clearing(amount.currency)
        try self.book.open(LedgerAccount(id: clearing, ledger: amount.currency.code, code: "clearing"))
        let wallet = posting.accountId.rawValue
        let isDebit = posting.direction == .debit
        return try self.book.transfer(
            .pending(
                posting.postingId, debit: isDebit ? wallet : clearing, credit: isDebit ? clearing : wallet,
                amount: amount.minor, timeout: nil, code: "transfer/\(posting.transferId)"))
    }

    func post(posting id: UniqueID) throws {
        try self.book.transfer(.postPending(id.derived("post"), pending: id, code: "transfer"))
    }

    func void(posting id: UniqueID) throws {
        try self.book.transfer(.voidPending(id.derived("void"), pending: id, code: "transfer void"))
    }
}
