import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// Orders and where they stand.
struct FollowOrders: Sendable {
    let pages: ShopPages

    /// How long a browser that follows an order waits for news.
    private static let patience = Duration.seconds(10)

    var routes: [Route] { [self.list, self.one, self.progress] + OrderTransition.allCases.map(self.change) }

    private static let order = Parameter.path("orderId", "The order.")

    private var list: Route {
        self.pages.page(
            .get, "/orders", "showOrders",
            parameters: [.query("cursor", .text(0...1_000), "Where the page before ended.")]
        ) { call in
            guard call.visitor.customer != nil else { return .redirect(to: call.logInPath) }
            let orders = try await self.pages.api.orders(cursor: call.request.query["cursor"], call.api)
            return .page(OrderPages.list(orders, for: call.visitor))
        }
    }

    private var one: Route {
        self.pages.page(.get, "/orders/{orderId}", "showOrder", parameters: [Self.order]) { call in
            guard call.visitor.customer != nil else { return .redirect(to: call.logInPath) }
            let order = try await self.pages.api.order(try call.request.id("orderId"), call.api)
            return .page(OrderPages.order(order, for: call.visitor))
        }
    }

    /// A long poll: answers when the order is no longer in the state that the browser shows, or 204 after a while. 410 when
    /// it will not move by itself any more.
    private var progress: Route {
        var route = self.pages.page(
            .get, "/orders/{orderId}/progress", "followOrder",
            parameters: [Self.order, .query("state", .text(0...40), "What the browser shows.")]
        ) { call in
            let id = try call.request.id("orderId", as: OrderID.self)
            let time = self.pages.environment.time
            let end = time.now + Self.patience
            while true {
                let order = try await self.pages.api.order(id, call.api)
                if order.status != call.request.query["state"] {
                    return .page(
                        OrderPages.progress(of: order, for: call.visitor), headers: [.orderState: order.status])
                }
                guard OrderProgress(order).isMoving else { return ServiceResponse(status: .gone) }
                guard time.now < end else { return .empty() }
                try await time.sleep(for: .milliseconds(250))
            }
        }
        route.operationClass = nil
        return route
    }

    private func change(_ transition: OrderTransition) -> Route {
        self.pages.form(
            PathPattern(stringLiteral: "/orders/{orderId}/\(transition.rawValue)"), "ask for \(transition.rawValue)",
            parameters: [Self.order]
        ) { call, _ in
            let id = try call.request.id("orderId", as: OrderID.self)
            do {
                try await self.pages.api.change(id, transition, call.api)
                return .redirect(to: "/orders/\(id)")
            } catch let problem as RemoteProblem where problem.status == 409 {
                let order = try await self.pages.api.order(id, call.api)
                return .page(
                    OrderPages.order(order, refusal: problem.detail, for: call.visitor), status: .conflict)
            }
        }
    }
}

extension HTTPField.Name {
    /// The state of the order that a piece of a page shows.
    fileprivate static let orderState = HTTPField.Name("X-Order-State")!
}
