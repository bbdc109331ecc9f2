import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// A customer in a closed loop: orders, changes their mind, moves money, and asks where things stand.
struct Customer: Sendable {
    private struct Wish {
        var body: JSONValue
        var key: UniqueID
        var order: UniqueID
    }

    private var client: Client
    private var clerk: Operator
    private let scene: any Scene
    private let articles: [Operator.Article]
    private var wallet: UniqueID?
    private var wishes: [Wish] = []
    private var deposits: [UniqueID] = []
    private var movements: [UniqueID] = []

    init(_ number: Int, scene: any Scene, articles: [Operator.Article], clerk: Operator) {
        let name = "customer-\(number)"
        self.client = Client(
            name, email: "\(name)@example.com", password: "the long password of \(name)", scene: scene)
        self.clerk = clerk
        self.scene = scene
        self.articles = articles
    }

    private var chance: Chance { self.client.chance }

    mutating func live(deeds: Int) async throws {
        try await self.client.enter(isKnown: false)
        try await self.openWallet()
        for _ in 0..<deeds {
            guard try await self.scene.mayGoOn() else { break }
            try await self.think()
            try await self.act()
        }
        for wish in self.wishes.suffix(3) { try await self.look(at: wish.order) }
    }

    private func think() async throws {
        let mean = Double(self.scene.mix.pause.nanoseconds)
        try await self.client.door.time.sleep(for: .nanoseconds(Int64(mean * 2 * self.chance.fraction())))
    }

    private mutating func act() async throws {
        let mix = self.scene.mix
        let draw = self.chance.below(100)
        if draw < mix.transfers { return try await self.transfer() }
        if draw >= mix.transfers + mix.changes {
            // Where parcels are booked late, it pays to be hasty.
            let isHasty = mix.bookingLoss > 0 && self.chance.below(2) == 0
            return isHasty ? try await self.orderHastily() : try await self.order()
        }
        switch self.chance.below(25) {
        case ..<5: try await self.withRecent { try await $0.look(at: $1.order) }
        case ..<8: try await self.withRecent { try await $0.change($1.order, "cancel") }
        case ..<12 where !mix.hasCarrier: try await self.withRecent { try await $0.moveParcel(of: $1.order) }
        case ..<10: try await self.withRecent { try await $0.sendBack($1.order) }
        case ..<13: try await self.withRecent(paying: .declined) { try await $0.payAgain($1.order) }
        case ..<15: try await self.withRecent { try await $0.repeatWish($1) }
        case ..<16: try await self.deposit()
        case ..<18: try await self.renew()
        case ..<19: try await self.list()
        case ..<22: try await self.orderHastily()
        case ..<24: try await self.lookAtMoney()
        default: try await self.rename()
        }
    }

    /// Exchanges the session's token, and now and then lets a thief try the old one later.
    private mutating func renew() async throws {
        try await self.client.renew()
        let thieves = self.scene.mix.thieves
        guard self.chance.fraction() < thieves.chance else { return }
        let renewed = self.scene.sessionDate
        try await self.client.door.time.sleep(for: thieves.pause)
        // For ten seconds, by a date that may have jumped, a repeated exchange is taken for one whose answer was lost; the
        // answer may have been on its way for a minute.
        guard !(.seconds(-70)...(.seconds(10))).contains(self.scene.sessionDate - renewed) else { return }
        try await self.client.renew(asThief: true)
    }

    /// - Parameter method: of the wishes those that asked for this one are preferred.
    private mutating func withRecent(
        paying method: PaymentMethod? = nil, _ body: (inout Customer, Wish) async throws -> Void,
    ) async throws {
        guard !self.wishes.isEmpty else { return try await self.order() }
        let preferred = self.wishes.filter { $0.body["paymentMethod"]?.string == method?.rawValue }
        let wishes = preferred.isEmpty ? self.wishes : preferred
        try await body(&self, wishes[self.chance.below(wishes.count)])
    }

    private func method() -> PaymentMethod {
        switch self.chance.below(10) {
        case ..<5: .ok
        case 5: .declined
        case 6: .slow
        case 7, 8: .lost
        default: .unknown
        }
    }

    // MARK: Orders

