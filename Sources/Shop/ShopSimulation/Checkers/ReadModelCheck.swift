import Chassis
import Essentials
import EventSourcing
import ShopContracts

/// Every read model is the fold of its log: built again from the first event, it has the same rows.
struct ReadModelCheck {
    let shop: SimulatedShop

    init(_ shop: SimulatedShop) {
        self.shop = shop
    }

    func anomalies() async throws -> [Anomaly] {
        var found: [Anomaly] = []
        for name in ServiceName.shop {
            guard let service = self.shop.service(name), let store = self.shop.store(name) else { continue }
            guard !service.readModels.names.isEmpty else { continue }
            let before = try await store.read { try Self.tables($0) }
            for model in service.readModels.names { _ = try await service.readModels.rebuild(model, using: store) }
            let after = try await store.read { try Self.tables($0) }
            for table in before.keys.sorted() where before[table] != after[table] {
                let kept = Self.only(before[table] ?? [:], without: after[table] ?? [:])
                let built = Self.only(after[table] ?? [:], without: before[table] ?? [:])
                let excerpt = kept.map { "was: \($0)" } + built.map { "is:  \($0)" }
                found.append(
                    Anomaly(.divergedReadModel, "\(table) of \(name) is not what its log says", excerpt: excerpt))
            }
        }
        return found
    }

    /// The first rows that are in one table and not in another, as text.
    private static func only(_ rows: [SQLRow: Int], without others: [SQLRow: Int]) -> [String] {
        rows.filter { others[$0.key] != $0.value }.map { String("\($0.key)".prefix(300)) }.sorted().prefix(2).map(
            \.self)
    }

    /// How often each row is in each of the tables that may be read models.
    private static func tables(_ unit: any RelationalUnit) throws -> [String: [SQLRow: Int]] {
        let kit = ["events", "checkpoints", "snapshots", "mainstay", "migrations", "effects", "idempotency"]
        var tables: [String: [SQLRow: Int]] = [:]
        // The insides of a full-text index depend on the order in which it grew.
        let indexes = try unit.query("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
            .map { try $0.text("name") }
        for row in try unit.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
            let name = try row.text("name")
            let isKit =
                kit.contains(name) || name.hasPrefix("sqlite_") || name.hasPrefix("inbox_") || name.hasPrefix("saga")
                || name.hasPrefix("ledger_") || indexes.contains { name.hasPrefix($0) }
            if isKit { continue }
            tables[name] = Dictionary(try unit.query("SELECT * FROM \"\(name)\"").map { ($0, 1) }, uniquingKeysWith: +)
        }
        return tables
    }
}
