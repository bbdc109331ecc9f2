import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Transfers by owner.
struct TransfersView: Projection {
    static let migration = Migration(
        "transfers/001-view",
        [
            """
            CREATE TABLE transfers (
                transfer_id BLOB NOT NULL PRIMARY KEY, owner_id BLOB NOT NULL, from_account BLOB NOT NULL,
                to_account BLOB NOT NULL, minor INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
                reason TEXT, requested_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX transfers_by_owner ON transfers (owner_id, transfer_id DESC)",
        ])

    let name = "transfers"

    func reset(in unit: any ServiceUnit) throws {
        try unit.execute("DELETE FROM transfers")
    }

    func apply(_ event: RecordedEvent, in unit: any ServiceUnit) throws {
        guard event.stream.category == Transfer.category else { return }
        switch try TransferEvent.catalog.decode(event.event) {
        case .requested(let fact):
            try unit.execute(
                "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
                [
                    .blob(fact.transferId.rawValue.bytes), .blob(fact.ownerId.rawValue.bytes),
                    .blob(fact.fromAccountId.rawValue.bytes), .blob(fact.toAccountId.rawValue.bytes),
                    .integer(fact.amount.minor), .text(fact.amount.currency.code),
                    .text(TransferView.Status.pending.rawValue), .integer(event.timestamp.microseconds),
                    .integer(event.timestamp.microseconds),
                ])
        case .debited, .credited, .refunded: try self.set(.pending, nil, event, in: unit)
        case .completed: try self.set(.completed, nil, event, in: unit)
        case .failed(let fact): try self.set(.failed, fact.reason, event, in: unit)
        }
    }

    private func set(
        _ status: TransferView.Status, _ reason: String?, _ event: RecordedEvent, in unit: any ServiceUnit,
    ) throws {
        try unit.execute(
            "UPDATE transfers SET status = ?, reason = ?, updated_at = ? WHERE transfer_id = ?",
            [
                .text(status.rawValue), reason.map { .text($0) } ?? .null, .integer(event.timestamp.microseconds),
                .blob(event.aggregateID.bytes),
            ])
    }
}

extension TransfersView {
    /// A person's own transfer.
    static func transfer(_ id: TransferID, of owner: UserID, in unit: any ServiceUnit) throws -> TransferView? {
        try unit.query(
            "SELECT * FROM transfers WHERE transfer_id = ? AND owner_id = ?",
            [.blob(id.rawValue.bytes), .blob(owner.rawValue.bytes)]
        ).first.map { try TransferView($0) }
    }

    /// A person's transfers, the newest first.
    static func transfers(
        of owner: UserID, before id: TransferID?, limit: Int, in unit: any ServiceUnit,
    ) throws -> [TransferView] {
        let last = [UInt8](repeating: 0xFF, count: 16)
        let rows = try unit.query(
            "SELECT * FROM transfers WHERE owner_id = ? AND transfer_id < ? ORDER BY transfer_id DESC LIMIT ?",
            [.blob(owner.rawValue.bytes), .blob(id?.rawValue.bytes ?? last), .integer(Int64(limit))])
        return try rows.map { try TransferView($0) }
    }
}

extension TransferView {
    fileprivate init(_ row: SQLRow) throws {
        guard let currency = Currency(try row.text("currency")),
            let status = Status(rawValue: try row.text("status"))
        else { throw EventStoreError(.corrupt, "a row of transfers cannot be read") }
        self.init(
            transferId: TransferID(try row.id("transfer_id")), fromAccountId: AccountID(try row.id("from_account")),
            toAccountId: AccountID(try row.id("to_account")),
            amount: MoneyAmount(Money(minor: try row.integer("minor"), currency)), status: status,
            reason: try row.optionalText("reason"),
            createdAt: Timestamp(microseconds: try row.integer("requested_at")),
            updatedAt: Timestamp(microseconds: try row.integer("updated_at")))
    }
}

extension SQLRow {
    fileprivate func id(_ column: String) throws -> UniqueID {
        guard let id = UniqueID(bytes: try self.blob(column)) else {
            throw EventStoreError(.corrupt, "column \(column) holds no identifier")
        }
        return id
    }
}