    private mutating func order() async throws {
        guard let id = self.client.id else { return }
        var total: Int64 = 0
        var items: [JSONValue] = []
        for article in self.articles where items.isEmpty || self.chance.below(3) == 0 {
            let quantity = Int64(self.chance.below(3) + 1)
            total += quantity * article.minor
            items.append(["productId": .string(article.id.description), "quantity": .integer(quantity)])
        }
        let body: JSONValue = [
            "customerId": .string(id.description), "items": .array(items),
            "paymentMethod": .string(self.method().rawValue),
        ]
        let key = self.client.key()
        let promise = Promise(
            kind: .order, intent: key.description, owner: id, amount: total, isAcknowledged: false)
        self.client.scene.promised(promise)
        let (answer, isRepeated) = try await self.client.insist(
            "order", .post, "/v1/orders", json: body, key: key, expecting: [201, 409])
        guard let order = answer.id("orderId") else { return }
        if answer.status == 409, !isRepeated, answer.id("orderId") == nil {
            self.scene.fail(.unexpectedAnswer, "the new key \(key) was answered 409")
        }
        self.client.scene.promised(promise.answered(order))
        self.wishes.append(Wish(body: body, key: key, order: order))
        // Nobody remembers more than this, and a page of a list holds as much.
        if self.wishes.count > 50 { self.wishes.removeFirst() }
        if self.chance.below(3) == 0 { try await self.look(at: order) }
    }

    /// - Returns: where the order stands; nil when there is none.
    @discardableResult
    private mutating func look(at order: UniqueID) async throws -> String? {
        let (answer, _) = try await self.client.insist(
            "read order", about: order, .get, "/v2/orders/\(order)", expecting: [200, 404])
        return answer.json["status"]?.string
    }

    /// Orders, and calls it off as soon as it is paid: its parcel may be being booked just then.
    private mutating func orderHastily() async throws {
        try await self.order()
        guard let order = self.wishes.last?.order else { return }
        for _ in 0..<100 {
            switch try await self.look(at: order) {
            case "PENDING", "PAYMENT_PROCESSING": try await self.client.door.time.sleep(for: .milliseconds(15))
            case "CONFIRMED": return try await self.change(order, "cancel")
            default: return
            }
        }
    }

    private mutating func change(_ order: UniqueID, _ verb: String) async throws {
        _ = try await self.client.insist(
            verb, about: order, .post, "/v1/orders/\(order)/\(verb)", key: self.client.key(), expecting: [200, 409])
    }

    private mutating func sendBack(_ order: UniqueID) async throws {
        let (answer, _) = try await self.client.insist(
            "return", about: order, .post, "/v1/orders/\(order)/return", key: self.client.key(),
            expecting: [200, 409])
        guard answer.status == 200 else { return }
        try await self.think()
        try await self.clerk.processReturn(of: order)
    }

    /// Without a carrier in the box an operator reports what became of a parcel.
    private mutating func moveParcel(of order: UniqueID) async throws {
        let (page, _) = try await self.client.insist("list parcels", .get, "/v1/shipments?limit=100", expecting: [200])
        let parcel = page.json["items"]?.array?.first { $0["orderId"]?.string == order.description }
        guard let id = parcel?["shipmentId"]?.string.flatMap({ UniqueID($0) }) else { return }
        let next: [String: [String]] = [
            "BOOKED": ["SHIPPED"], "SHIPPED": ["IN_TRANSIT", "DELIVERED"], "IN_TRANSIT": ["DELIVERED", "LOST"],
        ]
        guard let choices = next[parcel?["status"]?.string ?? ""] else { return }
        try await self.clerk.report(choices[self.chance.below(choices.count)], of: id)
    }

    private mutating func payAgain(_ order: UniqueID) async throws {
        _ = try await self.client.insist(
            "retry payment", about: order, .post, "/v1/orders/\(order)/retry-payment",
            json: ["paymentMethod": .string(self.method().rawValue)], key: self.client.key(), expecting: [200, 409])
    }

    /// The same request again is the same order; another one under its key is none.
    private mutating func repeatWish(_ wish: Wish) async throws {
        let (answer, _) = try await self.client.insist(
            "repeat order", about: wish.order, .post, "/v1/orders", json: wish.body, key: wish.key, expecting: [409])
        if answer.id("orderId") != wish.order {
            let other = "\(answer.json["orderId"] ?? .null)"
            self.scene.fail(
                .duplicateEffect, "the repeated key \(wish.key) of order \(wish.order) was answered with \(other)")
        }
        let other = wish.body.setting("items", to: [wish.body["items"]?.array?.first ?? .null])
            .setting("paymentMethod", to: "pm_slow").setting("customerId", to: wish.body["customerId"] ?? .null)
        guard other != wish.body else { return }
        _ = try await self.client.insist(
            "reuse key", about: wish.order, .post, "/v1/orders", json: other, key: wish.key, expecting: [422])
    }

