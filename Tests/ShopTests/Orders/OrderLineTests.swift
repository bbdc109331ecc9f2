import Essentials
import EssentialsTesting
import EventSourcing
import ShopContracts
import Testing

@testable import Orders

@Suite("The lines of an order") struct OrderLineTests {
    @Test func `can be added, changed and removed in a draft, and the total follows`() throws {
        var order = try OrderSamples.order(in: .draft)
        let extra = try OrderSamples.line(99, 3)
        for event in try order.decide(.addLine(extra)) { order.evolve(event) }
        #expect(order.body?.totalAmount.minor == 2_797)
        for event in try order.decide(.changeLine(extra.lineId, quantity: 10)) { order.evolve(event) }
        #expect(order.body?.totalAmount.minor == 3_490)
        for event in try order.decide(.removeLine(extra.lineId)) { order.evolve(event) }
        #expect(order.body?.totalAmount.minor == 2_500)
        #expect(throws: OrderRejection.unknownLine(extra.lineId)) { try order.decide(.removeLine(extra.lineId)) }
    }

    @Test(arguments: OrderState.allCases.filter { $0 != .draft })
    func `cannot be changed in any other state`(_ state: OrderState) throws {
        let order = try OrderSamples.order(in: state)
        let line = try OrderSamples.line()
        #expect(throws: OrderRejection.notEditable(in: state)) { try order.decide(.addLine(line)) }
        #expect(throws: OrderRejection.notEditable(in: state)) { try order.decide(.removeLine(line.lineId)) }
        #expect(throws: OrderRejection.notEditable(in: state)) {
            try order.decide(.changeLine(line.lineId, quantity: 5))
        }
    }

    @Test(arguments: [0, -1, 101])
    func `a quantity is 1 to 100`(_ quantity: Int) {
        #expect(throws: OrderRejection.badQuantity(quantity)) { try OrderSamples.line(100, quantity) }
    }

    @Test func `an order has one currency, at least one line when placed, and at most 100`() throws {
        let order = try OrderSamples.order(in: .draft)
        #expect(throws: OrderRejection.mixedCurrencies(.eur, .jpy)) {
            try order.decide(.addLine(OrderSamples.line(100, 1, .jpy)))
        }
        var empty = Order()
        for event in try empty.decide(.createOrder(OrderSamples.new([]))) { empty.evolve(event) }
        #expect(throws: OrderRejection.noLines) { try empty.decide(.placeOrder(at: OrderSamples.start)) }
        var free = Order()
        for event in try free.decide(.createOrder(OrderSamples.new([OrderSamples.line(0, 3)]))) { free.evolve(event) }
        #expect(throws: OrderRejection.nothingToPay(.eur)) { try free.decide(.placeOrder(at: OrderSamples.start)) }
        let many = try (0..<101).map { _ in try OrderSamples.line(1, 1) }
        #expect(throws: OrderRejection.tooManyLines) { try Order().decide(.createOrder(OrderSamples.new(many))) }
    }

    @Test func `a sum that 64 bits do not hold is refused`() throws {
        let huge = try OrderSamples.line(.max, 1)
        #expect(throws: OrderRejection.badAmount("the amount is larger than can be represented")) {
            try Order().decide(.createOrder(OrderSamples.new([huge, huge])))
        }
        #expect(throws: OrderRejection.badAmount("the amount is larger than can be represented")) {
            try OrderSamples.line(.max, 2)
        }
    }

    /// Values only: what an order says it costs, what its lines say, and what a ledger of all orders says must be one.
    @Test func `over 1,000,000 generated orders the total is the sum of the lines and the ledger reconciles to zero`()
        throws
    {
        let ids = IDSource.seeded(3)
        let order: OrderID = ids.next()
        let customer: CustomerID = ids.next()
        let product: ProductID = ids.next()
        let lineID: OrderLineID = ids.next()
        var generator = SplitMix(state: 20_260_101)
        var (debits, credits, refused, drift) = (Int64(0), Int64(0), 0, 0)
        for _ in 0..<1_000_000 {
            let dice = generator.next()
            let count = Int(dice & 3) + 1
            let isMixed = dice >> 8 & 15 == 0 && count > 1
            var expected: Int64 = 0
            var lines: [OrderLine] = []
            lines.reserveCapacity(count)
            for index in 0..<count {
                let random = generator.next()
                let quantity = Int(random % 100) + 1
                let price = Int64(random >> 32)
                expected += price * Int64(quantity)
                let currency: Currency = isMixed && index == count - 1 ? .usd : .eur
                lines.append(
                    try OrderLine(
                        lineId: lineID, productId: product, name: "", quantity: quantity,
                        unitPrice: Money(minor: price, currency)))
            }
            do throws(OrderRejection) {
                let total = try Order.calculateTotal(lines, in: .eur)
                if isMixed { drift += 1 }
                let body = OrderSamples.body(order, customer, lines)
                if total.minor != expected || body.totalAmount.minor != expected { drift += 1 }
                debits += total.minor
                for line in lines { credits += line.lineTotal.minor }
            } catch {
                refused += 1
                if !isMixed { drift += 1 }
            }
        }
        #expect(drift == 0)
        #expect(refused > 30_000)
        #expect(debits - credits == 0)
    }
}

/// A small fast generator for properties.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension OrderSamples {
    /// The order that these lines make.
    static func body(_ order: OrderID, _ customer: CustomerID, _ lines: [OrderLine]) -> Order.Body {
        Order.Body(
            orderId: order, customerId: customer, status: .draft, currency: .eur, lines: lines,
            shippingAddress: nil, paymentMethod: .ok, createdAt: self.start)
    }
}
