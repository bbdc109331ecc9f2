public import Chassis
public import Essentials
import Synchronization

/// The simulator's customers let loose on a platform that runs for real: the same deeds, the same insistence, the same
/// promises. What they were promised is for ``BooksCheck``.
public final class LiveCustomers: Sendable {
    /// What whoever started them hears.
    public enum News: Sendable {
        /// A client was promised something: one line of JSON, as ``BooksCheck`` takes it.
        case promised(JSONValue)
        /// A client was answered what must not be.
        case odd(String)
    }

    private enum Pace: Sendable { case going, paused, stopped }

    private struct State: Sendable {
        var wallets: [UniqueID] = []
        var pace = Pace.going
        /// Customers in the middle of a deed.
        var busy = 0
        /// To be called when everybody has a wallet.
        var opened: (@Sendable () -> Void)?
    }

    let history = History()
    let mix: Mix
    let transport: any ServiceTransport
    let time: TimeSource
    private let seed: UInt64
    private let hear: @Sendable (News) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - transport: reaches the platform's gateway under the name `gateway`.
    ///   - seed: decides what each customer wants. When they want it follows from the answers.
    ///   - hear: is told, from any task.
    public init(
        transport: any ServiceTransport, seed: UInt64, customers: Int, time: TimeSource = .system,
        hear: @escaping @Sendable (News) -> Void,
    ) {
        self.transport = transport
        self.seed = seed
        self.time = time
        self.hear = hear
        self.mix = .live(seed, customers: customers)
    }

    /// Opens the shop and lets the customers act until ``stop()``.
    /// - Parameters:
    ///   - email: an operator's, with the password.
    ///   - opened: called when every customer has found their way in.
    public func run(operator email: String, _ password: String, opened: @escaping @Sendable () -> Void) async throws {
        self.state.withLock { $0.busy = 1 }
        var clerk = Operator(self, email: email, password: password)
        // Of one product there is hardly any.
        let articles = try await clerk.openShop(stock: Array(repeating: self.mix.stock, count: self.mix.products) + [5])
        self.state.withLock { state in
            state.busy = self.mix.customers
            state.opened = opened
        }
        try await withThrowingTaskGroup(of: Void.self) { [clerk] group in
            for number in 1...self.mix.customers {
                group.addTask {
                    var customer = Customer(number, scene: self, articles: articles, clerk: clerk)
                    defer { self.state.withLock { $0.busy -= 1 } }
                    try await customer.live(deeds: .max)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Every customer finishes the deed at hand and waits.
    public func pause() { self.state.withLock { $0.pace = .paused } }
    public func resume() { self.state.withLock { $0.pace = .going } }
    public func stop() { self.state.withLock { $0.pace = .stopped } }

    /// Whether no customer is in the middle of anything.
    public var isIdle: Bool { self.state.withLock { $0.busy == 0 } }

    /// How many requests had which answer.
    public var answers: [String: Int] { self.history.counts }
}

extension LiveCustomers: Scene {
    /// Nobody sets the date there.
    var sessionDate: Timestamp { Timestamp(microseconds: self.time.now.nanoseconds / 1_000) }
    var wallets: [UniqueID] { self.state.withLock(\.wallets) }
    func addWallet(_ wallet: UniqueID) {
        let opened: (@Sendable () -> Void)? = self.state.withLock { state in
            state.wallets.append(wallet)
            return state.wallets.count == self.mix.customers ? state.opened.take() : nil
        }
        opened?()
    }

    func chance(_ name: String) -> Chance {
        Chance(seed: name.utf8.reduce(self.seed) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 })
    }

    func trace(_ line: String) {}
    func sometimes(_ name: String) {}
    func fail(_ kind: AnomalyKind, _ what: String) { self.hear(.odd("\(kind.rawValue): \(what)")) }
    func promised(_ promise: Promise) {
        if let line = promise.line { self.hear(.promised(line)) }
    }

    func mayGoOn() async throws -> Bool {
        guard self.state.withLock({ $0.pace == .paused }) else { return self.state.withLock { $0.pace != .stopped } }
        self.state.withLock { $0.busy -= 1 }
        defer { self.state.withLock { $0.busy += 1 } }
        while self.state.withLock({ $0.pace == .paused }) { try await self.time.sleep(for: .milliseconds(20)) }
        return self.state.withLock { $0.pace != .stopped }
    }
}

extension Mix {
    /// Sizes for a platform that runs for real, and is killed every now and then: short pauses, much going on.
    static func live(_ seed: UInt64, customers: Int) -> Mix {
        var mix = Mix(seed: seed).calm
        (mix.customers, mix.products, mix.stock) = (customers, 5, 500_000)
        (mix.transfers, mix.changes, mix.hasCarrier) = (12, 30, true)
        (mix.pause, mix.longestRetry) = (.milliseconds(20), .milliseconds(100))
        mix.thieves = (0.05, .seconds(12))
        return mix
    }
}

extension Promise {
    /// As ``BooksCheck`` reads it; nil for what it does not look at, and before there is an answer.
    fileprivate var line: JSONValue? {
        guard self.isAcknowledged, let id = self.id else { return nil }
        var line = JSONObject()
        line["kind"] = .string(self.kind.rawValue)
        line["key"] = .string(self.intent)
        line["\(self.kind.rawValue)Id"] = .string(id.description)
        if let amount = self.amount { line["cents"] = .integer(amount) }
        switch self.kind {
        case .order: line["customerId"] = self.owner.map { .string($0.description) }
        case .transfer:
            line["fromAccountId"] = self.from.map { .string($0.description) }
            line["toAccountId"] = self.to.map { .string($0.description) }
        case .deposit: line["accountId"] = self.to.map { .string($0.description) }
        case .receipt, .user, .wallet, .product: return nil
        }
        return .object(line)
    }
}
