import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import ShopContracts
import Testing

@testable import Catalog

@Suite struct `A catalogue entry` {
    let id = ProductID(UniqueID(high: 1, low: 2))
    var tea: Product {
        Product(
            id: self.id, sku: "TEA-1", name: "Tea", category: "tea", description: "Green.",
            price: Money(minor: 450, .eur))
    }

    private func entry(after commands: CatalogEntry.Command...) throws -> CatalogEntry {
        var entry = CatalogEntry()
        for command in commands { for event in try entry.decide(command) { entry.evolve(event) } }
        return entry
    }

    @Test func `is on sale from its first fact on`() throws {
        #expect(try self.entry(after: .add(self.tea)).stage == .onSale(self.tea))
    }

    @Test func `records only what changed`() throws {
        let entry = try self.entry(after: .add(self.tea))
        #expect(try entry.decide(.change(self.tea)) == [])
        var described = self.tea
        described.description = "Very green."
        #expect(try entry.decide(.change(described)) == [.described(ProductDescribed(described))])
        var dearer = self.tea
        dearer.price = Money(minor: 500, .eur)
        #expect(try entry.decide(.change(dearer)) == [.updated(ProductUpdated(dearer))])
    }

    @Test func `refuses what its stage does not allow, and says why`() throws {
        let unknown = CatalogEntry()
        #expect(throws: CatalogRefusal.unknownProduct(self.id)) { try unknown.decide(.change(self.tea)) }
        #expect(try unknown.decide(.remove) == [])
        let onSale = try self.entry(after: .add(self.tea))
        #expect(throws: CatalogRefusal.exists(self.id)) { try onSale.decide(.add(self.tea)) }
        let removed = try self.entry(after: .add(self.tea), .remove)
        for command in [CatalogEntry.Command.add(self.tea), .change(self.tea), .remove] {
            #expect(throws: CatalogRefusal.removed(self.id)) { try removed.decide(command) }
        }
    }

    @Test(arguments: [
        (
            "ProductUpdated",
            """
            {"category":"tea","name":"Tea","price":{"currency":"EUR","minor":450},\
            "productId":"00000000-0000-0001-0000-000000000002","sku":"TEA-1"}
            """
        ),
        (
            "ProductDescribed",
            #"{"description":"Green.","productId":"00000000-0000-0001-0000-000000000002"}"#
        ),
        ("ProductRemoved", #"{"productId":"00000000-0000-0001-0000-000000000002","sku":"TEA-1"}"#),
    ])
    func `version 1 of each fact is read and written as this sample`(type: String, sample: String) throws {
        let stored = NewEvent(
            id: UniqueID(high: 0, low: 1), type: type, schemaVersion: 1, timestamp: Timestamp(microseconds: 0),
            metadata: EventMetadata(correlationID: UniqueID(high: 0, low: 2)), data: Array(sample.utf8))
        let event = try CatalogEvent.catalog.decode(stored)
        let written = try event.newEvent(id: stored.id, timestamp: stored.timestamp, metadata: stored.metadata)
        #expect(written == stored)
        #expect(String(decoding: written.data, as: UTF8.self) == sample)
    }

    @Test func `the samples cover every fact`() {
        #expect(CatalogEvent.catalog.types == ["ProductDescribed", "ProductRemoved", "ProductUpdated"])
    }
}

/// One implementation of the repository, with a name for the report.
enum ProductRepositoryKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case inMemory
    case stored

    var testDescription: String { self.rawValue }

    func make() async throws -> any ProductRepository {
        switch self {
        case .inMemory: return InMemoryProducts()
        case .stored:
            let shop = try await CatalogFixture()
            return shop.catalog.products(metadata: EventMetadata(correlationID: shop.platform.ids.next()))
        }
    }
}

@Suite struct `A product repository` {
    private func product(_ number: UInt64, sku: String? = nil, category: String = "tea") -> Product {
        Product(
            id: ProductID(UniqueID(high: 7, low: number)), sku: sku ?? "TEA-\(number)", name: "Tea \(number)",
            category: category, description: "Cup \(number)", price: Money(minor: 100, .eur))
    }

    @Test(arguments: ProductRepositoryKind.allCases)
    func `gives back what was saved, equal in every member`(kind: ProductRepositoryKind) async throws {
        let products = try await kind.make()
        let tea = self.product(1)
        #expect(try await products.find(tea.id) == nil)
        #expect(try await products.save(tea) == tea)
        #expect(try await products.find(tea.id) == tea)
    }

    @Test(arguments: ProductRepositoryKind.allCases)
    func `replaces what has the same id`(kind: ProductRepositoryKind) async throws {
        let products = try await kind.make()
        _ = try await products.save(self.product(1))
        let changed = self.product(1, sku: "OTHER", category: "herbs")
        #expect(try await products.save(changed) == changed)
        #expect(try await products.find(changed.id) == changed)
        #expect(try await products.find(category: "tea") == [])
        #expect(try await products.find(category: "herbs") == [changed])
    }

    @Test(arguments: ProductRepositoryKind.allCases)
    func `finds the products of one category in order of their ids`(kind: ProductRepositoryKind) async throws {
        let products = try await kind.make()
        for number in [3, 1, 2] as [UInt64] { _ = try await products.save(self.product(number)) }
        _ = try await products.save(self.product(4, category: "herbs"))
        #expect(try await products.find(category: "tea") == [1, 2, 3].map { self.product($0) })
        #expect(try await products.find(category: "none") == [])
    }

    @Test(arguments: ProductRepositoryKind.allCases)
    func `forgets what was deleted, for good, and frees its SKU`(kind: ProductRepositoryKind) async throws {
        let products = try await kind.make()
        let tea = self.product(1)
        _ = try await products.save(tea)
        try await products.delete(tea.id)
        try await products.delete(tea.id)
        try await products.delete(self.product(9).id)
        #expect(try await products.find(tea.id) == nil)
        #expect(try await products.find(category: "tea") == [])
        await #expect(throws: CatalogRefusal.removed(tea.id)) { _ = try await products.save(tea) }
        #expect(try await products.save(self.product(2, sku: tea.sku)).sku == tea.sku)
    }

    @Test(arguments: ProductRepositoryKind.allCases)
    func `refuses a SKU that another product has, and a price of nothing`(kind: ProductRepositoryKind) async throws {
        let products = try await kind.make()
        _ = try await products.save(self.product(1))
        await #expect(throws: CatalogRefusal.skuTaken("TEA-1")) {
            _ = try await products.save(self.product(2, sku: "TEA-1"))
        }
        var free = self.product(3)
        free.price = .zero(.eur)
        await #expect(throws: CatalogRefusal.priceNotPositive(.zero(.eur))) { _ = try await products.save(free) }
        #expect(try await products.find(category: "tea") == [self.product(1)])
    }
}
