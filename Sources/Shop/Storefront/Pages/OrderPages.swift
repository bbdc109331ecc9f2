import Chassis
import Essentials
import ShopContracts

/// Where orders stand.
enum OrderPages {
    static func list(_ orders: Listing<Order>, for visitor: Visitor) -> HTML {
        let more: HTML? = orders.nextCursor.map {
            "<p><a class=\"more\" href=\"/orders?cursor=\(PercentEncoding.encode($0))\">More</a></p>"
        }
        let body: HTML =
            orders.items.isEmpty
            ? "<p>None yet. <a href=\"/\">Look around</a></p>"
            : """
            <table><thead><tr><th scope="col">Placed</th><th scope="col">State</th><th scope="col">Total</th></tr></thead>
            <tbody>\(orders.items.map(Self.row))</tbody></table>
            """
        return Layout.page("Orders", for: visitor, "<h1>Orders</h1>\(body)\(more)")
    }

    private static func row(_ order: Order) -> HTML {
        """
        <tr><td><a href="/orders/\(order.orderId.description)">\(order.createdAt.minute)</a></td>
        <td>\(OrderProgress(order).title)</td><td>\(order.totalAmount.text)</td></tr>
        """
    }

    static func order(_ order: Order, refusal: String? = nil, for visitor: Visitor) -> HTML {
        Layout.page(
            "Order", for: visitor,
            """
            <h1>Your order</h1>\(Layout.alert(refusal))
            <section id="progress" aria-live="polite" data-order="\(order.orderId.description)" \
            data-state="\(order.status)">\(Self.progress(of: order, for: visitor))</section>
            <table><thead><tr><th scope="col">Product</th><th scope="col">Quantity</th><th scope="col">Price</th></tr></thead>
            <tbody>\(order.items.map(Self.line))</tbody>
            <tfoot><tr><th scope="row" colspan="2">Total</th><td>\(order.totalAmount.text)</td></tr></tfoot></table>
            \(order.shippingAddress.map(Self.address))
            <p class="quiet">Order \(order.orderId.description), placed \(order.createdAt.minute)</p>
            """)
    }

    /// What changes while somebody looks: the script loads it again.
    static func progress(of order: Order, for visitor: Visitor) -> HTML {
        let progress = OrderProgress(order)
        let reason: HTML? = order.reason.map { "<p>\($0)</p>" }
        let refund: HTML? = order.refundedAmount.map { "<p>\($0.text) went back.</p>" }
        let parcel: HTML? = order.trackingNumber.map { "<p class=\"quiet\">Parcel \($0)</p>" }
        let buttons = progress.transitions.map { transition in
            Layout.form(
                "/orders/\(order.orderId)/\(transition.rawValue)", for: visitor, class: "inline",
                "<button>\(transition.label)</button>")
        }
        return """
            \(progress.isOnTheWay ? Self.steps(reached: progress.reached) : nil)<p class="state">\(progress.title)</p>
            \(reason)\(refund)\(parcel)\(progress.isMoving ? Self.again(order) : nil)<div class="actions">\(buttons)</div>
            """
    }

    private static func steps(reached: Int) -> HTML {
        let steps = OrderProgress.steps.enumerated().map { index, step -> HTML in
            let state = index < reached ? "done" : index == reached ? "now" : "open"
            return "<li class=\"\(state)\">\(step)</li>"
        }
        return "<ol class=\"steps\">\(steps)</ol>"
    }

    /// For browsers without scripts.
    private static func again(_ order: Order) -> HTML {
        "<noscript><p><a href=\"/orders/\(order.orderId.description)\">Look again</a></p></noscript>"
    }

    private static func line(_ item: Order.Item) -> HTML {
        """
        <tr><td><a href="/products/\(item.productId.description)">\(item.name)</a></td><td>\(item.quantity)</td>
        <td>\(item.lineTotal.text)</td></tr>
        """
    }

    private static func address(_ address: ShippingAddress) -> HTML {
        """
        <address>\(address.name)<br>\(address.street)<br>\(address.postalCode) \(address.city)<br>\(address.country)</address>
        """
    }
}
