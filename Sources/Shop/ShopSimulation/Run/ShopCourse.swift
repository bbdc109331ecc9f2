import Chassis
import Essentials
import EventSourcing
import HTTPTypes
import ShopContracts
import Simulation
import Synchronization

/// The course of one run: open the shop, let customers in and the storm rage, let everything end, check the books.
final class ShopCourse: Sendable {
    private struct State {
        var anomalies: [Anomaly] = []
        var checkouts = 0
    }

    let shop: SimulatedShop
    private let state = Mutex(State())
    private var simulation: Simulator { self.shop.simulation }

    /// How long everything may take to end by itself once nothing goes wrong any more.
    private static let patience = Duration.seconds(3_600)

    init(_ shop: SimulatedShop) {
        self.shop = shop
    }

    var anomalies: [Anomaly] { self.state.withLock(\.anomalies) }
    var checkouts: Int { self.state.withLock(\.checkouts) }

    func run() async throws {
        for name in RarePaths.names { self.simulation.expectSometimes(name) }
        self.shop.start()
        try await self.shop.waitUntilOpen()
        var clerk = Operator(self.shop)
        let stock = Array(repeating: self.shop.mix.stock, count: self.shop.mix.products)
        let articles = try await clerk.openShop(stock: stock)
        try await self.trade(articles, clerk)
        try await self.settle()
        try await self.sortDeadLetters()
        try await self.judge()
    }

    private func trade(_ articles: [Operator.Article], _ clerk: Operator) async throws {
        let shop = self.shop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Storm(shop).rage() }
            for number in 1...shop.mix.customers {
                group.addTask {
                    var customer = Customer(number, scene: shop, articles: articles, clerk: clerk)
                    try await customer.live(deeds: shop.mix.deeds)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until nothing is under way any more.
    private func settle() async throws {
        // What is still on its way from the storm arrives first.
        try await self.simulation.time.sleep(for: .seconds(65))
        let end = self.simulation.now + Self.patience
        var quietSince: Tick?
        var pause = Duration.seconds(1)
        while self.simulation.now < end {
            try await self.simulation.time.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
            // What was struck last may still be down.
            guard let books = try await self.booksIfOpen() else { continue }
            let work = books.pendingWork
            if work.isEmpty, quietSince != nil { return }
            quietSince = work.isEmpty ? self.simulation.now : nil
            if work.isEmpty { pause = .seconds(15) }
        }
        self.simulation.trace("not everything has ended")
    }

    /// An operator tries the dead letters of poisoned facts once more, and drops them.
    private func sortDeadLetters() async throws {
        for service in [ServiceName.orders, .notifications] {
            let list = try await self.shop.administer(service, .get, "/internal/dead-letters")
            for letter in list["items"]?.array ?? [] {
                guard let event = letter["event"]?.string.flatMap({ UniqueID($0) }), self.shop.poison.contains(event)
                else { continue }
                let path = "/internal/dead-letters/\(letter["consumer"]?.string ?? "")/\(event)"
                _ = try await self.shop.administer(service, .post, "\(path)/redrive")
                self.simulation.sometimes("a dead letter was driven again")
                let answer = try await self.shop.administer(service, .post, "\(path)/discard")
                if answer["discarded"] != nil { self.simulation.sometimes("a dead letter was dropped") }
            }
        }
        try await self.simulation.time.sleep(for: .seconds(5))
    }

    private func booksIfOpen() async throws -> Books? {
        do {
            return try await self.shop.books()
        } catch is EventStoreError {
            return nil
        }
    }

    private func judge() async throws {
        let books = try await self.shop.books()
        var found = WholeCheck.anomalies(books, self.shop.claims, isSettled: true)
        for work in books.pendingWork { found.append(Anomaly(.stuckWork, "still under way: \(work)")) }
        let orders = OrderStory.all(in: books[.orders].facts)
        let timelines = Timeline.all(books, orders, balances: self.shop.balances)
        found += ReadCheck(self.shop.history.operations, timelines).anomalies()
        found += try await ReadModelCheck(self.shop).anomalies()
        self.state.withLock { state in
            state.anomalies = found
            state.checkouts = orders.count
        }
        RarePaths.take(books, orders, self.simulation)
        self.simulation.sometimes("a lease was stolen", self.shop.thefts > 0)
        if let first = found.first { self.simulation.fail(first.kind.rawValue, first.description) }
    }
}
