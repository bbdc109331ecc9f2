public import Chassis
public import Essentials
public import EventSourcing
public import ShopContracts

/// A payment provider in the box. It decides by the payment method, and keeps a book of its own, in transactions of its
/// own: it plays the outside world, which remembers what our process forgets.
public struct SimulatedProvider: PaymentProvider {
    public struct Configuration: Hashable, Sendable {
        /// How long every call takes. Default: zero.
        public var latency: Duration = .zero
        /// How long `pm_slow` takes to answer. Default: 3 seconds.
        public var slowLatency: Duration = .seconds(3)
        /// How long the outcome of `pm_unknown` stays unknown. Default: 2 seconds.
        public var unknownFor: Duration = .seconds(2)

        public init() {}
    }

    static let migration = Migration(
        "payments/002-provider",
        [
            """
            CREATE TABLE provider_charges (
                payment_id BLOB NOT NULL PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL,
                status TEXT NOT NULL, reason TEXT, known_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """
        ])

    private let store: ServiceStore
    private let time: TimeSource
    private let wallClock: WallClock
    private let configuration: Configuration

    public init(
        _ store: ServiceStore, configuration: Configuration = Configuration(), wallClock: WallClock = .system,
        time: TimeSource = .system,
    ) {
        self.store = store
        self.configuration = configuration
        self.wallClock = wallClock
        self.time = time
    }

    public func authorize(_ charge: ProviderCharge) async throws -> ProviderAnswer {
        let now = self.wallClock.now
        let knownAt = charge.method == .unknown ? now + self.configuration.unknownFor : now
        let entry = ProviderEntry(
            status: charge.method == .declined ? .declined : .authorized, amount: charge.amount.minor,
            currency: charge.amount.currency.code,
            reason: charge.method == .declined ? "insufficient funds" : nil, knownAt: knownAt)
        let (answer, isNew) = try await self.store.write { unit in
            let book = ProviderBook(unit)
            if let existing = try book.entry(charge.paymentID) { return (existing.answer(at: now), false) }
            try book.put(entry, charge.paymentID)
            return (entry.answer(at: now), true)
        }
        try await self.takeTime()
        guard isNew else { return answer }
        switch charge.method {
        case .slow: try await self.time.sleep(for: self.configuration.slowLatency)
        case .lost: throw ProviderConnectionLost()
        case .ok, .declined, .unknown: break
        }
        return answer
    }

    public func capture(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.change(payment) { entry in
            if entry?.status == .authorized { entry?.status = .captured }
        }
    }

    public func void(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.change(payment) { entry in
            if let known = entry {
                guard known.status == .authorized else { return }
                entry?.status = .voided
                entry?.knownAt = Timestamp(microseconds: 0)
            } else {
                entry = ProviderEntry(
                    status: .voided, amount: 0, currency: "XXX", reason: nil, knownAt: Timestamp(microseconds: 0))
            }
        }
    }

    public func refund(_ payment: PaymentID) async throws -> ProviderAnswer {
        try await self.change(payment) { entry in
            if entry?.status == .captured { entry?.status = .refunded }
        }
    }

    public func inquire(_ payment: PaymentID) async throws -> ProviderAnswer {
        let now = self.wallClock.now
        try await self.takeTime()
        return try await self.store.read { try ProviderBook($0).entry(payment)?.answer(at: now) ?? .notFound }
    }

    private func change(
        _ payment: PaymentID, _ body: @escaping @Sendable (inout ProviderEntry?) -> Void,
    ) async throws -> ProviderAnswer {
        let now = self.wallClock.now
        let answer = try await self.store.write { unit in
            let book = ProviderBook(unit)
            let before = try book.entry(payment)
            var entry = before
            body(&entry)
            if let entry, entry != before { try book.put(entry, payment) }
            return entry?.answer(at: now) ?? .notFound
        }
        try await self.takeTime()
        return answer
    }

    private func takeTime() async throws {
        guard self.configuration.latency > .zero else { return }
        try await self.time.sleep(for: self.configuration.latency)
    }
}

/// One line of the provider's book.
struct ProviderEntry: Hashable, Sendable {
    enum Status: String, Hashable, Sendable {
        case authorized, declined, captured, voided, refunded
    }

    var status: Status
    var amount: Int64
    var currency: String
    var reason: String?
    /// Before this the provider says that it does not know.
    var knownAt: Timestamp

    func answer(at now: Timestamp) -> ProviderAnswer {
        switch self.status {
        case .authorized: now < self.knownAt ? .unknown : .authorized
        case .declined: .declined(reason: self.reason ?? "declined")
        case .captured: .captured
        case .voided: .voided
        case .refunded: .refunded
        }
    }
}

/// The provider's book in a transaction of the provider.
struct ProviderBook {
    private let unit: any RelationalUnit

    init(_ unit: any RelationalUnit) {
        self.unit = unit
    }

    func entry(_ payment: PaymentID) throws -> ProviderEntry? {
        let rows = try self.unit.query(
            "SELECT * FROM provider_charges WHERE payment_id = ?", [.blob(payment.rawValue.bytes)])
        return try rows.first.map { row in
            let text = try row.text("status")
            guard let status = ProviderEntry.Status(rawValue: text) else {
                throw EventStoreError(.corrupt, "the provider's book holds the status '\(text)'")
            }
            return ProviderEntry(
                status: status, amount: try row.integer("amount"), currency: try row.text("currency"),
                reason: try row.optionalText("reason"),
                knownAt: Timestamp(microseconds: try row.integer("known_at")))
        }
    }

    func put(_ entry: ProviderEntry, _ payment: PaymentID) throws {
        try self.unit.execute(
            """
            INSERT INTO provider_charges VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (payment_id) DO UPDATE SET status = excluded.status, known_at = excluded.known_at
            """,
            [
                .blob(payment.rawValue.bytes), .integer(entry.amount), .text(entry.currency),
                .text(entry.status.rawValue), entry.reason.map { .text($0) } ?? .null,
                .integer(entry.knownAt.microseconds),
            ])
    }
}
