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
        let tooLarge = OrderRejection(MoneyError.tooLarge(.eur))
        #expect(throws: tooLarge) {
            try Order().decide(.createOrder(OrderSamples.new([huge, huge])))
        }
        #expect(throws: tooLarge) { try OrderSamples.line(.max, 2) }
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
