import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// From the basket to the order.
struct Shop: Sendable {
    let pages: ShopPages

    var routes: [Route] { [self.basket, self.add, self.change, self.checkout, self.place] }

    private var basket: Route {
        self.pages.page(.get, "/basket", "showBasket") { call in
            .page(BasketPages.basket(try await self.lines(of: call), for: call.visitor))
        }
    }

    private var add: Route {
        self.pages.form("/basket", "addToBasket") { call, form in
            guard let product = form["product"].flatMap({ ProductID($0) }) else {
                throw Problem(.validationFailed, "product: a UUID is expected")
            }
            let quantity = try Self.quantity(form, 1...Basket.largestQuantity)
            // Nobody puts in what is not sold.
            _ = try await self.pages.api.product(product, call.request.metadata)
            var visitor = call.visitor
            try await self.pages.visitors.change(&visitor) { $0.basket.add(product, quantity) }
            return .redirect(to: "/basket")
        }
    }

    private var change: Route {
        self.pages.form(
            "/basket/{productId}", "changeBasket", parameters: [.path("productId", "The product.")]
        ) { call, form in
            let product = try call.request.id("productId", as: ProductID.self)
            let quantity = try Self.quantity(form, 0...Basket.largestQuantity)
            var visitor = call.visitor
            try await self.pages.visitors.change(&visitor) { $0.basket.set(product, quantity) }
            return .redirect(to: "/basket")
        }
    }

    private var checkout: Route {
        self.pages.page(.get, "/checkout", "showCheckout") { call in
            guard call.visitor.customer != nil else { return .redirect(to: call.logInPath) }
            let lines = try await self.lines(of: call)
            guard !lines.isEmpty else { return .redirect(to: "/basket") }
            let key = self.pages.environment.ids.next()
            return .page(BasketPages.checkout(lines, key: key, address: nil, for: call.visitor))
        }
    }

    private var place: Route {
        self.pages.form("/checkout", "checkOut") { call, form in
            guard let customer = call.visitor.customer else { return .redirect(to: "/login?target=%2Fcheckout") }
            guard let key = form["key"].flatMap({ UniqueID($0) }) else {
                throw Problem(.validationFailed, "key: a UUID is expected")
            }
            let address = ShippingAddress(
                name: form["name"] ?? "", street: form["street"] ?? "", city: form["city"] ?? "",
                postalCode: form["postalCode"] ?? "", country: (form["country"] ?? "").uppercased())
            let order = OrderRequest(
                customerId: customer.id,
                items: call.visitor.visit.basket.lines.map { .init(productId: $0.product, quantity: $0.quantity) },
                shippingAddress: address, paymentMethod: form["method"].flatMap { PaymentMethod(rawValue: $0) } ?? .ok)
            do {
                let placed = try await self.pages.api.place(order, key: key, call.api)
                var visitor = call.visitor
                try await self.pages.visitors.change(&visitor) { $0.basket = Basket() }
                return .redirect(to: "/orders/\(placed.orderId)")
            } catch let problem as RemoteProblem where problem.status == 400 || problem.status == 422 {
                let lines = try await self.lines(of: call)
                // What was refused was not ordered: another try is another order.
                let key = self.pages.environment.ids.next()
                let page = BasketPages.checkout(
                    lines, key: key, address: address, refusal: problem.detail, for: call.visitor)
                return .page(page, status: .unprocessableContent)
            }
        }
    }

    /// The basket with what its products are called and cost now. What is no longer sold falls out.
    private func lines(of call: PageCall) async throws -> [BasketPages.Line] {
        var lines: [BasketPages.Line] = []
        for line in call.visitor.visit.basket.lines {
            do {
                let product = try await self.pages.api.product(line.product, call.request.metadata)
                lines.append(
                    BasketPages.Line(
                        product: product, quantity: line.quantity, total: Self.total(product, line.quantity)))
            } catch let problem as RemoteProblem where problem.status == 404 {
                var visitor = call.visitor
                try await self.pages.visitors.change(&visitor) { $0.basket.set(line.product, 0) }
            }
        }
        return lines
    }

    private static func total(_ product: Product, _ quantity: Int) -> Money? {
        try? product.price.money(at: "price").multiplied(by: quantity)
    }

    private static func quantity(_ form: FormFields, _ range: ClosedRange<Int>) throws -> Int {
        guard let quantity = form["quantity"].flatMap({ Int($0) }), range.contains(quantity) else {
            throw Problem(
                .validationFailed,
                "quantity: a whole number from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        return quantity
    }
}
