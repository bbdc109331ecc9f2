import Essentials
import ShopContracts

extension Order {
    /// [*] → DRAFT.
    func createOrder(_ new: NewOrder) throws(OrderRejection) -> [OrderEvent] {
        guard self.body == nil else { throw .alreadyExists }
        _ = try Self.calculateTotal(new.lines, in: new.currency)
        return [
            .drafted(
                OrderDrafted(
                    orderId: new.orderId, customerId: new.customerId, currency: new.currency, lines: new.lines,
                    shippingAddress: new.shippingAddress, paymentMethod: new.paymentMethod, at: new.at))
        ]
    }

    /// [*] → DRAFT → PENDING.
    func createAndPlace(_ new: NewOrder) throws(OrderRejection) -> [OrderEvent] {
        let drafted = try self.createOrder(new)
        var draft = self
        for event in drafted { draft.evolve(event) }
        return try drafted + draft.placeOrder(at: new.at)
    }

    func addLine(_ line: OrderLine) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.editable()
        _ = try Self.calculateTotal(body.lines + [line], in: body.currency)
        return [.lineAdded(OrderLineAdded(orderId: body.orderId, line: line))]
    }

    func changeLine(_ id: OrderLineID, to quantity: Int) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.editable()
        var lines = body.lines
        guard let index = lines.firstIndex(where: { $0.lineId == id }) else { throw .unknownLine(id) }
        guard lines[index].quantity != quantity else { return [] }
        lines[index] = try lines[index].changed(to: quantity)
        _ = try Self.calculateTotal(lines, in: body.currency)
        return [.lineChanged(OrderLineChanged(orderId: body.orderId, lineId: id, quantity: quantity))]
    }

    func removeLine(_ id: OrderLineID) throws(OrderRejection) -> [OrderEvent] {
        let body = try self.editable()
        guard body.lines.contains(where: { $0.lineId == id }) else { throw .unknownLine(id) }
        return [.lineRemoved(OrderLineRemoved(orderId: body.orderId, lineId: id))]
    }

    /// The sum of the lines' totals.
    /// - Throws: ``OrderRejection`` for two currencies, too many lines, or a sum that 64 bits do not hold.
    static func calculateTotal(_ lines: [OrderLine], in currency: Currency) throws(OrderRejection) -> Money {
        guard lines.count <= OrderLine.maximumCount else { throw .tooManyLines }
        var total = Money.zero(currency)
        do throws(MoneyError) {
            for line in lines { total = try total.adding(line.lineTotal) }
        } catch {
            throw OrderRejection(error)
        }
        return total
    }

    private func editable() throws(OrderRejection) -> Body {
        let body = try self.existing()
        guard body.status == .draft else { throw .notEditable(in: body.status) }
        return body
    }
}