    private mutating func list() async throws {
        let (answer, _) = try await self.client.insist("list orders", .get, "/v1/orders?limit=100", expecting: [200])
        let listed = Set((answer.json["items"]?.array ?? []).compactMap { $0["orderId"]?.string })
        for wish in self.wishes where !listed.contains(wish.order.description) {
            self.scene.fail(.staleRead, "\(self.client.name) does not find order \(wish.order) in the list")
        }
    }

    private mutating func rename() async throws {
        let article = self.articles[self.chance.below(self.articles.count)]
        try await self.clerk.touch(article, name: "Thing \(self.chance.below(1_000))")
    }

    // MARK: Money

    private mutating func openWallet() async throws {
        // The request has no key, so one whose answer was lost may have opened another one.
        let (answer, _) = try await self.client.insist(
            "open account", .post, "/v1/accounts", json: ["currency": "EUR"], expecting: [201])
        self.wallet = answer.id("accountId")
        try await self.deposit(.ok)
        if let wallet = self.wallet { self.scene.addWallet(wallet) }
    }

    private mutating func deposit(_ method: PaymentMethod? = nil) async throws {
        guard let wallet = self.wallet else { return }
        let minor = Int64(self.chance.below(50_000) + 100)
        let key = self.client.key()
        let promise = Promise(
            kind: .deposit, intent: key.description, amount: minor, to: wallet, isAcknowledged: false)
        self.client.scene.promised(promise)
        let body: JSONValue = [
            "amount": ["amount": .string(minor.decimal), "currency": "EUR"],
            "paymentMethod": .string((method ?? self.method()).rawValue),
        ]
        let (answer, _) = try await self.client.insist(
            "deposit", about: wallet, .post, "/v1/accounts/\(wallet)/deposits", json: body, key: key,
            expecting: [201, 422])
        guard answer.status == 201, let id = answer.id("depositId") else { return }
        self.client.scene.promised(promise.answered(id))
        self.deposits.append(id)
    }

    private mutating func transfer() async throws {
        let others = self.scene.wallets.filter { $0 != self.wallet }
        guard let wallet = self.wallet, !others.isEmpty else { return try await self.deposit() }
        let target = others[self.chance.below(others.count)]
        // Now and then more than anybody has, or than there is at the moment.
        let isDaring = self.chance.below(self.scene.mix.isTight ? 2 : 8) == 0
        let most = isDaring ? [60_000, 60_000, 50_000_000][self.chance.below(3)] : 10_000
        let minor = Int64(self.chance.below(most) + 1)
        let key = self.client.key()
        let promise = Promise(
            kind: .transfer, intent: key.description, amount: minor, from: wallet, to: target, isAcknowledged: false)
        self.client.scene.promised(promise)
        let (answer, _) = try await self.client.insist(
            "transfer", about: wallet, .post, "/v1/transfers",
            json: [
                "fromAccountId": .string(wallet.description), "toAccountId": .string(target.description),
                "amount": ["amount": .string(minor.decimal), "currency": "EUR"],
            ], key: key, expecting: [201])
        guard answer.status == 201, let id = answer.id("transferId") else { return }
        self.client.scene.promised(promise.answered(id))
        self.movements.append(id)
        if self.chance.below(3) == 0 { try await self.lookAtMoney() }
        if self.scene.mix.isTight, self.chance.below(2) == 0 { try await self.deposit(.ok) }
    }

    /// What is on the wallet, and where the last deposit and the last transfer stand.
    private mutating func lookAtMoney() async throws {
        if let wallet = self.wallet {
            _ = try await self.client.insist(
                "read account", about: wallet, .get, "/v1/accounts/\(wallet)", expecting: [200, 404])
        }
        if let deposit = self.deposits.last {
            _ = try await self.client.insist(
                "read payment", about: deposit, .get, "/v1/payments/\(deposit)", expecting: [200, 404])
        }
        if let transfer = self.movements.last {
            _ = try await self.client.insist(
                "read transfer", about: transfer, .get, "/v1/transfers/\(transfer)", expecting: [200, 404])
        }
    }
}
